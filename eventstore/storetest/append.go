package storetest

import (
	"errors"
	"testing"

	"flightdeck/eventstore"
)

func expectedVersions(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	cases := []struct {
		version  int
		expected eventstore.ExpectedVersion
		ok       bool
	}{
		{0, eventstore.Any, true},
		{0, eventstore.NoStream, true},
		{0, eventstore.StreamExists, false},
		{0, eventstore.Exactly(0), true},
		{0, eventstore.Exactly(1), false},
		{2, eventstore.Any, true},
		{2, eventstore.NoStream, false},
		{2, eventstore.StreamExists, true},
		{2, eventstore.Exactly(0), false},
		{2, eventstore.Exactly(1), false},
		{2, eventstore.Exactly(2), true},
		{2, eventstore.Exactly(3), false},
	}
	// Twice: the writer knows the streams by heart, and has to look them up.
	for _, restarted := range []string{"", " restarted"} {
		for i, c := range cases {
			if c.version > 0 {
				l.do(t, appending(streamOf(restarted, i), notes(c.version)...))
			}
		}
		if restarted != "" {
			l.restart(t)
		}
		for i, c := range cases {
			id := streamOf(restarted, i)
			if c.ok {
				mustAppend(t, l, id, c.expected, c.version)
			} else {
				mustConflict(t, l, id, c.expected, c.version)
			}
		}
	}
}

func streamOf(name string, i int) eventstore.StreamID {
	return eventstore.StreamID("stream" + name + string(rune('a'+i)))
}

func mustAppend(t *testing.T, l *log, id eventstore.StreamID, expected eventstore.ExpectedVersion, version int) {
	t.Helper()
	position, err := l.Append(within(t), stream(id), expected, note("one more"))
	if err != nil {
		t.Errorf("stream at version %d, expected %s: %v", version, expected, err)
		return
	}
	events := l.of(t, id)
	if len(events) != version+1 || events[version].Position != position || position != l.Head().Position {
		t.Errorf("stream at version %d, expected %s: position %d, then %d events", version, expected, position, len(events))
	}
}

func mustConflict(t *testing.T, l *log, id eventstore.StreamID, expected eventstore.ExpectedVersion, version int) {
	t.Helper()
	head := l.Head()
	_, err := l.Append(within(t), stream(id), expected, note("one more"), note("another"))
	conflict, ok := errors.AsType[*eventstore.ConflictError](err)
	if !ok || *conflict != (eventstore.ConflictError{Stream: id, Expected: expected, Actual: version}) {
		t.Errorf("stream at version %d, expected %s: error is %v", version, expected, err)
	}
	l.mustHave(t, head)
	if n := len(l.of(t, id)); n != version {
		t.Errorf("stream at version %d, expected %s: %d events after a conflict", version, expected, n)
	}
}

func conflictThenMore(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("taken", note("first")))
	result := l.do(t, func(tx *eventstore.Tx) error {
		_, err := tx.Append(stream("taken"), eventstore.NoStream, note("lost"))
		if _, ok := errors.AsType[*eventstore.ConflictError](err); !ok {
			return errors.New("no conflict")
		}
		_, err = tx.Append(stream("other"), eventstore.NoStream, note("kept"))
		return err
	})
	mustEqual(t, "the log", l.all(t)[1:], result.Events)
	if len(result.Events) != 1 || result.Events[0].Stream.ID != "other" {
		t.Fatalf("events are %+v", result.Events)
	}
}

func atomicity(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("a", notes(2)...))
	several := func(last eventstore.ExpectedVersion) func(*eventstore.Tx) error {
		return func(tx *eventstore.Tx) error {
			for _, part := range []struct {
				id       eventstore.StreamID
				expected eventstore.ExpectedVersion
				n        int
			}{{"a", eventstore.Exactly(2), 2}, {"b", eventstore.NoStream, 3}, {"a", eventstore.Exactly(4), 1}, {"c", last, 1}} {
				if _, err := tx.Append(stream(part.id), part.expected, notes(part.n)...); err != nil {
					return err
				}
			}
			return nil
		}
	}
	before := l.rows(t)
	head := l.Head()
	_, err := l.Update(within(t), eventstore.Command{}, several(eventstore.StreamExists))
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); !ok || conflict.Stream != "c" {
		t.Fatalf("error is %v, want a conflict on c", err)
	}
	l.mustHave(t, head)
	mustBeRows(t, l, before)
	if len(l.of(t, "a")) != 2 || len(l.of(t, "b")) != 0 {
		t.Fatal("half of a command was written")
	}

	result := l.do(t, several(eventstore.NoStream))
	mustEqual(t, "the log", l.all(t)[2:], result.Events)
	if len(result.Events) != 7 || len(l.of(t, "a")) != 5 || len(l.of(t, "b")) != 3 || len(l.of(t, "c")) != 1 {
		t.Fatalf("events are %+v", result.Events)
	}
}

