package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"flightdeck/eventstore"
)

const columns = `position, id, stream_id, stream_type, version, type, schema_version,
	actor, correlation_id, causation_id, trace_id, recorded_at, hash, data`

// Queries that read the log.
const (
	selectHead   = "SELECT position, recorded_at, hash FROM events ORDER BY position DESC LIMIT 1"
	selectAfter  = "SELECT " + columns + " FROM events WHERE position > ? ORDER BY position LIMIT ?"
	selectStream = "SELECT " + columns + " FROM events WHERE stream_id = ? AND version > ? ORDER BY version LIMIT ?"
	selectAt     = "SELECT position FROM events WHERE recorded_at <= ? ORDER BY recorded_at DESC LIMIT 1"
)

// reader reads the log through the pool of read-only connections. It implements
// eventstore.Reader.
type reader struct {
	db                      *sql.DB
	head, after, stream, at *sql.Stmt
}

func (r *reader) prepare(ctx context.Context) (err error) {
	for query, stmt := range map[string]**sql.Stmt{
		selectHead: &r.head, selectAfter: &r.after, selectStream: &r.stream, selectAt: &r.at,
	} {
		if *stmt, err = r.db.PrepareContext(ctx, query); err != nil {
			return translate(err)
		}
	}
	return nil
}

// Head returns the end of the log.
func (r *reader) Head(ctx context.Context) (h eventstore.Head, err error) {
	var micros int64
	var hash []byte
	err = r.head.QueryRowContext(ctx).Scan(&h.Position, &micros, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return eventstore.Head{}, nil
	}
	h.RecordedAt = time.UnixMicro(micros).UTC()
	copy(h.Hash[:], hash)
	return h, translate(err)
}

// Read returns up to limit events after a position, in log order.
func (r *reader) Read(ctx context.Context, after eventstore.Position, limit int) ([]eventstore.Event, error) {
	return scanAll(r.after.QueryContext(ctx, after, limit))
}

// ReadStream returns up to limit events of a stream after a version, in order.
func (r *reader) ReadStream(ctx context.Context, id eventstore.StreamID, after, limit int) ([]eventstore.Event, error) {
	return scanAll(r.stream.QueryContext(ctx, string(id), after, limit))
}

// PositionAt returns the position of the last event recorded at or before an
// instant, 0 when there is none.
func (r *reader) PositionAt(ctx context.Context, at time.Time) (p eventstore.Position, err error) {
	err = r.at.QueryRowContext(ctx, at.UnixMicro()).Scan(&p)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return p, translate(err)
}

// pageBytes is about how much data of events is read at once: a page ends after the
// event that reaches it.
const pageBytes = 4 << 20

// scanAll reads and closes the rows of a query for events.
func scanAll(rows *sql.Rows, queried error) (events []eventstore.Event, err error) {
	if queried != nil {
		return nil, translate(queried)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for size := 0; size < pageBytes && rows.Next(); {
		e, err := scan(rows)
		if err != nil {
			return nil, translate(err)
		}
		events = append(events, e)
		size += len(e.Data)
	}
	return events, translate(rows.Err())
}

func scan(rows *sql.Rows) (e eventstore.Event, err error) {
	var micros int64
	var hash sql.RawBytes
	var data string
	err = rows.Scan(&e.Position, &e.ID, &e.Stream.ID, &e.Stream.Type, &e.Version, &e.Type, &e.SchemaVersion,
		&e.Actor, &e.CorrelationID, &e.CausationID, &e.TraceID, &micros, &hash, &data)
	e.RecordedAt = time.UnixMicro(micros).UTC()
	copy(e.Hash[:], hash)
	e.Data = []byte(data)
	return e, err
}
