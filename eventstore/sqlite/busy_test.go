package sqlite_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

func TestBeginWaitsForAnotherProgramThatWrites(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	engine := open(t, path, sqlite.Options{})
	defer closeNow(t, engine)
	other := sqlOf(t, path)
	exec(t, other, "BEGIN IMMEDIATE")
	ctx := &counted{Context: within(t)}
	var freed atomic.Bool
	begun := make(chan error, 1)
	go func() {
		tx, err := engine.Begin(ctx)
		if err == nil {
			if !freed.Load() {
				err = errors.New("begun while another program was writing")
			}
			err = errors.Join(err, tx.Commit(ctx))
		}
		begun <- err
	}()
	ctx.await(t, 20) // every attempt asks a few times
	freed.Store(true)
	exec(t, other, "COMMIT")
	if err := <-begun; err != nil {
		t.Error(err)
	}
}

func TestBeginStopsWaitingWithItsContext(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	engine := open(t, path, sqlite.Options{})
	defer closeNow(t, engine)
	exec(t, sqlOf(t, path), "BEGIN IMMEDIATE")
	gone, cancel := context.WithCancel(within(t))
	ctx := &counted{Context: gone}
	begun := make(chan error, 1)
	go func() {
		_, err := engine.Begin(ctx)
		begun <- err
	}()
	ctx.await(t, 20)
	cancel()
	if err := <-begun; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestACommandSurvivesAShortLockByAnotherProgram(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := start(t, path, sqlite.Options{})
	other := sqlOf(t, path)
	exec(t, other, "BEGIN IMMEDIATE")
	done := make(chan error, 1)
	ctx := &counted{Context: within(t)}
	go func() {
		_, err := s.Append(ctx, stream, eventstore.NoStream, event("1", "{}"))
		done <- err
	}()
	ctx.await(t, 1) // it is queued
	exec(t, other, "ROLLBACK")
	if err := <-done; err != nil || s.Head().Position != 1 {
		t.Errorf("error is %v, head is %d", err, s.Head().Position)
	}
}

func TestALongLockByAnotherProgramIsAnError(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as the engine does")
	}
	path := newPath(t)
	s := start(t, path, sqlite.Options{})
	other := sqlOf(t, path)
	exec(t, other, "BEGIN IMMEDIATE")
	if _, err := s.Append(within(t), stream, eventstore.Any, event("1", "{}")); !errors.Is(err, eventstore.ErrBusy) {
		t.Errorf("error is %v", err)
	}
	exec(t, other, "ROLLBACK")
	if p := add(t, s, "2"); p != 1 {
		t.Errorf("position %d, want 1", p)
	}
}

func TestOpeningADatabaseThatIsBeingWrittenSaysSo(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	closeNow(t, open(t, path, sqlite.Options{}))
	exec(t, sqlOf(t, path), "BEGIN IMMEDIATE")
	refuse(t, path, sqlite.Options{}, eventstore.ErrBusy, "close the program that has it open")
	closeNow(t, open(t, path, sqlite.Options{ReadOnly: true}))
}

// counted is a context that counts the calls of Done.
type counted struct {
	context.Context
	asked atomic.Int64
}

func (c *counted) Done() <-chan struct{} {
	c.asked.Add(1)
	return c.Context.Done()
}

// await returns once it was asked so often.
func (c *counted) await(t *testing.T, times int64) {
	t.Helper()
	for limit := within(t); c.asked.Load() < times; runtime.Gosched() {
		if limit.Err() != nil {
			t.Fatal("nobody waits")
		}
	}
}
