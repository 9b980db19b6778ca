// Package block packs events for the archive: several in a block, compressed by Zstandard with a
// dictionary of texts that the events of the log share. A block returns exactly the packed events,
// with their hashes and the bytes of their data. Start with Codec.
package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"flightdeck/eventstore"

	"github.com/klauspost/compress/zstd"
)

// Codec packs and unpacks blocks with one dictionary. Its methods may be called concurrently.
type Codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// New returns the codec of a dictionary; see Dictionary. A dictionary may be empty. Each block
// stores id, and can be read with the dictionary of the same id alone.
func New(id uint32, dictionary []byte) (*Codec, error) {
	e := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)}
	d := []zstd.DOption{zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBlock)}
	if len(dictionary) > 0 {
		e = append(e, zstd.WithEncoderDictRaw(id, dictionary))
		d = append(d, zstd.WithDecoderDictRaw(id, dictionary))
	}
	encoder, err := zstd.NewWriter(nil, e...)
	if err != nil {
		return nil, fmt.Errorf("pack events: %w", err)
	}
	decoder, err := zstd.NewReader(nil, d...)
	if err != nil {
		return nil, fmt.Errorf("unpack events: %w", err)
	}
	return &Codec{encoder, decoder}, nil
}

// A block is bounded in events and in bytes of data, since a read of one event unpacks the whole
// block.
const (
	maxEvents = 32
	maxBytes  = 32 << 10
	maxBlock  = 1 << 30
)

// Split splits the events of a stream into parts of the size of a block.
func Split(events []eventstore.Event) (parts [][]eventstore.Event) {
	from, size := 0, 0
	for i, e := range events {
		size += len(e.Data)
		last := i+1 == len(events)
		if last || i+1-from == maxEvents || size+len(events[i+1].Data) > maxBytes || events[i+1].Stream.ID != e.Stream.ID {
			parts = append(parts, events[from:i+1])
			from, size = i+1, 0
		}
	}
	return parts
}

// maxDictionary bounds a dictionary, in bytes.
const maxDictionary = 64 << 10

// Dictionary makes a dictionary of the texts of a sample of events, taken evenly up to
// maxDictionary.
func Dictionary(sample []eventstore.Event) []byte {
	var whole []byte
	for _, e := range sample {
		whole = appendEvent(whole, e)
	}
	if len(whole) <= maxDictionary {
		return whole
	}
	var b []byte
	step := max(1, len(sample)*maxDictionary/len(whole))
	for i := 0; i < step; i++ {
		b = appendEvent(b, sample[i*len(sample)/step])
	}
	return b[max(0, len(b)-maxDictionary):]
}

// buffers holds the buffers for packing and unpacking.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Encode packs events into a block.
func (c *Codec) Encode(events []eventstore.Event) []byte {
	buffer, _ := buffers.Get().(*[]byte) //nolint:errcheck // the pool holds nothing else
	defer buffers.Put(buffer)
	plain := (*buffer)[:0]
	for _, e := range events {
		plain = appendEvent(plain, e)
	}
	*buffer = plain
	return c.encoder.EncodeAll(plain, nil)
}

// Decode unpacks a block.
func (c *Codec) Decode(block []byte) (events []eventstore.Event, err error) {
	plain, err := c.decoder.DecodeAll(block, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack events: %w", err)
	}
	r := reader{rest: plain}
	for len(r.rest) > 0 && !r.broken {
		events = append(events, r.event())
	}
	if r.broken {
		return nil, errBroken
	}
	return events, nil
}

var errBroken = errors.New("unpack events: the block is damaged")

// appendEvent writes an event: numbers as varints, texts after their length, and the hash
// unchanged. Fields that differ least between events come first.
func appendEvent(b []byte, e eventstore.Event) []byte {
	for _, s := range []string{string(e.Stream.ID), e.Stream.Type, e.Type, e.Actor, e.CorrelationID, e.CausationID, e.TraceID, e.ID} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendVarint(b, int64(e.SchemaVersion))
	b = binary.AppendVarint(b, int64(e.Version))
	b = binary.AppendVarint(b, int64(e.Position))
	b = binary.AppendVarint(b, e.RecordedAt.UnixMicro())
	b = append(b, e.Hash[:]...)
	b = binary.AppendUvarint(b, uint64(len(e.Data)))
	return append(b, e.Data...)
}

// reader reads the output of appendEvent. After a fault it is broken and returns zeros.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) event() (e eventstore.Event) {
	e.Stream.ID = eventstore.StreamID(r.text())
	e.Stream.Type, e.Type, e.Actor = r.text(), r.text(), r.text()
	e.CorrelationID, e.CausationID, e.TraceID, e.ID = r.text(), r.text(), r.text(), r.text()
	e.SchemaVersion, e.Version = int(r.number()), int(r.number())
	e.Position = eventstore.Position(r.number())
	e.RecordedAt = time.UnixMicro(r.number()).UTC()
	copy(e.Hash[:], r.bytes(len(e.Hash)))
	e.Data = r.bytes(r.length())
	return e
}

func (r *reader) number() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.broken = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) length() int {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)-size) {
		r.broken = true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *reader) text() string { return string(r.bytes(r.length())) }

// bytes returns the next n bytes, a part of the block that must not be changed.
func (r *reader) bytes(n int) []byte {
	if r.broken || n > len(r.rest) {
		r.broken = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
