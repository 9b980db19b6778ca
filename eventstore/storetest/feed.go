package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"flightdeck/eventstore"
)

func seam(t *testing.T, s suite) {
	for _, tail := range []int{1, 3, 1000} {
		t.Run(fmt.Sprintf("tail of %d", tail), func(t *testing.T) {
			t.Parallel()
			l := s.start(t, eventstore.Options{Tail: tail})
			mustReadAsTable(t, l)
			for i := range 5 {
				l.do(t, appending("a", notes(i%3)...))
				mustReadAsTable(t, l)
			}
			l.restart(t)
			mustReadAsTable(t, l)
			l.do(t, appending("b", notes(4)...))
			mustReadAsTable(t, l)
		})
	}
}

// mustReadAsTable compares every read of the store with the engine's answer.
func mustReadAsTable(t *testing.T, l *log) {
	t.Helper()
	head := l.Head().Position
	for after := range head + 3 {
		for limit := range int(head) + 2 {
			got, err := l.Read(within(t), after, limit)
			if err != nil {
				t.Fatalf("read %d after %d: %v", limit, after, err)
			}
			mustEqual(t, fmt.Sprintf("read %d after %d", limit, after), got, l.table(t, after, limit))
		}
	}
	if got, err := l.Read(within(t), eventstore.Forever, 10); len(got) != 0 || err != nil {
		t.Fatalf("read after the last of all positions: %d events, error %v", len(got), err)
	}
}

func waitWakes(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("a", notes(2)...))
	for _, passed := range []eventstore.Position{0, 1} {
		if err := l.Wait(within(t), passed); err != nil {
			t.Errorf("wait after %d: %v", passed, err)
		}
	}
	next, later, gone := l.wait(within(t), 2), l.wait(within(t), 4), l.cancelledWait(t, 2)
	if err := receive(t, gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that was given up: error is %v", err)
	}
	l.refused(t, errRefused, eventstore.Command{}, refusing(appending("a", note("refused"))))
	l.do(t, appending("a"))
	mustStillWait(t, next, later)
	l.do(t, appending("a", note("x")))
	if err := receive(t, next); err != nil {
		t.Errorf("wait after 2: %v", err)
	}
	l.do(t, appending("a", note("x")))
	mustStillWait(t, later)
	l.do(t, appending("a", note("x")))
	if err := receive(t, later); err != nil {
		t.Errorf("wait after 4: %v", err)
	}
}

// wait waits for the head to pass a position. It returns once it does wait.
func (l *log) wait(ctx context.Context, after eventstore.Position) <-chan error {
	w := &watched{Context: ctx, reached: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- l.Wait(w, after)
		w.Done()
	}()
	<-w.reached
	return done
}

func (l *log) cancelledWait(t *testing.T, after eventstore.Position) <-chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t))
	done := l.wait(ctx, after)
	mustStillWait(t, done)
	cancel()
	return done
}

func mustStillWait(t *testing.T, waits ...<-chan error) {
	t.Helper()
	for i, done := range waits {
		select {
		case err := <-done:
			t.Fatalf("wait %d returned %v", i, err)
		default:
		}
	}
}

// wakeUps lets many wait while one event is written: since no second event follows, a waiter that
// misses it waits for ever.
func wakeUps(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	ctx := within(t)
	const rounds, waiters = 30, 20
	for round := range eventstore.Position(rounds) {
		start := make(chan struct{})
		var wait sync.WaitGroup
		for range waiters {
			wait.Go(func() {
				<-start
				if err := l.Wait(ctx, round); err != nil {
					t.Errorf("wait after %d: %v", round, err)
				} else if head := l.Head().Position; head <= round {
					t.Errorf("woken after %d, but head is %d", round, head)
				}
			})
		}
		close(start)
		l.do(t, appending("a", note("x")))
		wait.Wait()
	}
}

