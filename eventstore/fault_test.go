package eventstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"flightdeck/eventstore"
)

// faulty is a real engine that fails on demand.
type faulty struct {
	eventstore.Engine

	mu    sync.Mutex // guards the fields below
	fails map[string]int
	reads int
}

var errFault = errors.New("a fault")

// next makes the next calls of a method fail.
func (f *faulty) next(method string, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == nil {
		f.fails = make(map[string]int)
	}
	f.fails[method] = times
}

// fault returns the error of a method that is to fail, else nil.
func (f *faulty) fault(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails[method] == 0 {
		return nil
	}
	f.fails[method]--
	return errFault
}

func (f *faulty) Begin(ctx context.Context) (eventstore.EngineTx, error) {
	if err := f.fault("Begin"); err != nil {
		return nil, err
	}
	tx, err := f.Engine.Begin(ctx)
	return &faultyTx{tx, f}, err
}

func (f *faulty) Head(ctx context.Context) (eventstore.Head, error) {
	if err := f.fault("Head"); err != nil {
		return eventstore.Head{}, err
	}
	return f.Engine.Head(ctx)
}

func (f *faulty) Read(ctx context.Context, after eventstore.Position, limit int) ([]eventstore.Event, error) {
	f.mu.Lock()
	f.reads++
	f.mu.Unlock()
	if err := f.fault("Read"); err != nil {
		return nil, err
	}
	return f.Engine.Read(ctx, after, limit)
}

// asked returns the number of calls of Read.
func (f *faulty) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

type faultyTx struct {
	eventstore.EngineTx
	f *faulty
}

func (t *faultyTx) Savepoint(ctx context.Context) error {
	return errors.Join(t.f.fault("Savepoint"), t.EngineTx.Savepoint(ctx))
}

func (t *faultyTx) Release(ctx context.Context) error {
	return errors.Join(t.f.fault("Release"), t.EngineTx.Release(ctx))
}

func (t *faultyTx) RollbackTo(ctx context.Context) error {
	return errors.Join(t.f.fault("RollbackTo"), t.EngineTx.RollbackTo(ctx))
}

func (t *faultyTx) Remember(ctx context.Context, key eventstore.Key, m eventstore.Memory) error {
	return errors.Join(t.f.fault("Remember"), t.EngineTx.Remember(ctx, key, m))
}

// Commit fails before or after it commits.
func (t *faultyTx) Commit(ctx context.Context) error {
	if err := t.f.fault("Commit"); err != nil {
		return err
	}
	if err := t.EngineTx.Commit(ctx); err != nil {
		return err
	}
	return t.f.fault("after Commit")
}

var errRefused = errors.New("refused")

func refuse(*eventstore.Tx) error { return errRefused }

func TestACommitThatFailedIsTheAnswerOfEveryCommand(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Commit", "Savepoint", "Release", "RollbackTo"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s, f := start(t, eventstore.Options{})
			add(t, s, "1", 1)
			outcomes := together(
				t, s,
				func(tx *eventstore.Tx) error { f.next(method, 1); return appending(eventstore.Exactly(1), "lost")(tx) },
				// The state that refuses these commands will not be durable.
				appending(eventstore.Exactly(1), "conflict"),
				refuse,
				appending(eventstore.Exactly(2), "lost too"),
			)
			for i, o := range outcomes {
				if !errors.Is(o.err, errFault) || o.Position != 0 || o.Events != nil {
					t.Errorf("command %d: %+v, error %v", i, o.Result, o.err)
				}
				if _, ok := errors.AsType[*eventstore.ConflictError](o.err); ok && method == "Commit" {
					t.Errorf("command %d is in conflict with what was not written: %v", i, o.err)
				}
			}
			mustBe(t, s, "1")
			add(t, s, "2", 2)
			mustBe(t, s, "1", "2")
		})
	}
}

