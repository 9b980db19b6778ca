package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"flightdeck/eventstore"
)

const columns = `position, id, stream_id, stream_type, version, type, schema_version,
	actor, correlation_id, causation_id, trace_id, recorded_at, hash, data`

// An archived event is a position and a block: the rest is in the block.
const (
	live     = "SELECT " + columns + ", 0 AS block FROM events WHERE "
	archived = " UNION ALL SELECT position, '', '', '', version, '', 0, '', '', '', '', 0, x'', '', block FROM archived_events WHERE "
	// number selects the number of the stream ?1 in the archive.
	number = "(SELECT stream FROM archive_streams WHERE stream_id = ?1)"
)

// The queries of the log. Each is one statement, so that it sees an event in one of its two places
// while events are being archived.
const (
	selectHead   = "SELECT position, recorded_at, hash FROM events ORDER BY position DESC LIMIT 1"
	selectAfter  = live + "position > ?1" + archived + "position > ?1 ORDER BY position LIMIT ?2"
	selectStream = live + "stream_id = ?1 AND version > ?2" + archived + "stream = " + number + " AND version > ?2 ORDER BY version LIMIT ?3"
	selectAt     = live + "position IN (SELECT value FROM json_each(?1))" + archived + "position IN (SELECT value FROM json_each(?1)) ORDER BY position"
	selectAtDown = selectAt + " DESC"

	selectInstant = `SELECT max(coalesce((SELECT position FROM events WHERE recorded_at <= ?1 ORDER BY recorded_at DESC LIMIT 1), 0),
		coalesce((SELECT position FROM archived_events WHERE recorded_at <= ?1 ORDER BY recorded_at DESC LIMIT 1), 0))`
	selectVersion = `SELECT coalesce((SELECT version FROM events WHERE stream_id = ?1 AND position <= ?2 ORDER BY version DESC LIMIT 1),
		(SELECT version FROM archived_events WHERE stream = ` + number + ` AND position <= ?2 ORDER BY version DESC LIMIT 1), 0)`

	status = `SELECT stream_id, type, version, coalesce((SELECT a.version FROM archived_events AS a
		WHERE a.stream = (SELECT s.stream FROM archive_streams AS s WHERE s.stream_id = streams.stream_id) ORDER BY a.version DESC LIMIT 1), 0) FROM streams`
	selectStatus     = status + " WHERE stream_id = ?"
	selectStatuses   = status + " WHERE stream_id > ? ORDER BY stream_id LIMIT ?"
	selectCheckpoint = "SELECT name, position FROM checkpoints ORDER BY position, name LIMIT 1"
	selectSnapshot   = `SELECT stream_type, version, position, data FROM snapshots
		WHERE stream_id = ? AND version <= ? AND fingerprint = ? ORDER BY version DESC LIMIT 1`
	selectSnapshots  = "SELECT stream_type, version, position, fingerprint FROM snapshots WHERE stream_id = ? ORDER BY version"
	selectBlock      = "SELECT dictionary, data FROM archive_blocks WHERE block = ?"
	selectDictionary = "SELECT data FROM archive_dictionaries WHERE dictionary = ?"
)

// queries reads the log, through the pools of read-only connections or inside the write
// transaction.
type queries struct {
	ask    func(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	blocks *blocks
}

// pool is a pool of read-only connections, with its statements prepared.
type pool struct {
	db       *sql.DB
	prepared map[string]*sql.Stmt
}

// pointQueries go straight to a row, pageQueries read many. Each kind has a pool of its own, so
// that no page makes a point wait.
var (
	pointQueries = []string{selectHead, selectInstant, selectVersion, selectStatus, selectCheckpoint, selectSnapshot, selectBlock, selectDictionary}
	pageQueries  = []string{selectAfter, selectStream, selectAt, selectAtDown, selectStatuses, selectSnapshots}
)

func (p *pool) prepare(ctx context.Context, queries []string) (err error) {
	p.prepared = make(map[string]*sql.Stmt)
	for _, query := range queries {
		if p.prepared[query], err = p.db.PrepareContext(ctx, query); err != nil {
			return translate(err)
		}
	}
	return nil
}

// askPool runs a query of the log on the pool of its kind.
func (e *Engine) askPool(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, ok := e.points.prepared[query]
	if !ok {
		stmt = e.pages.prepared[query]
	}
	for {
		rows, err := stmt.QueryContext(ctx, args...)
		if !schemaChanged(err) {
			return rows, err
		}
	}
}

// one scans the only row of a query. found is false if there is none.
func (q queries) one(ctx context.Context, query string, args []any, dest ...any) (found bool, err error) {
	err = q.each(ctx, query, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	})
	return found, err
}

// each calls f for every row of a query.
func (q queries) each(ctx context.Context, query string, args []any, f func(*sql.Rows) error) (err error) {
	rows, err := q.ask(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return translate(err)
		}
	}
	return translate(rows.Err())
}

// Head returns the end of the log.
func (q queries) Head(ctx context.Context) (h eventstore.Head, err error) {
	var micros int64
	var hash []byte
	found, err := q.one(ctx, selectHead, nil, &h.Position, &micros, &hash)
	if err != nil || !found {
		return eventstore.Head{}, err
	}
	h.RecordedAt = time.UnixMicro(micros).UTC()
	copy(h.Hash[:], hash)
	return h, nil
}

