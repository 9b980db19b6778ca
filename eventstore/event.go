package eventstore

import (
	"fmt"
	"strconv"
	"time"
)

// Position is a place in the log: contiguous from 1, in commit order, never reused. Position 0 lies
// before the first event.
type Position int64

// Forever is later than every position: the end of a range that is still open.
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

// StreamID is the id of a stream.
type StreamID string

// Stream is the id of a stream and its type, the kind of its aggregate. The first append sets the
// type, which never changes.
type Stream struct {
	ID   StreamID
	Type string
}

// NewEvent is an event before it is appended.
type NewEvent struct {
	// ID is unique among all events: a UUID, best of version 7.
	ID            string
	Type          string
	SchemaVersion int
	// Data is the JSON of the event, in UTF-8. The caller must not change it after the append: all
	// readers of the feed share the bytes.
	Data []byte
}

// Metadata describes the cause of an event.
type Metadata struct {
	// Actor is the id of the user that caused the event; "" for the operator.
	Actor string
	// CorrelationID is shared by all events of one request.
	CorrelationID string
	// CausationID is the id of the event that caused this one, "" if no event did.
	CausationID string
	// TraceID is the W3C trace id of the request, "" if it had none.
	TraceID string
}

// Event is an event as the log stores it, for ever.
type Event struct {
	Position Position
	NewEvent
	Metadata
	Stream Stream
	// Version is the event's place in its stream, contiguous from 1.
	Version int
	// RecordedAt is in UTC, in whole microseconds, and later than the instants of all earlier
	// positions.
	RecordedAt time.Time
	// Hash chains the event to the one before it: see Link.
	Hash Hash
}

// DataSize returns the size of the data of events, in bytes.
func DataSize(events []Event) (size int) {
	for _, e := range events {
		size += len(e.Data)
	}
	return size
}

// Head is the end of the log. The zero value is that of an empty one.
type Head struct {
	Position   Position
	RecordedAt time.Time
	Hash       Hash
}

// head returns the head of a log that ends with this event.
func (e Event) head() Head { return Head{e.Position, e.RecordedAt, e.Hash} }
