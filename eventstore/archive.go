package eventstore

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// The archive is a storage tier: its events are read like all others, by the same methods, and take
// less room. The latest event of a stream is never archived.

// The bounds of a move, which is one command. A move is small at first and beside other writers, so
// that they wait briefly. It doubles after each move without another writer, since larger moves
// change a page of a table less often.
const (
	minMoved = 500
	maxMoved = 16_000
	// movedBytes bounds the data of a move, of events and snapshots, per event of its bound.
	movedBytes = 2 << 10
)

// Archive moves the events of a stream up to a version into the archive. Before it moves them it
// proves that the state at the end of the stream also follows from a snapshot at that version and
// the events after it. It returns the new status of the stream; archiving archived events again is
// no error. A long stream is moved in several transactions: after a crash its first part is
// archived, and the same call moves the rest.
//
// The error is a *NoStreamError if the stream does not exist, and a *RefusedError if the version is
// not before the latest one, if a checkpoint is not past it, or if another archive is under way.
func (s *Store) Archive(ctx context.Context, id StreamID, through int) (StreamStatus, error) {
	stream, err := s.Stream(ctx, id)
	switch {
	case err != nil:
		return stream, err
	case through < 1:
		return stream, refused("version %d does not exist: versions begin with 1", through)
	case through >= stream.Version:
		return stream, refused("stream %s is at version %d, and its latest event is not archived: choose a version up to %d", id, stream.Version, stream.Version-1)
	}
	a, err := s.beginArchive()
	if err != nil {
		return stream, err
	}
	defer a.end()
	if err := a.add(ctx, stream, through); err != nil {
		return stream, err
	}
	if err := a.flush(ctx); err != nil {
		return stream, err
	}
	return s.Stream(ctx, id)
}

// ArchiveRule selects the events to archive.
type ArchiveRule struct {
	// Before is the latest instant of recording.
	Before time.Time
	// Keep is the number of latest events of each stream that stay; at least 1.
	Keep int
}

// ArchiveAll archives the events of all streams that a rule selects and that all checkpoints are
// past. It returns the number of moved events; progress, which may be nil, receives the number of
// streams that are done and of moved events. After a crash or an error the moved events stay
// archived, and the same call moves the rest.
func (s *Store) ArchiveAll(ctx context.Context, rule ArchiveRule, progress func(streams, events int)) (moved int, err error) {
	a, err := s.beginArchive()
	if err != nil {
		return 0, err
	}
	defer a.end()
	before, err := s.engine.PositionAt(ctx, rule.Before)
	if err != nil {
		return 0, err
	}
	_, slowest, err := s.engine.SlowestCheckpoint(ctx)
	if err != nil {
		return 0, err
	}
	before = min(before, slowest)
	streams := 0
	err = EachStream(ctx, s.engine, func(stream StreamStatus) error {
		through, err := s.engine.VersionAt(ctx, stream.ID, before)
		if err != nil {
			return err
		}
		through = min(through, stream.Version-max(rule.Keep, 1))
		if through > stream.Archived {
			if err := a.add(ctx, stream, through); err != nil {
				return err
			}
		}
		if streams++; progress != nil {
			progress(streams, a.moved)
		}
		return nil
	})
	if err == nil {
		err = a.flush(ctx)
	}
	return a.moved, err
}

// archive is an archive under way, with the moves that wait to be written together.
type archive struct {
	*Store
	snapshots []Snapshot
	events    []Event
	size      int // the size of the data of both
	most      int // the bound of a move, in events
	head      Position
	moved     int
}

func (s *Store) beginArchive() (*archive, error) {
	if !s.archiving.TryLock() {
		return nil, refused("another archive is under way: try again when it has ended")
	}
	return &archive{Store: s, most: minMoved}, nil
}

func (a *archive) end() { a.archiving.Unlock() }

// add moves the events of a stream up to a version, or leaves a last part of them for flush.
func (a *archive) add(ctx context.Context, stream StreamStatus, through int) error {
	proved, err := a.prove(ctx, stream.ID, through)
	if err != nil {
		return err
	}
	a.snapshots = append(a.snapshots, proved)
	a.size += len(proved.Data)
	for version := stream.Archived; version < through; {
		events, err := a.engine.ReadStream(ctx, stream.ID, version, min(minMoved, through-version))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return fmt.Errorf("stream %s has no event %d: run flightdeck verify", stream.ID, version+1)
		}
		for _, e := range events {
			a.events = append(a.events, e)
			a.size += len(e.Data)
			version = e.Version
		}
		if len(a.events) >= a.most || a.size >= a.most*movedBytes {
			if err := a.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// prove folds a stream twice: whole, and from its state at a version after an encoding and
// decoding. It returns the snapshot of that version if both folds agree at the end of the stream.
func (a *archive) prove(ctx context.Context, id StreamID, through int) (Snapshot, error) {
	var taken Snapshot
	var whole, tail any
	err := replay(ctx, a.model, a.engine, id, 0, 0, nil, func(e Event, state any) (err error) {
		whole = state
		switch {
		case e.Version == through:
			if taken, err = snapshot(a.model, e, state); err != nil {
				return err
			}
			tail, err = a.model.Decode(e.Stream.Type, taken.Data)
		case e.Version > through:
			tail, err = a.model.Apply(tail, e)
		}
		return err
	})
	if err != nil {
		return taken, err
	}
	if taken.Version != through {
		return taken, fmt.Errorf("stream %s has no event %d: run flightdeck verify", id, through)
	}
	first, err := a.model.Encode(whole)
	if err != nil {
		return taken, err
	}
	second, err := a.model.Encode(tail)
	if err != nil {
		return taken, err
	}
	if !bytes.Equal(first, second) {
		return taken, fmt.Errorf("stream %s is not archived: its state does not follow from the snapshot of version %d", id, through)
	}
	return taken, nil
}

// flush writes the waiting moves in one transaction.
func (a *archive) flush(ctx context.Context) error {
	if len(a.events) == 0 {
		return nil
	}
	last := Position(0)
	for _, e := range a.events {
		last = max(last, e.Position)
	}
	_, err := a.Update(ctx, Command{}, func(tx *Tx) error {
		name, slowest, err := tx.engine.SlowestCheckpoint(tx.ctx)
		if err != nil {
			return err
		}
		if last > slowest {
			return refused("position %s is not archived: %s has followed the log only up to %s: try again when it has caught up", last, name, slowest)
		}
		if err := tx.keep(a.snapshots...); err != nil {
			return err
		}
		return tx.engine.Archive(tx.ctx, a.events)
	})
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	a.moved += len(a.events)
	a.snapshots, a.events, a.size = nil, nil, 0
	before := a.head
	if a.head = a.Head().Position; a.head == before {
		a.most = min(2*a.most, maxMoved)
	} else {
		a.most = minMoved
	}
	return nil
}
