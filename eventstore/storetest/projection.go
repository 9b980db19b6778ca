package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"flightdeck/eventstore"
)

func rowsAreFolds(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	write(t, l, 3, 5)
	for range 2 {
		mustBeFolds(t, l)
		l.do(t, appending("shared", note("more"), note("and more")))
		l.restart(t)
	}
	mustBeFolds(t, l)
}

// mustBeFolds compares every row with its stream.
func mustBeFolds(t testing.TB, l *log) {
	t.Helper()
	want := map[eventstore.StreamID]state{}
	for id := range l.rows(t) {
		want[id] = stateOf(fold(t, l.of(t, id)))
	}
	mustBeRows(t, l, want)
	if n := countStreams(l.all(t)); n != len(want) {
		t.Fatalf("%d rows for %d streams", len(want), n)
	}
}

func countStreams(events []eventstore.Event) int {
	ids := map[eventstore.StreamID]bool{}
	for _, e := range events {
		ids[e.Stream.ID] = true
	}
	return len(ids)
}

func projectionFails(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("a", note("1")))
	for range 2 {
		before := l.rows(t)
		for bad, want := range map[string]error{unprojectable: errProject, unfoldable: errFold} {
			l.refused(t, want, eventstore.Command{}, appending("a", eventOf(bad, "x")))
			l.refused(t, want, eventstore.Command{}, appending("new", note("good"), eventOf(bad, "x")))
		}
		mustBeRows(t, l, before)
		l.do(t, appending("a", note("2")))
		l.restart(t)
	}
	mustBeFolds(t, l)
}

func rowsTakenBack(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	insert := func(id string) func(*eventstore.Tx) error {
		return func(tx *eventstore.Tx) error {
			_, err := tx.Exec(tx.Context(), "INSERT INTO storetest_states (stream_id, events, data) VALUES (?, ?, ?)", id, 1, "row")
			return err
		}
	}
	l.refused(t, errRefused, eventstore.Command{}, refusing(insert("refused")))
	l.do(t, insert("kept"))
	if _, err := l.Update(within(t), eventstore.Command{}, insert("kept")); err == nil {
		t.Error("a row was inserted twice")
	}
	release := l.hold(t)
	good := l.queue(within(t), eventstore.Command{}, insert("beside"))
	bad := l.queue(within(t), eventstore.Command{}, refusing(insert("refused")))
	release()
	if o := receive(t, good); o.err != nil {
		t.Errorf("the good command: %v", o.err)
	}
	if o := receive(t, bad); !errors.Is(o.err, errRefused) {
		t.Errorf("the refused command: %v", o.err)
	}
	for range 2 {
		mustBeRows(t, l, map[eventstore.StreamID]state{"kept": {1, "row"}, "beside": {1, "row"}})
		l.restart(t)
	}
}

func ownWrites(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, func(tx *eventstore.Tx) error {
		events, err := tx.Append(stream("a"), eventstore.NoStream, note("1"), note("2"))
		if err != nil {
			return err
		}
		if head := tx.Head(); !sameHead(head, eventstore.Head{Position: 2, RecordedAt: events[1].RecordedAt, Hash: events[1].Hash}) {
			return fmt.Errorf("head is %+v after %+v", head, events[1])
		}
		if !tx.Now().After(events[1].RecordedAt) {
			return fmt.Errorf("now is %s after %s", tx.Now(), events[1].RecordedAt)
		}
		if err := mustState(tx, "a", 2, `"1""2"`); err != nil {
			return err
		}
		if n, err := tx.Exec(tx.Context(), "UPDATE storetest_states SET data = ? WHERE stream_id = ?", "x", "a"); n != 1 || err != nil {
			return fmt.Errorf("%d rows changed, error %w", n, err)
		}
		if n, err := tx.Exec(tx.Context(), "UPDATE storetest_states SET data = ? WHERE stream_id = ?", "x", "none"); n != 0 || err != nil {
			return fmt.Errorf("%d rows of none changed, error %w", n, err)
		}
		data, err := rowOf(tx, "a")
		if err == nil && data != "x" {
			err = fmt.Errorf("the row holds %q", data)
		}
		return err
	})
}

func rowOf(tx *eventstore.Tx, id string) (data string, err error) {
	rows, err := tx.Query(tx.Context(), "SELECT data FROM storetest_states WHERE stream_id = ?", id)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	if !rows.Next() {
		return "", errors.New("no row")
	}
	return data, rows.Scan(&data)
}

// mustState compares the state that a command sees.
func mustState(tx *eventstore.Tx, id eventstore.StreamID, version int, data string) error {
	s, v, err := tx.State(id)
	if err != nil {
		return err
	}
	var want any
	if version > 0 {
		want = state{version, data}
	}
	if s != want || v != version {
		return fmt.Errorf("state of %s is %+v at version %d, want %+v at %d", id, s, v, want, version)
	}
	return nil
}

func seesEarlier(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("a", note("0")))
	l.restart(t)
	release := l.hold(t)
	var outcomes []<-chan outcome
	send := func(fn func(*eventstore.Tx) error) {
		outcomes = append(outcomes, l.queue(within(t), eventstore.Command{}, fn))
	}
	sees := func(version int, data string) {
		send(func(tx *eventstore.Tx) error {
			return errors.Join(mustState(tx, "a", version, data), mustState(tx, "none", 0, ""))
		})
	}
	sees(1, `"0"`)
	send(appending("a", note("1")))
	sees(2, `"0""1"`)
	send(refusing(appending("a", note("refused"))))
	sees(2, `"0""1"`)
	send(appending("a", note("2"), note("3")))
	sees(4, `"0""1""2""3"`)
	release()
	for i, c := range outcomes {
		if o := receive(t, c); o.err != nil != (i == 3) {
			t.Errorf("command %d: %v", i, o.err)
		}
	}
}

func panics(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	for what, value := range map[string]any{"words": "at the disco", "an error": errRefused, "nothing": nil} {
		head := l.Head()
		_, err := l.Update(within(t), keyed("ann", what, "input"), func(tx *eventstore.Tx) error {
			if err := appending("a", note("x"))(tx); err != nil {
				return err
			}
			panic(value)
		})
		if err == nil || !strings.Contains(err.Error(), "panic") {
			t.Errorf("panic with %s: error is %v", what, err)
		}
		l.mustHave(t, head)
	}
	l.do(t, appending("a", note("y")))
	mustBeRows(t, l, map[eventstore.StreamID]state{"a": {1, `"y"`}})
}

// contextKey is the type of a context's value in these tests.
type contextKey struct{}

func cancelledWhenBegun(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	ctx, cancel := context.WithCancel(context.WithValue(within(t), contextKey{}, "value"))
	defer cancel()
	began, free := make(chan struct{}), make(chan struct{})
	c := keyed("ann", "k", "input")
	done := l.queue(ctx, c, func(tx *eventstore.Tx) error {
		close(began)
		<-free
		if tx.Context().Err() != nil || tx.Context().Value(contextKey{}) != "value" {
			return errors.New("the transaction's context ended, or lost its values")
		}
		return appending("a", notes(2)...)(tx)
	})
	receive(t, began)
	cancel()
	close(free)
	o := receive(t, done)
	if o.err != nil {
		t.Fatalf("its caller is not told what became of it: %v", o.err)
	}
	mustResult(t, "its result", o.Result, 1, 2)
	mustReplay(t, l, c, 1, 2)
}
