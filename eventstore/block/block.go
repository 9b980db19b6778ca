// Package block packs events for the archive: several in a block, compressed by
// Zstandard with a dictionary of what events of this log look like.
//
// It imports package eventstore and a compression library. A block gives back the
// very events that were put in, hashes and bytes of data included. Start with
// Codec.
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

// Codec packs and unpacks blocks with one dictionary. Its methods may be called at
// the same time.
type Codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// New returns the codec of a dictionary, which is content that blocks of this log
// have in common: see Dictionary. id is stored in each block; a block can be read
// with the dictionary of the same id only. A dictionary may be empty.
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

// A block ends after as many events or bytes of data: what is read of it costs the
// whole of it.
const (
	maxEvents = 32
	maxBytes  = 32 << 10
	maxBlock  = 1 << 30
)

// Split returns the events of a stream in parts that make good blocks.
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

// maxDictionary is how long a dictionary gets.
const maxDictionary = 64 << 10

// Dictionary makes a dictionary of a sample of events: their texts, up to a length,
// taken evenly.
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

// buffers are what events are packed in and unpacked to.
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

// appendEvent writes an event: numbers as varints, texts after their length, and the
// hash as it is. Fields that differ least from event to event come first.
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

// reader reads what appendEvent wrote. After a fault it is broken and gives zeros.
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

// bytes returns the next bytes, as a part of the block that nobody changes.
func (r *reader) bytes(n int) []byte {
	if r.broken || n > len(r.rest) {
		r.broken = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