func subscribers(t *testing.T, s suite) {
	for _, o := range []eventstore.Options{{Tail: 1, Batch: 2}, {Tail: 4}, {}} {
		t.Run(fmt.Sprintf("tail of %d", o.Tail), func(t *testing.T) {
			t.Parallel()
			l := s.start(t, o)
			cursors := []*cursor{{limit: 1}, {limit: 2}, {limit: 7}, {limit: 100}, {limit: 3, after: 25}}
			const writers, each = 3, 4
			for phase := range eventstore.Position(3) {
				follow(t, l, cursors, (phase+1)*writers*each*3, func() { writeMore(t, l, int(phase), writers, each) })
				l.restart(t)
			}
			log := l.all(t)
			for i, c := range cursors {
				start := len(log) - len(c.seen)
				if i < 4 && start != 0 || i == 4 && start != 25 {
					t.Errorf("subscriber %d saw %d of %d events", i, len(c.seen), len(log))
				}
				mustEqual(t, fmt.Sprintf("subscriber %d", i), c.seen, log[start:])
			}
		})
	}
}

// cursor is a subscriber: the last position it saw, and all that it saw.
type cursor struct {
	after eventstore.Position
	limit int
	seen  []eventstore.Event
}

// follow reads up to a position.
func (c *cursor) follow(ctx context.Context, l *log, until eventstore.Position) error {
	for c.after < until {
		if err := l.Wait(ctx, c.after); err != nil {
			return fmt.Errorf("wait after %d: %w", c.after, err)
		}
		if err := c.read(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// read reads one page of the events that exist now.
func (c *cursor) read(ctx context.Context, l *log) error {
	events, err := l.Read(ctx, c.after, c.limit)
	if err != nil {
		return fmt.Errorf("read after %d: %w", c.after, err)
	}
	for _, e := range events {
		if e.Position != c.after+1 {
			return fmt.Errorf("position %d comes after %d", e.Position, c.after)
		}
		c.after = e.Position
	}
	c.seen = append(c.seen, events...)
	return nil
}

// follow runs the subscribers up to a position while writing.
func follow(t *testing.T, l *log, cursors []*cursor, until eventstore.Position, writing func()) {
	t.Helper()
	ctx := within(t)
	var wait sync.WaitGroup
	for i, c := range cursors {
		wait.Go(func() {
			if err := c.follow(ctx, l, until); err != nil {
				t.Errorf("subscriber %d: %v", i, err)
			}
		})
	}
	writing()
	wait.Wait()
}

// writeMore is write, with streams of its own for each phase.
func writeMore(t *testing.T, l *log, phase, writers, each int) {
	t.Helper()
	var wait sync.WaitGroup
	ctx := within(t)
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				if err := writeOnce(ctx, l, fmt.Sprintf("writer %d.%d", phase, w), i); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wait.Wait()
}

func noGaps(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{Tail: 2, Batch: 3})
	whileWriting(t, l, func(ctx context.Context) error {
		stored, err := l.engine.Head(ctx)
		if err != nil {
			return err
		}
		if err := mustReach(ctx, l.engine.Read, stored); err != nil {
			return fmt.Errorf("the engine: %w", err)
		}
		if err := mustReach(ctx, l.Read, l.Head()); err != nil {
			return fmt.Errorf("the store: %w", err)
		}
		return nil
	})
}

// mustReach reads from several positions on: every position is there, at least up to a head that
// was seen before.
func mustReach(ctx context.Context, read func(context.Context, eventstore.Position, int) ([]eventstore.Event, error), head eventstore.Head) error {
	for _, after := range []eventstore.Position{0, head.Position / 2, max(0, head.Position-2), max(0, head.Position-1)} {
		events, err := read(ctx, after, 1<<30)
		if err != nil {
			return err
		}
		for i, e := range events {
			if e.Position != after+eventstore.Position(i)+1 {
				return fmt.Errorf("position %d is number %d after %d", e.Position, i+1, after)
			}
			if e.Position == head.Position && e.Hash != head.Hash {
				return fmt.Errorf("position %d is not the head that was seen", e.Position)
			}
		}
		if after+eventstore.Position(len(events)) < head.Position {
			return fmt.Errorf("%d events after %d, where the head was %d", len(events), after, head.Position)
		}
	}
	return nil
}

// whileWriting calls check again and again until all writers are done.
func whileWriting(t *testing.T, l *log, check func(context.Context) error) {
	t.Helper()
	ctx := within(t)
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for {
				if err := check(ctx); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	write(t, l, 4, 10)
	close(done)
	wait.Wait()
}

func wholeCommands(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{Batch: 3})
	whileWriting(t, l, func(ctx context.Context) error {
		events, err := l.engine.Read(ctx, 0, 1<<30)
		if err != nil || len(events)%3 == 0 {
			return err
		}
		return fmt.Errorf("%d events, where every command writes three", len(events))
	})
}
