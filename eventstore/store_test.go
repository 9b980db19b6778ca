package eventstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// Package storetest tests the promises that need no failing engine.

// start opens a store on an engine that fails on demand. It is closed at the end of the test.
func start(t *testing.T, o eventstore.Options) (*eventstore.Store, *faulty) {
	t.Helper()
	engine, err := sqlite.Open(within(t), filepath.Join(t.TempDir(), "log.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{Engine: engine}
	store, err := eventstore.Open(within(t), f, counter{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store, f
}

// counter is a model that counts the events of a stream.
type counter struct{}

func (counter) Apply(state any, _ eventstore.Event) (any, error) {
	n, ok := state.(int)
	if !ok && state != nil {
		return nil, fmt.Errorf("the state is a %T", state)
	}
	return n + 1, nil
}

func (counter) Encode(state any) ([]byte, error) { return fmt.Append(nil, state), nil }

func (counter) Decode(_ string, data []byte) (any, error) { return strconv.Atoi(string(data)) }

func (counter) Fingerprint() string { return "counter" }

func (counter) Project(context.Context, eventstore.Rows, eventstore.Event, any, any) error {
	return nil
}

var stream = eventstore.Stream{ID: "stream-1", Type: "TEST"}

func event(id string) eventstore.NewEvent {
	return eventstore.NewEvent{ID: id, Type: "Tested", SchemaVersion: 1, Data: []byte(`{}`)}
}

// appending is a command that appends an event to the stream.
func appending(expected eventstore.ExpectedVersion, id string) func(*eventstore.Tx) error {
	return func(tx *eventstore.Tx) error {
		_, err := tx.Append(stream, expected, event(id))
		return err
	}
}

// add appends an event, which must succeed, at a position.
func add(t *testing.T, s *eventstore.Store, id string, want eventstore.Position) {
	t.Helper()
	position, err := s.Append(within(t), stream, eventstore.Exactly(int(want)-1), event(id))
	if err != nil || position != want {
		t.Fatalf("append %s: position %d, error %v, want %d", id, position, err, want)
	}
}

// outcome is the result of an Update.
type outcome struct {
	eventstore.Result
	err error
}

// together runs commands in one transaction and returns their outcomes.
func together(t *testing.T, s *eventstore.Store, commands ...func(*eventstore.Tx) error) []outcome {
	t.Helper()
	began, free := make(chan struct{}), make(chan struct{})
	queue(t, s, func(*eventstore.Tx) error {
		close(began)
		<-free
		return nil
	})
	<-began
	var waits []<-chan outcome
	for _, fn := range commands {
		waits = append(waits, queue(t, s, fn))
	}
	close(free)
	outcomes := make([]outcome, len(waits))
	for i, done := range waits {
		outcomes[i] = <-done
	}
	return outcomes
}

// queue sends a command and returns once the command waits for the writer.
func queue(t *testing.T, s *eventstore.Store, fn func(*eventstore.Tx) error) <-chan outcome {
	t.Helper()
	ctx := &watched{Context: within(t), reached: make(chan struct{})}
	done := make(chan outcome, 1)
	go func() {
		result, err := s.Update(ctx, eventstore.Command{}, fn)
		done <- outcome{result, err}
		ctx.Done()
	}()
	<-ctx.reached
	return done
}

// watched is a context that reports the first wait for its end, which a caller begins as soon as
// its command is queued.
type watched struct {
	context.Context
	once    sync.Once
	reached chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.reached) })
	return w.Context.Done()
}

// within returns a context that ends a test that hangs.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TxCount shows a transaction from before it begins until it has ended, even if its command fails.
func TestWritesChangeWithEveryTransaction(t *testing.T) {
	t.Parallel()
	store, _ := start(t, eventstore.Options{})
	before := store.TxCount()
	if before%2 != 0 {
		t.Fatal("something is written before anybody has asked for it")
	}
	for _, outcome := range []error{nil, context.Canceled} {
		var within int64
		_, _ = store.Update(t.Context(), eventstore.Command{}, func(*eventstore.Tx) error {
			within = store.TxCount()
			return outcome
		})
		if within%2 == 0 || within <= before {
			t.Errorf("within a transaction: %d, and before it %d", within, before)
		}
		if err := store.CloseInstant(t.Context(), time.Time{}); err != nil { // it blocks until the transaction has ended
			t.Fatal(err)
		}
		after := store.TxCount()
		if after%2 != 0 || after <= within {
			t.Errorf("after a transaction: %d, and within it %d", after, within)
		}
		before = after
	}
}