// Read returns up to limit events after a position, in log order.
func (q queries) Read(ctx context.Context, after eventstore.Position, limit int) ([]eventstore.Event, error) {
	return q.events(ctx, selectAfter, int64(after), limit)
}

// ReadStream returns up to limit events of a stream after a version, in order.
func (q queries) ReadStream(ctx context.Context, id eventstore.StreamID, after, limit int) ([]eventstore.Event, error) {
	return q.events(ctx, selectStream, string(id), after, limit)
}

// At returns the events at positions in ascending or descending order, in that order.
func (q queries) At(ctx context.Context, positions []eventstore.Position) ([]eventstore.Event, error) {
	list, err := json.Marshal(positions)
	if err != nil {
		return nil, err
	}
	query := selectAt
	if len(positions) > 1 && positions[0] > positions[1] {
		query = selectAtDown
	}
	return q.events(ctx, query, string(list))
}

// PositionAt returns the position of the last event recorded at or before an instant, 0 if there is
// none.
func (q queries) PositionAt(ctx context.Context, at time.Time) (p eventstore.Position, err error) {
	_, err = q.one(ctx, selectInstant, []any{at.UnixMicro()}, &p)
	return p, err
}

// Stream returns the present status of a stream; the version is 0 if the stream does not exist.
func (q queries) Stream(ctx context.Context, id eventstore.StreamID) (s eventstore.StreamStatus, err error) {
	_, err = q.one(ctx, selectStatus, []any{string(id)}, &s.ID, &s.Type, &s.Version, &s.Archived)
	return s, err
}

// Streams returns up to limit streams with ids after the given one, in order.
func (q queries) Streams(ctx context.Context, after eventstore.StreamID, limit int) (all []eventstore.StreamStatus, err error) {
	err = q.each(ctx, selectStatuses, []any{string(after), limit}, func(rows *sql.Rows) error {
		var s eventstore.StreamStatus
		err := rows.Scan(&s.ID, &s.Type, &s.Version, &s.Archived)
		all = append(all, s)
		return err
	})
	return all, err
}

// VersionAt returns the version of a stream at a position.
func (q queries) VersionAt(ctx context.Context, id eventstore.StreamID, p eventstore.Position) (version int, err error) {
	_, err = q.one(ctx, selectVersion, []any{string(id), int64(p)}, &version)
	return version, err
}

// SlowestCheckpoint returns the name and the position of the checkpoint that lags most.
func (q queries) SlowestCheckpoint(ctx context.Context) (name string, p eventstore.Position, err error) {
	p = eventstore.Forever
	_, err = q.one(ctx, selectCheckpoint, nil, &name, &p)
	return name, p, err
}

// pageBytes bounds the data of a page of events, roughly: the page ends after the event that
// reaches the bound. Each follower of the log keeps a page in memory.
const pageBytes = 1 << 20

// events runs a query for a page of events, and unpacks the archived ones from their blocks.
func (q queries) events(ctx context.Context, query string, args ...any) (events []eventstore.Event, err error) {
	rows, err := q.ask(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	var packed []int64 // the block of each event, 0 for an event outside the archive
	size := 0
	for size < pageBytes && rows.Next() {
		e, block, err := scan(rows)
		if err != nil {
			return nil, errors.Join(translate(err), rows.Close())
		}
		events, packed = append(events, e), append(packed, block)
		size += len(e.Data)
	}
	if err := errors.Join(translate(rows.Err()), rows.Close()); err != nil {
		return nil, err
	}
	size = 0
	for i, block := range packed {
		if block != 0 {
			if events[i], err = q.unpack(ctx, block, events[i].Position); err != nil {
				return nil, err
			}
		}
		if size += len(events[i].Data); size >= pageBytes {
			return events[:i+1], nil
		}
	}
	return events, nil
}

func scan(rows *sql.Rows) (e eventstore.Event, block int64, err error) {
	var micros int64
	var hash sql.RawBytes
	var data string
	err = rows.Scan(&e.Position, &e.ID, &e.Stream.ID, &e.Stream.Type, &e.Version, &e.Type, &e.SchemaVersion,
		&e.Actor, &e.CorrelationID, &e.CausationID, &e.TraceID, &micros, &hash, &data, &block)
	e.RecordedAt = time.UnixMicro(micros).UTC()
	copy(e.Hash[:], hash)
	e.Data = []byte(data)
	return e, block, err
}

// unpack returns the event at a position from its block. The error is a *eventstore.BrokenError if
// the block does not contain the event.
func (q queries) unpack(ctx context.Context, block int64, p eventstore.Position) (eventstore.Event, error) {
	events, err := q.blocks.get(ctx, q, block)
	if err != nil && ctx.Err() == nil {
		err = &eventstore.BrokenError{Position: p, Reason: err.Error()}
	}
	if err != nil {
		return eventstore.Event{}, err
	}
	i, ok := slices.BinarySearchFunc(events, p, func(e eventstore.Event, p eventstore.Position) int { return int(e.Position - p) })
	if !ok {
		return eventstore.Event{}, &eventstore.BrokenError{Position: p, Reason: fmt.Sprintf("it is not in its block %d of the archive", block)}
	}
	return events[i], nil
}
