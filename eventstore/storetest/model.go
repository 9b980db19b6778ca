package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"flightdeck/eventstore"
)

// Types of events. The model fails for two of them.
const (
	noted         = "Noted"
	unfoldable    = "Unfoldable"
	unprojectable = "Unprojectable"
)

var (
	errFold    = errors.New("this event cannot be folded")
	errProject = errors.New("this event cannot be projected")
	errRefused = errors.New("refused")
)

// concat is the model of the suite: the state of a stream is the data of its events, one after the
// other, and lies in a row.
type concat struct{}

// state is what concat makes of a stream.
type state struct {
	Events int
	Data   string
}

// stateOf returns the zero state for a stream without events.
func stateOf(s any) state {
	if known, ok := s.(state); ok {
		return known
	}
	return state{}
}

func (concat) Apply(before any, e eventstore.Event) (any, error) {
	if e.Type == unfoldable {
		return nil, errFold
	}
	s := stateOf(before)
	return state{s.Events + 1, s.Data + string(e.Data)}, nil
}

func (concat) Encode(s any) ([]byte, error) {
	return fmt.Appendf(nil, "%d:%s", stateOf(s).Events, stateOf(s).Data), nil
}

func (concat) Decode(_ string, data []byte) (any, error) {
	events, text, ok := strings.Cut(string(data), ":")
	n, err := strconv.Atoi(events)
	if err != nil || !ok {
		return nil, fmt.Errorf("%q is no state: %w", data, err)
	}
	return state{n, text}, nil
}

func (concat) Fingerprint() string { return "concat" }

const createStates = `CREATE TABLE IF NOT EXISTS storetest_states (
	stream_id TEXT PRIMARY KEY, events INTEGER NOT NULL, data TEXT NOT NULL)`

func (concat) Project(ctx context.Context, rows eventstore.Rows, e eventstore.Event, before, after any) error {
	s := stateOf(after)
	query := "UPDATE storetest_states SET events = ?, data = ? WHERE stream_id = ?"
	if before == nil {
		query = "INSERT INTO storetest_states (events, data, stream_id) VALUES (?, ?, ?)"
	}
	n, err := rows.Exec(ctx, query, s.Events, s.Data, string(e.Stream.ID))
	switch {
	case err != nil:
		return err
	case n != 1:
		return fmt.Errorf("%d rows changed, want 1", n)
	case e.Type == unprojectable:
		return errProject // after its row was written
	}
	return nil
}

// fold adds events up by hand: nil when there are none.
func fold(t testing.TB, events []eventstore.Event) (s any) {
	t.Helper()
	var err error
	for _, e := range events {
		if s, err = (concat{}).Apply(s, e); err != nil {
			t.Fatalf("fold position %d: %v", e.Position, err)
		}
	}
	return s
}

// note is an event whose data is a JSON string.
func note(data string) eventstore.NewEvent { return eventOf(noted, data) }

func eventOf(eventType, data string) eventstore.NewEvent {
	return eventstore.NewEvent{ID: rand.Text(), Type: eventType, SchemaVersion: 1, Data: []byte(strconv.Quote(data))}
}

// notes are n different events.
func notes(n int) []eventstore.NewEvent {
	events := make([]eventstore.NewEvent, n)
	for i := range events {
		events[i] = note(strconv.Itoa(i))
	}
	return events
}

// stream names a stream of the type that most tests use.
func stream(id eventstore.StreamID) eventstore.Stream {
	return eventstore.Stream{ID: id, Type: "NOTES"}
}

// appending is a command that appends some notes to a stream.
func appending(id eventstore.StreamID, events ...eventstore.NewEvent) func(*eventstore.Tx) error {
	return func(tx *eventstore.Tx) error {
		_, err := tx.Append(stream(id), eventstore.Any, events...)
		return err
	}
}

// refusing is a command that does something and then says no.
func refusing(fn func(*eventstore.Tx) error) func(*eventstore.Tx) error {
	return func(tx *eventstore.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errRefused
	}
}
