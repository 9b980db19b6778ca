package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"flightdeck/eventstore"
)

// oracle is the log as a plain list: it says what a command leads to.
type oracle struct {
	events []eventstore.Event // without hashes
	keys   map[eventstore.Key]remembered
}

// remembered is what a command with a key led to.
type remembered struct {
	input       string
	first, last eventstore.Position
}

// command is a command as data, so that the store and the oracle can do the same.
type command struct {
	eventstore.Command
	steps []step
	// goesOn is whether it does the rest after a conflict.
	goesOn bool
	ending ending
}

// step appends events to a stream.
type step struct {
	id       eventstore.StreamID
	expected expectation
	events   []eventstore.NewEvent
}

// ending is how a command ends once its steps are done.
type ending int

const (
	succeeds ending = iota
	refuses
	panicking
)

// expectation is an eventstore.ExpectedVersion that can be looked into.
type expectation struct {
	eventstore.ExpectedVersion
	allows func(version int) bool
}

var (
	expectAny    = expectation{eventstore.Any, func(int) bool { return true }}
	expectNone   = expectation{eventstore.NoStream, func(v int) bool { return v == 0 }}
	expectExists = expectation{eventstore.StreamExists, func(v int) bool { return v > 0 }}
)

func expectExactly(version int) expectation {
	return expectation{eventstore.Exactly(version), func(v int) bool { return v == version }}
}

// run does the command in the store.
func (c command) run(tx *eventstore.Tx) error {
	for _, s := range c.steps {
		_, err := tx.Append(stream(s.id), s.expected.ExpectedVersion, s.events...)
		_, conflict := errors.AsType[*eventstore.ConflictError](err)
		if err != nil && (!conflict || !c.goesOn) {
			return err
		}
	}
	switch c.ending {
	case refuses:
		return errRefused
	case panicking:
		panic("as it was told to")
	}
	return nil
}

// do does the command in the list, and says what the store must answer.
func (o *oracle) do(c command, clock time.Time) (result eventstore.Result, check func(error) bool) {
	if m, ok := o.keys[c.Key]; ok {
		if m.input != string(c.Input) {
			return eventstore.Result{}, func(err error) bool { return errors.Is(err, eventstore.ErrKeyReused) }
		}
		return eventstore.Result{First: m.first, Position: m.last, Replayed: true}, succeeded
	}
	if !c.At.IsZero() {
		clock = c.At
	}
	events := slices.Clone(o.events)
	for _, s := range c.steps {
		version := len(streamIn(events, s.id))
		switch {
		case s.expected.allows(version):
			events = addTo(events, c, s, version, clock.Truncate(time.Microsecond))
		case !c.goesOn:
			want := eventstore.ConflictError{Stream: s.id, Expected: s.expected.ExpectedVersion, Actual: version}
			return eventstore.Result{}, func(err error) bool {
				conflict, ok := errors.AsType[*eventstore.ConflictError](err)
				return ok && *conflict == want
			}
		}
	}
	switch c.ending {
	case refuses:
		return eventstore.Result{}, func(err error) bool { return errors.Is(err, errRefused) }
	case panicking:
		return eventstore.Result{}, func(err error) bool { return err != nil }
	}
	before := o.head()
	o.events = events
	result = eventstore.Result{Events: events[before:], First: before + 1, Position: o.head()}
	if c.Key.Value != "" {
		o.keys[c.Key] = remembered{string(c.Input), result.First, result.Position}
	}
	return result, succeeded
}

func succeeded(err error) bool { return err == nil }

// addTo adds the events of a step to the list.
func addTo(list []eventstore.Event, c command, s step, version int, at time.Time) []eventstore.Event {
	for _, e := range s.events {
		if len(list) > 0 {
			if earliest := list[len(list)-1].RecordedAt.Add(time.Microsecond); at.Before(earliest) {
				at = earliest
			}
		}
		version++
		list = append(list, eventstore.Event{
			Position: eventstore.Position(len(list) + 1), NewEvent: e, Metadata: c.Metadata,
			Stream: stream(s.id), Version: version, RecordedAt: at,
		})
	}
	return list
}

func (o *oracle) head() eventstore.Position { return eventstore.Position(len(o.events)) }

// after returns what a read must return.
func (o *oracle) after(position eventstore.Position, limit int) []eventstore.Event {
	rest := o.events[min(position, o.head()):]
	return rest[:min(limit, len(rest))]
}

// at returns the last position recorded at or before an instant.
func (o *oracle) at(instant time.Time) (p eventstore.Position) {
	for _, e := range o.events {
		if !e.RecordedAt.After(instant) {
			p = e.Position
		}
	}
	return p
}

// state folds a stream until a point.
func (o *oracle) state(id eventstore.StreamID, until eventstore.Until) (any, int) {
	var s state
	for _, e := range streamIn(o.events, id) {
		if (until.Version == 0 || e.Version <= until.Version) && (until.Position == 0 || e.Position <= until.Position) {
			s.Events++
			s.Data += string(e.Data)
		}
	}
	if s.Events == 0 {
		return nil, 0
	}
	return s, s.Events
}

func streamIn(events []eventstore.Event, id eventstore.StreamID) (of []eventstore.Event) {
	for _, e := range events {
		if e.Stream.ID == id {
			of = append(of, e)
		}
	}
	return of
}

// equal compares what the store gave with the list, hashes aside.
func equal(got, want []eventstore.Event) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		e := got[i]
		e.Hash = eventstore.Hash{}
		if !sameEvent(e, want[i]) {
			return fmt.Errorf("event %d is\n%+v, want\n%+v", i, e, want[i])
		}
	}
	return nil
}
