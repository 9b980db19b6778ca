package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"flightdeck/eventstore"
)

// Fault is a fault of the file.
type Fault struct {
	// Position is the position of the event at fault, 0 if the fault concerns no event.
	Position eventstore.Position `json:"position,omitzero"`
	Reason   string              `json:"reason"`
}

func (f Fault) String() string {
	if f.Position == 0 {
		return f.Reason
	}
	return fmt.Sprintf("position %s: %s", f.Position, f.Reason)
}

// Check finds the faults that the chain of hashes does not show, up to a position, and calls report
// for each: damaged pages, guards of the log that differ from those of the migrations, and archived
// events whose rows do not lead to them. It may run beside a server that writes.
func (e *Engine) Check(ctx context.Context, to eventstore.Position, report func(Fault)) error {
	rows := queries{ask: e.pages.db.QueryContext}
	if err := rows.each(ctx, "PRAGMA integrity_check(20)", nil, func(r *sql.Rows) error {
		var said string
		err := r.Scan(&said)
		if said != "ok" {
			report(Fault{Reason: said})
		}
		return err
	}); err != nil {
		return fmt.Errorf("check the file: %w", err)
	}
	if err := e.checkSchema(ctx, report); err != nil {
		return fmt.Errorf("check the guards: %w", err)
	}
	return e.checkArchive(ctx, to, report)
}

const selectSchema = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name"

// checkSchema compares the tables, views and triggers of the log with those that the migrations
// make of an empty file.
func (e *Engine) checkSchema(ctx context.Context, report func(Fault)) (err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := migrate(ctx, conn, []eventstore.Migrations{logMigrations()}); err != nil {
		return err
	}
	want, err := schemaOf(ctx, queries{ask: conn.QueryContext})
	if err != nil {
		return err
	}
	have, err := schemaOf(ctx, queries{ask: e.pages.db.QueryContext})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch text, ok := have[name]; {
		case !ok:
			report(Fault{Reason: "the " + name + " is missing"})
		case text != want[name]:
			report(Fault{Reason: "the " + name + " was changed"})
		}
	}
	return nil
}

// schemaOf returns the SQL of every object of a database by kind and name.
func schemaOf(ctx context.Context, q queries) (map[string]string, error) {
	schema := make(map[string]string)
	err := q.each(ctx, selectSchema, nil, func(r *sql.Rows) error {
		var kind, name, text string
		err := r.Scan(&kind, &name, &text)
		schema[kind+" "+name] = text
		return err
	})
	return schema, err
}

// checkArchive compares the rows that lead to archived events with the events.
func (e *Engine) checkArchive(ctx context.Context, to eventstore.Position, report func(Fault)) error {
	const page = 1000
	for after := eventstore.Position(0); ; {
		var found []eventstore.Event
		var blocks []int64
		q := queries{ask: e.pages.db.QueryContext}
		if err := q.each(ctx, `SELECT a.position, coalesce(s.stream_id, ''), coalesce(s.type, ''), a.version, coalesce(t.text, ''), coalesce(u.text, ''), a.recorded_at, a.block
			FROM archived_events AS a LEFT JOIN archive_streams AS s ON s.stream = a.stream
			LEFT JOIN archive_names AS t ON t.name = a.type LEFT JOIN archive_names AS u ON u.name = a.actor
			WHERE a.position > ? AND a.position <= ? ORDER BY a.position LIMIT ?`, []any{int64(after), int64(to), page}, func(r *sql.Rows) error {
			var row eventstore.Event
			var micros, block int64
			err := r.Scan(&row.Position, &row.Stream.ID, &row.Stream.Type, &row.Version, &row.Type, &row.Actor, &micros, &block)
			row.RecordedAt = time.UnixMicro(micros).UTC()
			found, blocks = append(found, row), append(blocks, block)
			return err
		}); err != nil {
			return err
		}
		for i, row := range found {
			after = row.Position
			event, err := e.unpack(ctx, blocks[i], row.Position)
			if broken, ok := errors.AsType[*eventstore.BrokenError](err); ok {
				report(Fault{broken.Position, broken.Reason})
				continue
			}
			if err != nil {
				return err
			}
			if row.Stream != event.Stream || row.Version != event.Version || row.Type != event.Type ||
				row.Actor != event.Actor || !row.RecordedAt.Equal(event.RecordedAt) {
				report(Fault{row.Position, "the archive finds the event as another one than it is"})
			}
		}
		if len(found) < page {
			return nil
		}
	}
}
