package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"flightdeck/eventstore"
)

func overload(t *testing.T, s suite) {
	const queue = 3
	l := s.start(t, eventstore.Options{Queue: queue, Batch: 1})
	release := l.hold(t)
	var outcomes []<-chan outcome
	for range queue {
		outcomes = append(outcomes, l.queue(within(t), eventstore.Command{}, appending("a", note("x"))))
	}
	// The writer is held: a command that waited for it would wait for ever.
	for range 2 {
		l.refused(t, eventstore.ErrOverloaded, eventstore.Command{}, mustNotRun)
	}
	release()
	for i, c := range outcomes {
		if o := receive(t, c); o.err != nil || int(o.Position) != i+1 {
			t.Errorf("command %d: position %d, error %v", i, o.Position, o.err)
		}
	}
	l.do(t, appending("a", note("y")))
}

func closed(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("a", note("x")))
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	if _, err := l.Update(within(t), eventstore.Command{}, mustNotRun); !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("update: error is %v", err)
	}
	if _, err := l.Append(within(t), stream("a"), eventstore.Any, note("x")); !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("append: error is %v", err)
	}
	if l.Head().Position != 1 {
		t.Errorf("head is %d", l.Head().Position)
	}
	l.begin(t)
	l.do(t, appending("a", note("y")))
}

func closeWaits(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{Batch: 2})
	release := l.hold(t)
	const queued = 5
	var outcomes []<-chan outcome
	for range queued {
		outcomes = append(outcomes, l.queue(within(t), eventstore.Command{}, appending("a", note("x"))))
	}
	var closing sync.WaitGroup
	for range 3 {
		closing.Go(func() {
			if err := l.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	untilRefused(t, l)
	release()
	closing.Wait()
	for i, c := range outcomes {
		if o := receive(t, c); o.err != nil || int(o.Position) != i+1 {
			t.Errorf("command %d: position %d, error %v", i, o.Position, o.err)
		}
	}
	l.begin(t)
	if n := len(l.of(t, "a")); n != queued {
		t.Errorf("%d events, want %d", n, queued)
	}
}

// untilRefused returns once the store refuses commands. The commands that it sends until then are
// cancelled before.
func untilRefused(t *testing.T, l *log) {
	t.Helper()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for limit := within(t); limit.Err() == nil; runtime.Gosched() {
		if _, err := l.Update(gone, eventstore.Command{}, mustNotRun); errors.Is(err, eventstore.ErrClosed) {
			return
		}
	}
	t.Fatal("the store is still open")
}

func cancelledInQueue(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	gone, cancel := context.WithCancel(within(t))
	defer cancel()
	release := l.hold(t)
	c := keyed("ann", "k", "input")
	var ran bool
	dropped := l.queue(gone, c, func(tx *eventstore.Tx) error {
		ran = true
		return appending("a", note("dropped"))(tx)
	})
	next := l.queue(within(t), eventstore.Command{}, appending("a", note("kept")))
	cancel()
	if o := receive(t, dropped); !errors.Is(o.err, context.Canceled) || o.Position != 0 {
		t.Errorf("while it waits: %+v, error %v", o.Result, o.err)
	}
	release()
	if o := receive(t, next); o.err != nil || o.Position != 1 {
		t.Errorf("the next command: position %d, error %v", o.Position, o.err)
	}
	l.refused(t, context.Canceled, c, func(*eventstore.Tx) error { return context.Canceled })
	if _, err := l.Update(gone, c, mustNotRun); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it was sent: error is %v", err)
	}
	mustResult(t, "its key is free", l.command(t, c, appending("a", note("sent again"))), 2, 2)
	if ran {
		t.Error("the dropped command was run")
	}
}
