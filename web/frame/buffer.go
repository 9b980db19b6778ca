package frame

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// maxCopied is the longest payload, in bytes, that is copied into the buffer. A longer one is
	// written from its own memory, which all connections that are sent it share.
	maxCopied = 2 << 10
	// maxGathered bounds the bytes of one write, and maxParts the pieces of memory. The last frame
	// may exceed either.
	maxGathered, maxParts = 16 << 10, 64
)

// Buffer gathers whole frames, which leave in one write. A goroutine takes one from NewBuffer while
// it has frames to write, and gives it back with Release.
type Buffer struct {
	copied  []byte // frames, without payloads above maxCopied
	cut     int    // length of the beginning of copied that is in parts already
	parts   net.Buffers
	waiting int // bytes
}

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// NewBuffer returns an empty buffer.
func NewBuffer() *Buffer {
	b, _ := buffers.Get().(*Buffer) //nolint:errcheck // the pool holds nothing else
	return b
}

// Release gives the buffer back and drops the frames in it. The buffer must not be used again.
func (b *Buffer) Release() {
	b.reset()
	buffers.Put(b)
}

// reset drops the frames. It keeps the memory, unless a long message has made that large.
func (b *Buffer) reset() {
	if cap(b.copied) > 2*maxGathered {
		b.copied = nil
	}
	clear(b.parts[:cap(b.parts)])
	*b = Buffer{copied: b.copied[:0], parts: b.parts[:0]}
}

// Full reports whether the buffer is to be flushed before another frame is added.
func (b *Buffer) Full() bool { return b.waiting >= maxGathered || len(b.parts) >= maxParts }

// Add adds a frame with an opcode, whose payload is the concatenation of texts. Long texts are not
// copied: nothing may change a text before the buffer is flushed.
func (b *Buffer) Add(opcode int, texts ...[]byte) {
	length := 0
	for _, text := range texts {
		length += len(text)
	}
	before := len(b.copied)
	b.copied = appendHeader(b.copied, opcode, length)
	b.waiting += len(b.copied) - before + length
	for _, text := range texts {
		if len(text) <= maxCopied {
			b.copied = append(b.copied, text...)
			continue
		}
		b.parts = append(b.parts, b.copied[b.cut:len(b.copied):len(b.copied)], text)
		b.cut = len(b.copied)
	}
}

// appendHeader appends the header of a frame from a server, which is final and not masked (RFC
// 6455, section 5.2).
func appendHeader(b []byte, opcode, length int) []byte {
	const final, twoBytes, eightBytes = 0x80, 126, 127
	b = append(b, final|byte(opcode)) //nolint:gosec // four bits
	switch {
	case length < twoBytes:
		return append(b, byte(length)) //nolint:gosec // as the case says
	case length <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, twoBytes), uint16(length)) //nolint:gosec // as the case says
	}
	return binary.BigEndian.AppendUint64(append(b, eightBytes), uint64(length)) //nolint:gosec // a length
}

// Flush writes all frames and empties the buffer. It blocks for the time within, and as long again
// each time that the client has taken some bytes in that time and again returns true. The error is
// that of the connection, [os.ErrDeadlineExceeded] for a client that takes too long.
func (b *Buffer) Flush(to *Conn, within time.Duration, again func() bool) error {
	if b.waiting == 0 {
		return nil
	}
	defer b.reset()
	if b.cut < len(b.copied) {
		b.parts = append(b.parts, b.copied[b.cut:])
	}
	for rest := b.parts; ; {
		if err := to.allow(within); err != nil {
			return err
		}
		n, err := writeSome(&rest, to.Conn)
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !again() {
			return err
		}
	}
}

// writeSome writes, and removes the written bytes from rest. It writes a single piece directly: for
// several the connection keeps memory.
func writeSome(rest *net.Buffers, to net.Conn) (int64, error) {
	if len(*rest) != 1 {
		return rest.WriteTo(to)
	}
	n, err := to.Write((*rest)[0])
	(*rest)[0] = (*rest)[0][n:]
	return int64(n), err
}
