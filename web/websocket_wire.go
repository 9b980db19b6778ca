package web

import (
	"bufio"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// wire is the connection below a websocket. Gorilla does the handshake and reads the
// frames. It writes none: what it wants to answer to a frame that breaks the rules
// is kept, and said by the connection's writer, the only one that writes.
type wire struct {
	net.Conn
	open    bool     // the handshake is over; of the reader's goroutine, as what follows
	refusal *closing // what gorilla would have closed the connection with

	deadline time.Time // of writing; of the writer's goroutine
}

// Write is called by gorilla only, and by the reader's goroutine: for the handshake,
// then for close frames.
func (w *wire) Write(p []byte) (int, error) {
	if !w.open {
		return w.Conn.Write(p)
	}
	const header = 2 // of a frame to a client with less than 126 bytes
	if len(p) >= header+2 && int(p[0]&0xf) == websocket.CloseMessage {
		w.refusal = &closing{int(binary.BigEndian.Uint16(p[header:])), string(p[header+2:]), nil}
	}
	return len(p), nil
}

// SetWriteDeadline leaves the deadline to the writer, once the handshake is over.
func (w *wire) SetWriteDeadline(t time.Time) error {
	if !w.open {
		return w.Conn.SetWriteDeadline(t)
	}
	return nil
}

// allow gives the next write that long, or a little less: a deadline that will do is
// left as it is, for to set one costs more than to look.
func (w *wire) allow(within time.Duration) error {
	now := time.Now()
	if left := w.deadline.Sub(now); left >= within*4/5 && left <= within {
		return nil
	}
	w.deadline = now.Add(within)
	return w.Conn.SetWriteDeadline(w.deadline)
}

// wiretap gives gorilla a wire instead of the connection that it takes over.
type wiretap struct {
	http.ResponseWriter
	wire *wire
}

// Hijack hands the wire over.
func (t *wiretap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.wire = &wire{Conn: conn}
	return t.wire, buf, nil
}

const (
	// maxCopied is how long a payload may be that is copied between its neighbours. A
	// longer one is written from where it is, shared with all who are sent it.
	maxCopied = 2 << 10
	// maxGathered is how many bytes, and maxParts how many pieces of memory, are
	// gathered for one write: less than what the next frame brings beyond that.
	maxGathered, maxParts = 16 << 10, 64
)

// outgoing gathers whole frames, which then leave in one write. It belongs to a
// writer for as long as that has something to write.
type outgoing struct {
	copied  []byte // frames, but for payloads that are too long to copy
	cut     int    // what of copied is in parts already
	parts   net.Buffers
	waiting int // bytes
}

var outgoings = sync.Pool{New: func() any { return new(outgoing) }}

// reset forgets what was gathered, and keeps the memory unless a message has made it
// large.
func (o *outgoing) reset() {
	if cap(o.copied) > 2*maxGathered {
		o.copied = nil
	}
	clear(o.parts[:cap(o.parts)])
	*o = outgoing{copied: o.copied[:0], parts: o.parts[:0]}
}

func (o *outgoing) full() bool { return o.waiting >= maxGathered || len(o.parts) >= maxParts }

// frame adds a frame whose payload is the concatenation of some texts. They are not
// copied when they are long: nobody may change them any more.
func (o *outgoing) frame(opcode int, texts ...[]byte) {
	length := 0
	for _, text := range texts {
		length += len(text)
	}
	before := len(o.copied)
	o.copied = appendFrameHeader(o.copied, opcode, length)
	o.waiting += len(o.copied) - before + length
	for _, text := range texts {
		if len(text) <= maxCopied {
			o.copied = append(o.copied, text...)
			continue
		}
		o.parts = append(o.parts, o.copied[o.cut:len(o.copied):len(o.copied)], text)
		o.cut = len(o.copied)
	}
}

// appendFrameHeader begins a frame from a server, which is final and not masked (RFC
// 6455, section 5.2).
func appendFrameHeader(b []byte, opcode, length int) []byte {
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

// flush writes what was gathered. When a client has taken some of it within the time,
// but not all, again says whether it has as long for the rest.
func (o *outgoing) flush(to *wire, within time.Duration, again func() bool) error {
	if o.waiting == 0 {
		return nil
	}
	defer o.reset()
	if o.cut < len(o.copied) {
		o.parts = append(o.parts, o.copied[o.cut:])
	}
	for rest := o.parts; ; {
		if err := to.allow(within); err != nil {
			return err
		}
		n, err := writeSome(&rest, to.Conn)
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !again() {
			return err
		}
	}
}

// writeSome writes, and takes what was written from what is left. A single piece
// does not go the way of many, for which the connection keeps memory.
func writeSome(rest *net.Buffers, to net.Conn) (int64, error) {
	if len(*rest) != 1 {
		return rest.WriteTo(to)
	}
	n, err := to.Write((*rest)[0])
	(*rest)[0] = (*rest)[0][n:]
	return int64(n), err
}
