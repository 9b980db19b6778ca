package eventstore

import (
	"context"
	"fmt"
)

// Snapshot is the state of a stream at one of its versions, from which a replay can start.
// Snapshots may be discarded at any time, since they hold nothing that the events do not.
type Snapshot struct {
	Stream   Stream
	Version  int
	Position Position
	// Fingerprint is the fingerprint of the Model that made the snapshot.
	Fingerprint string
	Data        []byte
}

// snapshot returns the snapshot of the state after an event.
func snapshot(m Model, e Event, state any) (Snapshot, error) {
	data, err := m.Encode(state)
	if err != nil {
		return Snapshot{}, fmt.Errorf("encode the state of stream %s at version %d: %w", e.Stream.ID, e.Version, err)
	}
	return Snapshot{e.Stream, e.Version, e.Position, m.Fingerprint(), data}, nil
}

// keep writes snapshots.
func (tx *Tx) keep(snapshots ...Snapshot) error {
	for _, s := range snapshots {
		if err := tx.engine.KeepSnapshot(tx.ctx, s); err != nil {
			return fmt.Errorf("keep the snapshot of stream %s at version %d: %w", s.Stream.ID, s.Version, err)
		}
	}
	return nil
}

// due reports whether a stream gets a snapshot at a version.
func due(every, version int) bool { return every > 0 && version%every == 0 }

// Snapshot makes a snapshot of the present state of a stream and returns it. The error is a
// *NoStreamError if the stream does not exist.
func (s *Store) Snapshot(ctx context.Context, id StreamID) (taken Snapshot, err error) {
	_, err = s.Update(ctx, Command{}, func(tx *Tx) error {
		f, err := tx.load(id)
		if err != nil {
			return err
		}
		if f.version == 0 {
			return &NoStreamError{id}
		}
		last, err := tx.engine.ReadStream(ctx, id, f.version-1, 1)
		if err != nil {
			return err
		}
		if len(last) == 0 {
			return fmt.Errorf("stream %s has no event %d: run flightdeck verify", id, f.version)
		}
		if taken, err = snapshot(s.model, last[0], f.state); err != nil {
			return err
		}
		return tx.keep(taken)
	})
	return taken, err
}

// SnapshotAll makes the missing snapshots of all streams, at the versions at which the writer makes
// them, and discards the snapshots with another fingerprint. It returns the number of new
// snapshots. progress, which may be nil, receives the number of streams that are done. SnapshotAll
// may run beside writers, and again at any time.
func (s *Store) SnapshotAll(ctx context.Context, progress func(streams int)) (made int, err error) {
	if _, err := s.Update(ctx, Command{}, func(tx *Tx) error { return tx.engine.DropSnapshots(ctx, s.model.Fingerprint()) }); err != nil {
		return 0, fmt.Errorf("discard snapshots: %w", err)
	}
	done := 0
	err = EachStream(ctx, s.engine, func(stream StreamStatus) error {
		n, err := s.fill(ctx, stream)
		made += n
		if done++; progress != nil {
			progress(done)
		}
		return err
	})
	return made, err
}

// EachStream calls f for every stream in order of ids, until f returns an error.
func EachStream(ctx context.Context, r Reader, f func(StreamStatus) error) error {
	const page = 100
	for after := StreamID(""); ; {
		streams, err := r.Streams(ctx, after, page)
		if err != nil {
			return err
		}
		for _, stream := range streams {
			if err := f(stream); err != nil {
				return err
			}
			after = stream.ID
		}
		if len(streams) < page {
			return nil
		}
	}
}

// maxSnapshots bounds the data of snapshots that are written in one command.
const maxSnapshots = 1 << 20

// fill makes the missing snapshots of a stream.
func (s *Store) fill(ctx context.Context, stream StreamStatus) (made int, err error) {
	if s.every < 0 || stream.Version < s.every {
		return 0, nil
	}
	there, err := s.engine.Snapshots(ctx, stream.ID)
	if err != nil {
		return 0, err
	}
	has := make(map[int]bool, len(there))
	for _, snapshot := range there {
		has[snapshot.Version] = true
	}
	var missing []Snapshot
	size := 0
	keep := func() error {
		_, err := s.Update(ctx, Command{}, func(tx *Tx) error { return tx.keep(missing...) })
		made += len(missing)
		missing, size = nil, 0
		return err
	}
	err = replay(ctx, s.model, s.engine, stream.ID, 0, 0, nil, func(e Event, state any) error {
		if !due(s.every, e.Version) || has[e.Version] {
			return nil
		}
		taken, err := snapshot(s.model, e, state)
		if err != nil {
			return err
		}
		missing = append(missing, taken)
		if size += len(taken.Data); size < maxSnapshots {
			return nil
		}
		return keep()
	})
	if err == nil && len(missing) > 0 {
		err = keep()
	}
	return made, err
}
