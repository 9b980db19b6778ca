package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"flightdeck/eventstore"
)

// patience bounds the wait of a test.
const patience = 30 * time.Second

// suite opens logs of the engine under test.
type suite struct {
	open func(t *testing.T, dir string) eventstore.Engine
}

// log is an open log under test.
type log struct {
	*eventstore.Store
	// engine answers from the table, where the store may answer from memory.
	engine  eventstore.Engine
	suite   suite
	dir     string
	options eventstore.Options
}

// start opens a new log. It is closed when the test ends.
func (s suite) start(t *testing.T, o eventstore.Options) *log {
	t.Helper()
	l := &log{suite: s, dir: t.TempDir(), options: o}
	l.begin(t)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func (l *log) begin(t *testing.T) {
	t.Helper()
	l.engine = l.suite.open(t, l.dir)
	var err error
	if l.Store, err = eventstore.Open(within(t), l.engine, concat{}, l.options); err != nil {
		t.Fatalf("open: %v", err)
	}
	l.do(t, func(tx *eventstore.Tx) error {
		_, err := tx.Exec(tx.Context(), createStates)
		return err
	})
}

// restart closes the log and opens it again.
func (l *log) restart(t *testing.T) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	l.begin(t)
}

// do runs a command that must succeed.
func (l *log) do(t testing.TB, fn func(*eventstore.Tx) error) eventstore.Result {
	t.Helper()
	return l.command(t, eventstore.Command{}, fn)
}

// command is do with more to say about the command.
func (l *log) command(t testing.TB, c eventstore.Command, fn func(*eventstore.Tx) error) eventstore.Result {
	t.Helper()
	result, err := l.Update(within(t), c, fn)
	if err != nil {
		t.Fatalf("command: %v", err)
	}
	return result
}

// refused runs a command that must fail with an error that is want, and leave the log as it is.
func (l *log) refused(t testing.TB, want error, c eventstore.Command, fn func(*eventstore.Tx) error) {
	t.Helper()
	head := l.Head()
	result, err := l.Update(within(t), c, fn)
	switch {
	case !errors.Is(err, want):
		t.Fatalf("error is %v, want %v", err, want)
	case result.Position != 0 || result.Events != nil:
		t.Fatalf("a refused command has the result %+v", result)
	}
	l.mustHave(t, head)
}

// mustHave checks the end of the log, in the store and in the engine.
func (l *log) mustHave(t testing.TB, want eventstore.Head) {
	t.Helper()
	stored, err := l.engine.Head(within(t))
	switch {
	case err != nil:
		t.Fatalf("head: %v", err)
	case !sameHead(stored, want) || !sameHead(l.Head(), want):
		t.Fatalf("head is %+v, in the engine %+v, want %+v", l.Head(), stored, want)
	}
}

// all returns the whole log, from the engine.
func (l *log) all(t testing.TB) []eventstore.Event {
	t.Helper()
	return l.table(t, 0, 1<<30)
}

// table reads the log from the engine.
func (l *log) table(t testing.TB, after eventstore.Position, limit int) []eventstore.Event {
	t.Helper()
	events, err := l.engine.Read(within(t), after, limit)
	if err != nil {
		t.Fatalf("read after %d: %v", after, err)
	}
	return events
}

// of returns a whole stream, from the engine.
func (l *log) of(t testing.TB, id eventstore.StreamID) []eventstore.Event {
	t.Helper()
	events, err := l.engine.ReadStream(within(t), id, 0, 1<<30)
	if err != nil {
		t.Fatalf("read stream %s: %v", id, err)
	}
	return events
}

// rows returns what the model has projected.
func (l *log) rows(t testing.TB) map[eventstore.StreamID]state {
	t.Helper()
	found := map[eventstore.StreamID]state{}
	l.do(t, func(tx *eventstore.Tx) (err error) {
		rows, err := tx.Query(tx.Context(), "SELECT stream_id, events, data FROM storetest_states")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
		for rows.Next() {
			var id eventstore.StreamID
			var s state
			if err := rows.Scan(&id, &s.Events, &s.Data); err != nil {
				return err
			}
			found[id] = s
		}
		return nil
	})
	return found
}

// outcome is what Update returned.
type outcome struct {
	eventstore.Result
	err error
}

// queue sends a command and returns once it waits for the writer, or was refused.
func (l *log) queue(ctx context.Context, c eventstore.Command, fn func(*eventstore.Tx) error) <-chan outcome {
	waits := &watched{Context: ctx, reached: make(chan struct{})}
	done := make(chan outcome, 1)
	go func() {
		result, err := l.Update(waits, c, fn)
		done <- outcome{result, err}
		waits.Done()
	}()
	<-waits.reached
	return done
}

// watched is a context that reports the first wait for its end: that of a queued command, or of a
// reader that has read all events.
type watched struct {
	context.Context
	once    sync.Once
	reached chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.reached) })
	return w.Context.Done()
}

// hold keeps the writer busy until release is called, so that the commands queued meanwhile share
// the next transaction.
func (l *log) hold(t testing.TB) (release func()) {
	t.Helper()
	began, free := make(chan struct{}), make(chan struct{})
	held := l.queue(within(t), eventstore.Command{}, func(*eventstore.Tx) error {
		close(began)
		<-free
		return nil
	})
	receive(t, began)
	release = sync.OnceFunc(func() {
		close(free)
		if o := receive(t, held); o.err != nil {
			t.Errorf("the command that held the writer: %v", o.err)
		}
	})
	t.Cleanup(release)
	return release
}

// receive returns the next value of a channel, within patience.
func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// within returns a context that ends the test when something hangs.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func sameHead(a, b eventstore.Head) bool {
	return a.Position == b.Position && a.RecordedAt.Equal(b.RecordedAt) && a.Hash == b.Hash
}

// sameEvent compares all that the log keeps.
func sameEvent(a, b eventstore.Event) bool {
	return sameHead(eventstore.Head{Position: a.Position, RecordedAt: a.RecordedAt, Hash: a.Hash},
		eventstore.Head{Position: b.Position, RecordedAt: b.RecordedAt, Hash: b.Hash}) &&
		a.Stream == b.Stream && a.Version == b.Version && a.Metadata == b.Metadata &&
		a.ID == b.ID && a.Type == b.Type && a.SchemaVersion == b.SchemaVersion && bytes.Equal(a.Data, b.Data)
}

// mustEqual compares two reads of the log.
func mustEqual(t testing.TB, what string, got, want []eventstore.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !sameEvent(got[i], want[i]) {
			t.Fatalf("%s: event %d is\n%+v, want\n%+v", what, i, got[i], want[i])
		}
	}
}
