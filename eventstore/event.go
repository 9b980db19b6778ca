package eventstore

import (
	"fmt"
	"strconv"
	"time"
)

// Position is a place in the log: contiguous from 1, in commit order, never
// reused. 0 is before the first event.
type Position int64

// Forever is later than every position: the end of what is still true.
const Forever Position = 1<<63 - 1

// ParsePosition reads a position written as a decimal number.
func ParsePosition(s string) (Position, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, &SyntaxError{fmt.Sprintf("%q is not a position: write a decimal number such as \"1042\"", s)}
	}
	return Position(n), nil
}

// String returns the position as a decimal number.
func (p Position) String() string { return strconv.FormatInt(int64(p), 10) }

// StreamID names a stream.
type StreamID string

// Stream names a stream and says what kind of thing it is about. The type is set
// by the first append and never changes.
type Stream struct {
	ID   StreamID
	Type string
}

// NewEvent is an event that is not in the log yet.
type NewEvent struct {
	// ID is unique among all events: a UUID, best of version 7.
	ID            string
	Type          string
	SchemaVersion int
	// Data is the event's JSON, in UTF-8. Nobody changes it once it was appended:
	// the feed gives the same bytes to all who read.
	Data []byte
}

// Metadata is what is known of an event beside what happened.
type Metadata struct {
	// Actor is the id of the user who caused the event; empty for the operator.
	Actor string
	// CorrelationID is shared by all that one request led to.
	CorrelationID string
	// CausationID is the id of the event that led to this one, if one did.
	CausationID string
	// TraceID is the W3C trace id of the request, if it had one.
	TraceID string
}

// Event is an event as the log keeps it, for ever.
type Event struct {
	Position Position
	NewEvent
	Metadata
	Stream Stream
	// Version is the event's place in its stream, contiguous from 1.
	Version int
	// RecordedAt is in UTC, in whole microseconds, and later than that of every
	// earlier position.
	RecordedAt time.Time
	// Hash chains the event to the one before it: see Link.
	Hash Hash
}

// Head is the end of the log. The zero value is that of an empty one.
type Head struct {
	Position   Position
	RecordedAt time.Time
	Hash       Hash
}

// head returns the head of a log that ends with this event.
func (e Event) head() Head { return Head{e.Position, e.RecordedAt, e.Hash} }
