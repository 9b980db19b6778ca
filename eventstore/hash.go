package eventstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// Hash is the SHA-256 that chains an event to its predecessor.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads the result of String.
func ParseHash(s string) (h Hash, err error) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(h) {
		return Hash(b), nil
	}
	return h, &SyntaxError{fmt.Sprintf("%q is not a hash: write %d hexadecimal digits, as flightdeck verify prints them", s, 2*len(h))}
}

// Link returns the hash of e as the successor of an event with the hash previous (all zeros for the
// first event): SHA-256 over previous and over all stored fields of e. Each text is preceded by its
// length as eight bytes, each number is eight bytes, big-endian, in the order of the code below. A
// reader that knows the hash of a position detects every change up to that position.
func Link(previous Hash, e Event) Hash {
	d := digest{sha256.New()}
	d.Write(previous[:])
	d.number(int64(e.Position))
	d.text(e.ID, string(e.Stream.ID), e.Stream.Type)
	d.number(int64(e.Version))
	d.text(e.Type)
	d.number(int64(e.SchemaVersion))
	d.number(e.RecordedAt.UnixMicro())
	d.text(e.Actor, e.CorrelationID, e.CausationID, e.TraceID)
	d.number(int64(len(e.Data)))
	d.Write(e.Data)
	return Hash(d.Sum(nil))
}

// digest writes fields in a form in which different sequences of fields give different bytes.
type digest struct{ hash.Hash }

func (d digest) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	d.Write(b[:])
}

func (d digest) text(texts ...string) {
	for _, s := range texts {
		d.number(int64(len(s)))
		d.Write([]byte(s))
	}
}