func streamTypes(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("typed", note("x")))
	for range 2 {
		head := l.Head()
		if _, err := l.Append(within(t), eventstore.Stream{ID: "typed", Type: "OTHER"}, eventstore.Any, note("y")); err == nil {
			t.Fatal("a stream took events as one of another type")
		}
		l.mustHave(t, head)
		l.restart(t)
	}
}

func eventIDs(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	first, other := note("first"), note("other")
	l.do(t, appending("a", first))
	head, before := l.Head(), l.rows(t)
	for _, events := range [][]eventstore.NewEvent{{first}, {note("good"), first}, {other, other}} {
		if _, err := l.Append(within(t), stream("b"), eventstore.Any, events...); err == nil {
			t.Fatal("an event id was used twice")
		}
		l.mustHave(t, head)
	}
	mustBeRows(t, l, before)
	l.do(t, appending("b", other))
}

func refusalsAreAlone(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	release := l.hold(t)
	panicking := func(tx *eventstore.Tx) error {
		if err := appending("shared", note("panicked"))(tx); err != nil {
			return err
		}
		panic("in a command")
	}
	commands := []func(*eventstore.Tx) error{
		appending("shared", note("1")),
		refusing(appending("shared", note("refused"))),
		appending("shared", note("2")),
		panicking,
		func(tx *eventstore.Tx) error {
			_, err := tx.Append(stream("shared"), eventstore.Exactly(2), note("3"))
			return err
		},
		appending("shared", note("good"), eventOf(unprojectable, "bad")),
		appending("shared", note("good"), eventOf(unfoldable, "bad")),
		func(tx *eventstore.Tx) error {
			_, err := tx.Append(stream("shared"), eventstore.NoStream, note("conflict"))
			return err
		},
		appending("shared", note("4")),
	}
	var outcomes []<-chan outcome
	for _, fn := range commands {
		outcomes = append(outcomes, l.queue(within(t), eventstore.Command{}, fn))
	}
	release()
	good := 0
	for i, c := range outcomes {
		o, refused := receive(t, c), i == 1 || i == 3 || 5 <= i && i <= 7
		switch {
		case refused != (o.err != nil):
			t.Errorf("command %d: error is %v", i, o.err)
		case refused && (o.Events != nil || o.Position != 0):
			t.Errorf("command %d was refused with the result %+v", i, o.Result)
		case refused:
			continue
		}
		if good++; int(o.Position) != good || o.Events[0].Version != good {
			t.Errorf("command %d is at position %d, want %d", i, o.Position, good)
		}
	}
	mustBeRows(t, l, map[eventstore.StreamID]state{"shared": {4, `"1""2""3""4"`}})
}

// swallowedFailure lets commands continue after an append that failed half-way, and checks that
// none of their parts stays.
func swallowedFailure(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("a", note("1")))
	for bad, want := range map[string]error{unprojectable: errProject, unfoldable: errFold} {
		for _, next := range []func(*eventstore.Tx) error{
			func(*eventstore.Tx) error { return nil },
			appending("b", note("on we go")),
		} {
			before := l.rows(t)
			l.refused(t, want, eventstore.Command{}, func(tx *eventstore.Tx) error {
				if _, err := tx.Append(stream("a"), eventstore.Any, note("good"), eventOf(bad, "")); err == nil {
					return errors.New("the append did not fail")
				}
				return next(tx)
			})
			mustBeRows(t, l, before)
		}
	}
	l.do(t, appending("a", note("2")))
	mustBeRows(t, l, map[eventstore.StreamID]state{"a": {2, `"1""2"`}})
}

// mustBeRows checks what the model has projected.
func mustBeRows(t testing.TB, l *log, want map[eventstore.StreamID]state) {
	t.Helper()
	got := l.rows(t)
	for id := range got {
		if got[id] != want[id] {
			t.Fatalf("row of %s is %+v, want %+v", id, got[id], want[id])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("rows are %+v, want %+v", got, want)
	}
}