func TestACommitThatWasDurableAfterAllIsSeen(t *testing.T) {
	t.Parallel()
	for name, failedReads := range map[string]int{"at once": 0, "after the log could not be read": 1, "after a while": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f := start(t, eventstore.Options{})
			add(t, s, "1", 1)
			f.next("after Commit", 1)
			f.next("Read", failedReads)
			c := eventstore.Command{Key: eventstore.Key{Actor: "ann", Value: "k"}, Input: []byte("input")}
			if r, err := s.Update(within(t), c, appending(eventstore.Exactly(1), "2")); !errors.Is(err, errFault) || r.Position != 0 {
				t.Errorf("the commit that failed: %+v, error %v", r, err)
			}
			for range failedReads - 1 {
				if _, err := s.Append(within(t), stream, eventstore.Any, event("lost")); !errors.Is(err, errFault) {
					t.Errorf("while the log cannot be read: error is %v", err)
				}
			}
			r, err := s.Update(within(t), c, refuse)
			if err != nil || !r.Replayed || r.Position != 2 {
				t.Errorf("sent again: %+v, error %v", r, err)
			}
			if err := s.Wait(within(t), 1); err != nil {
				t.Errorf("wait: %v", err)
			}
			mustBe(t, s, "1", "2")
			add(t, s, "3", 3)
			mustBe(t, s, "1", "2", "3")
		})
	}
}

func TestATransactionThatCannotBeginIsAnErrorOfItsCommandsOnly(t *testing.T) {
	t.Parallel()
	s, f := start(t, eventstore.Options{})
	f.next("Begin", 2)
	for range 2 {
		if _, err := s.Append(within(t), stream, eventstore.Any, event("lost")); !errors.Is(err, errFault) {
			t.Errorf("error is %v", err)
		}
	}
	add(t, s, "1", 1)
}

func TestACommandWhoseKeyCannotBeKeptIsTakenBack(t *testing.T) {
	t.Parallel()
	s, f := start(t, eventstore.Options{})
	f.next("Remember", 1)
	c := eventstore.Command{Key: eventstore.Key{Actor: "ann", Value: "k"}}
	if r, err := s.Update(within(t), c, appending(eventstore.NoStream, "lost")); !errors.Is(err, errFault) || r.Position != 0 || r.Events != nil {
		t.Errorf("%+v, error %v", r, err)
	}
	mustBe(t, s)
	if r, err := s.Update(within(t), c, appending(eventstore.NoStream, "1")); err != nil || r.Replayed || r.Position != 1 {
		t.Errorf("sent again: %+v, error %v", r, err)
	}
}

func TestALogThatCannotBeReadIsNotOpened(t *testing.T) {
	t.Parallel()
	_, f := start(t, eventstore.Options{})
	f.next("Head", 1)
	if _, err := eventstore.Open(within(t), f, counter{}, eventstore.Options{}); !errors.Is(err, errFault) {
		t.Errorf("error is %v", err)
	}
}

// mustBe compares the log, the feed and the writer's state with event ids.
func mustBe(t *testing.T, s *eventstore.Store, ids ...string) {
	t.Helper()
	feed, err := s.Read(within(t), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.ReadStream(within(t), stream.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(feed) != len(ids) || len(table) != len(ids) || int(s.Head().Position) != len(ids) {
		t.Fatalf("%d events in the feed, %d in the table, head is %d, want %q", len(feed), len(table), s.Head().Position, ids)
	}
	for i, id := range ids {
		if feed[i].ID != id || table[i].ID != id || feed[i].Position != eventstore.Position(i+1) {
			t.Fatalf("event %d is %s in the feed, %s in the table, want %s", i, feed[i].ID, table[i].ID, id)
		}
	}
	if _, err := s.Update(within(t), eventstore.Command{}, func(tx *eventstore.Tx) error {
		var want any
		if len(ids) > 0 {
			want = len(ids)
		}
		state, version, err := tx.State(stream.ID)
		if state != want || version != len(ids) {
			t.Errorf("the writer's state is %v at version %d, want %v", state, version, want)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
