package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"flightdeck/eventstore"
)

// busyPatience bounds the wait of Begin for another program that writes.
const busyPatience = 5 * time.Second

// Begin starts the write transaction. While another program writes, it tries again after short,
// random pauses, and returns ErrBusy after five seconds.
func (e *Engine) Begin(ctx context.Context) (eventstore.EngineTx, error) {
	if e.conn == nil {
		return nil, eventstore.ErrReadOnly
	}
	deadline := time.Now().Add(busyPatience)
	for {
		_, err := e.stmts.exec(ctx, "BEGIN IMMEDIATE")
		switch {
		case err == nil:
			t := &tx{statements: &e.stmts, open: true}
			t.queries = queries{ask: t.Query, blocks: e.blocks}
			return t, nil
		case !errors.Is(err, eventstore.ErrBusy) || time.Now().After(deadline):
			return nil, err
		}
		select {
		case <-time.After(5*time.Millisecond + rand.N(45*time.Millisecond)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tx is the write transaction. It implements eventstore.EngineTx.
type tx struct {
	*statements
	queries
	open bool
	// ended is the error after which SQLite may have ended the transaction: a later statement would
	// be written at once, outside a transaction.
	ended error
}

// Exec runs a statement and returns the number of changed rows.
func (t *tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.ended != nil {
		return 0, t.ended
	}
	n, err := t.exec(context.WithoutCancel(ctx), query, args...)
	return n, t.check(err)
}

// Query runs a query; the caller closes the rows.
func (t *tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t.ended != nil {
		return nil, t.ended
	}
	rows, err := t.query(context.WithoutCancel(ctx), query, args...)
	return rows, t.check(err)
}

func (t *tx) check(err error) error {
	if endsTransaction(err) {
		t.ended = err
	}
	return err
}

// run is Exec without the count.
func (t *tx) run(ctx context.Context, query string, args ...any) error {
	_, err := t.Exec(ctx, query, args...)
	return err
}

// Savepoint begins a part that can be rolled back alone.
func (t *tx) Savepoint(ctx context.Context) error { return t.run(ctx, "SAVEPOINT command") }

// Release keeps the part that Savepoint began.
func (t *tx) Release(ctx context.Context) error { return t.run(ctx, "RELEASE command") }

// RollbackTo rolls back the part that Savepoint began, and ends it.
func (t *tx) RollbackTo(ctx context.Context) error {
	if err := t.run(ctx, "ROLLBACK TO command"); err != nil {
		return err
	}
	return t.Release(ctx)
}

// Insert adds an event and sets the version of its stream.
func (t *tx) Insert(ctx context.Context, e eventstore.Event) error {
	at := e.RecordedAt.UnixMicro()
	if err := t.moveStream(ctx, e, at); err != nil {
		return err
	}
	return t.run(ctx, "INSERT INTO events ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		int64(e.Position), e.ID, string(e.Stream.ID), e.Stream.Type, e.Version, e.Type, e.SchemaVersion,
		e.Actor, e.CorrelationID, e.CausationID, e.TraceID, at, e.Hash[:], string(e.Data))
}

func (t *tx) moveStream(ctx context.Context, e eventstore.Event, at int64) error {
	if e.Version == 1 {
		return t.run(ctx, "INSERT INTO streams (stream_id, type, version, created_at, updated_at) VALUES (?, ?, 1, ?, ?)",
			string(e.Stream.ID), e.Stream.Type, at, at)
	}
	n, err := t.Exec(ctx, "UPDATE streams SET version = ?, updated_at = ? WHERE stream_id = ? AND version = ?",
		e.Version, at, string(e.Stream.ID), e.Version-1)
	if err == nil && n != 1 {
		return fmt.Errorf("stream %s is not at version %d: something else wrote to the database", e.Stream.ID, e.Version-1)
	}
	return err
}

// Recall returns the Memory that Remember stored for an idempotency key.
func (t *tx) Recall(ctx context.Context, key eventstore.Key) (m eventstore.Memory, found bool, err error) {
	found, err = t.one(ctx, "SELECT input, first_position, last_position FROM idempotency_keys WHERE actor = ? AND value = ?",
		[]any{key.Actor, key.Value}, &m.Input, &m.First, &m.Last)
	return m, found, err
}

// Remember stores the outcome of a command under its idempotency key.
func (t *tx) Remember(ctx context.Context, key eventstore.Key, m eventstore.Memory) error {
	return t.run(ctx, "INSERT INTO idempotency_keys (actor, value, input, first_position, last_position) VALUES (?, ?, ?, ?, ?)",
		key.Actor, key.Value, m.Input, int64(m.First), int64(m.Last))
}

// Commit makes everything durable before it returns nil.
func (t *tx) Commit(ctx context.Context) error {
	if err := t.run(ctx, "COMMIT"); err != nil {
		return err
	}
	t.open = false
	return nil
}

// Rollback discards the transaction. After Commit it does nothing. After some errors, such as a
// full disk, SQLite has rolled back by itself; Rollback then succeeds.
func (t *tx) Rollback() error {
	if !t.open {
		return nil
	}
	t.open = false
	if _, err := t.exec(context.Background(), "ROLLBACK"); err != nil && !noTransaction(err) {
		return err
	}
	return nil
}
