package sqlite

import (
	"context"
	"database/sql"
	"math"

	"flightdeck/eventstore"
)

// Snapshot returns the latest snapshot of a stream with a fingerprint, up to the version through,
// or up to the end if through is 0.
func (q queries) Snapshot(ctx context.Context, id eventstore.StreamID, through int, fingerprint string) (s eventstore.Snapshot, found bool, err error) {
	if through == 0 {
		through = math.MaxInt
	}
	s.Stream.ID, s.Fingerprint = id, fingerprint
	found, err = q.one(ctx, selectSnapshot, []any{string(id), through, fingerprint}, &s.Stream.Type, &s.Version, &s.Position, &s.Data)
	return s, found, err
}

// Snapshots returns all snapshots of a stream, in order, without their data.
func (q queries) Snapshots(ctx context.Context, id eventstore.StreamID) (all []eventstore.Snapshot, err error) {
	err = q.each(ctx, selectSnapshots, []any{string(id)}, func(rows *sql.Rows) error {
		s := eventstore.Snapshot{Stream: eventstore.Stream{ID: id}}
		err := rows.Scan(&s.Stream.Type, &s.Version, &s.Position, &s.Fingerprint)
		all = append(all, s)
		return err
	})
	return all, err
}

// KeepSnapshot writes a snapshot and replaces one of the same version.
func (t *tx) KeepSnapshot(ctx context.Context, s eventstore.Snapshot) error {
	return t.run(ctx, "INSERT OR REPLACE INTO snapshots (stream_id, version, stream_type, position, fingerprint, data) VALUES (?, ?, ?, ?, ?, ?)",
		string(s.Stream.ID), s.Version, s.Stream.Type, int64(s.Position), s.Fingerprint, s.Data)
}

// DropSnapshots deletes the snapshots with any other fingerprint.
func (t *tx) DropSnapshots(ctx context.Context, fingerprint string) error {
	return t.run(ctx, "DELETE FROM snapshots WHERE fingerprint <> ?", fingerprint)
}
