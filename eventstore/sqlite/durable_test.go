package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// do runs a command that must succeed.
func do(t *testing.T, s *eventstore.Store, fn func(*eventstore.Tx) error) {
	t.Helper()
	if _, err := s.Update(within(t), eventstore.Command{}, fn); err != nil {
		t.Fatal(err)
	}
}

// pragma reads a setting of the write connection.
func pragma(t *testing.T, s *eventstore.Store, name string) (value string) {
	t.Helper()
	do(t, s, func(tx *eventstore.Tx) (err error) {
		rows, err := tx.Query(tx.Context(), "PRAGMA "+name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
		if !rows.Next() {
			return errors.New("no value")
		}
		return rows.Scan(&value)
	})
	return value
}

func TestCommitsAreDurableAndGuarded(t *testing.T) {
	t.Parallel()
	s := start(t, newPath(t), sqlite.Options{})
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "recursive_triggers": "1", "application_id": fmt.Sprint(0x4644636b),
	} {
		if got := pragma(t, s, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestEventsAreNeverChangedOrDeleted(t *testing.T) {
	t.Parallel()
	s := start(t, newPath(t), sqlite.Options{})
	add(t, s, "1")
	add(t, s, "2")
	add(t, s, "3")
	if _, err := s.Archive(within(t), stream.ID, 1); err != nil {
		t.Fatal(err)
	}
	before, err := s.Read(within(t), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"UPDATE events SET data = '{\"x\":1}' WHERE position = 2", "UPDATE events SET position = position + 10",
		"UPDATE OR REPLACE events SET position = 3 WHERE position = 2",
		"DELETE FROM events", "DELETE FROM events WHERE position = 2",
		"REPLACE INTO events SELECT position, 'other', stream_id, stream_type, version, type, schema_version, actor, correlation_id, causation_id, trace_id, recorded_at, hash, data FROM events",
		"DELETE FROM events WHERE position = 3",
		"UPDATE archived_events SET block = 2", "UPDATE archived_events SET position = 9", "DELETE FROM archived_events",
		"REPLACE INTO archived_events SELECT position, stream, version, type, actor, recorded_at, 2 FROM archived_events",
		"UPDATE archive_blocks SET data = x''", "DELETE FROM archive_blocks", "REPLACE INTO archive_blocks SELECT block, 0, x'' FROM archive_blocks",
		"INSERT INTO events SELECT 1, 'other', stream_id, stream_type, 1, type, schema_version, actor, correlation_id, causation_id, trace_id, 1, hash, data FROM events LIMIT 1",
		"DELETE FROM streams",
	} {
		_, err := s.Update(within(t), eventstore.Command{}, func(tx *eventstore.Tx) error {
			_, err := tx.Exec(tx.Context(), query)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "constraint failed") && !strings.Contains(err.Error(), "events are") {
			t.Errorf("%s: error is %v", query, err)
		}
	}
	after, err := s.Read(within(t), 0, 10)
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("events are %v, error %v", after, err)
	}
}

func TestAReaderOpensBesideARunningWriter(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	writer := start(t, path, sqlite.Options{})
	add(t, writer, "1")
	engine := open(t, path, sqlite.Options{ReadOnly: true})
	reader, err := eventstore.Open(within(t), engine, plain{}, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeNow(t, reader)
	if reader.Lineage() != writer.Lineage() {
		t.Errorf("lineages are %s and %s", reader.Lineage(), writer.Lineage())
	}
	for i := range 3 {
		head, err := engine.Head(within(t))
		if err != nil || head != writer.Head() {
			t.Errorf("head is %+v, error %v, want %+v", head, err, writer.Head())
		}
		add(t, writer, fmt.Sprint("more ", i))
	}
	do(t, writer, func(tx *eventstore.Tx) error {
		if _, err := tx.Append(stream, eventstore.Any, event("uncommitted", "{}")); err != nil {
			return err
		}
		if events, err := engine.Read(context.WithoutCancel(tx.Context()), 4, 10); len(events) != 0 || err != nil {
			return fmt.Errorf("the reader sees %d events that are not committed, error %w", len(events), err)
		}
		return nil
	})
	if _, err := reader.Append(within(t), stream, eventstore.Any, event("x", "{}")); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Errorf("append: error is %v", err)
	}
	if _, err := engine.DB().ExecContext(within(t), "CREATE TABLE x (x)"); err == nil {
		t.Error("a reader wrote")
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := start(t, path, sqlite.Options{})
	add(t, s, "1")
	limit := func(pages int) {
		do(t, s, func(tx *eventstore.Tx) error {
			_, err := tx.Exec(tx.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		})
	}
	limit(1) // SQLite takes the size of the file for it
	big := strings.Repeat("x", 100_000)
	acknowledged := 1
	var full error
	for i := 0; full == nil && i < 100; i++ {
		_, full = s.Append(within(t), stream, eventstore.Any, event(fmt.Sprint("fill ", i), `"`+big[:1000]+`"`))
		if full == nil {
			acknowledged++
		}
	}
	if !errors.Is(full, eventstore.ErrFull) {
		t.Fatalf("error is %v", full)
	}
	if _, err := s.Append(within(t), stream, eventstore.Any, event("big", big)); !errors.Is(err, eventstore.ErrFull) {
		t.Errorf("error of a big command is %v", err)
	}
	mustHave(t, s, acknowledged)
	limit(1_000_000)
	if p := add(t, s, "after"); int(p) != acknowledged+1 {
		t.Errorf("position %d, want %d", p, acknowledged+1)
	}
	closeNow(t, s)
	mustHave(t, start(t, path, sqlite.Options{}), acknowledged+1)
}

// mustHave checks that the log is n events long, in memory and on disk.
func mustHave(t *testing.T, s *eventstore.Store, n int) {
	t.Helper()
	events, err := s.ReadStream(within(t), stream.ID, 0, 1000)
	if err != nil || len(events) != n || int(s.Head().Position) != n {
		t.Errorf("%d events, error %v, head is %d, want %d", len(events), err, s.Head().Position, n)
	}
}

func tryQuery(ctx context.Context, tx eventstore.EngineTx) (err error) {
	rows, err := tx.Query(ctx, "SELECT 1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Err()
}

// TestNothingFollowsAFullDiskInItsTransaction goes on after the error: later statements must not be
// written outside the transaction, which SQLite has ended.
func TestNothingFollowsAFullDiskInItsTransaction(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	engine := open(t, path, sqlite.Options{})
	defer closeNow(t, engine)
	ctx := within(t)
	tx, err := engine.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	insert := "INSERT INTO log (lineage, created_at) VALUES (?, 0)"
	if _, err := tx.Exec(ctx, "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, insert, strings.Repeat("x", 1_000_000)); !errors.Is(err, eventstore.ErrFull) {
		t.Fatalf("error is %v", err)
	}
	_, execErr := tx.Exec(ctx, insert, "small")
	for what, err := range map[string]error{
		"exec": execErr, "query": tryQuery(ctx, tx), "savepoint": tx.Savepoint(ctx), "release": tx.Release(ctx),
		"rollback to": tx.RollbackTo(ctx), "commit": tx.Commit(ctx),
	} {
		if !errors.Is(err, eventstore.ErrFull) {
			t.Errorf("%s: error is %v", what, err)
		}
	}
	for range 2 {
		if err := tx.Rollback(); err != nil {
			t.Errorf("rollback: %v", err)
		}
	}
	if n := count(t, sqlOf(t, path), "SELECT count(*) FROM log"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	if tx, err = engine.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tx.Commit(ctx), tx.Rollback()); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}
