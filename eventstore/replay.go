package eventstore

import (
	"context"
	"fmt"
)

// Until is the end of a replay: a version, a position, or, if both are 0, the end of the stream.
type Until struct {
	Version  int
	Position Position
}

// State returns the state of a stream and its version; nil and 0 if the stream has no events up to
// that point. It starts from the nearest snapshot at or before the point.
func (s *Store) State(ctx context.Context, id StreamID, until Until) (state any, version int, err error) {
	through := until.Version
	if until.Position > 0 {
		at, err := s.engine.VersionAt(ctx, id, until.Position)
		if err != nil || at == 0 {
			return nil, 0, err
		}
		if through == 0 || at < through {
			through = at
		}
	}
	return load(ctx, s.model, s.engine, id, through)
}

// Apply returns the state of a stream after one more event, by the Model of the store.
func (s *Store) Apply(state any, e Event) (any, error) { return s.model.Apply(state, e) }

// streamReader is the part of an Engine, or of its transaction, that a replay needs.
type streamReader interface {
	ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error)
	Snapshot(ctx context.Context, id StreamID, through int, fingerprint string) (Snapshot, bool, error)
}

// load folds a stream from its latest snapshot up to the version through, or to its end if through
// is 0. It ignores a snapshot that cannot be decoded, which verify reports.
func load(ctx context.Context, m Model, r streamReader, id StreamID, through int) (state any, version int, err error) {
	s, ok, err := r.Snapshot(ctx, id, through, m.Fingerprint())
	if err != nil {
		return nil, 0, err
	}
	if ok {
		if decoded, err := m.Decode(s.Stream.Type, s.Data); err == nil {
			state, version = decoded, s.Version
		}
	}
	err = replay(ctx, m, r, id, version, through, state, func(e Event, after any) error {
		state, version = after, e.Version
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return state, version, nil
}

// replayPage is the number of events that one read returns at most.
const replayPage = 500

// replay folds a stream from the state after a version up to the version through, or to its end if
// through is 0. It calls f after each event.
func replay(ctx context.Context, m Model, r streamReader, id StreamID, after, through int, state any, f func(e Event, state any) error) error {
	for through == 0 || after < through {
		limit := replayPage
		if through > 0 {
			limit = min(limit, through-after)
		}
		events, err := r.ReadStream(ctx, id, after, limit)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			if state, err = m.Apply(state, e); err != nil {
				return fmt.Errorf("fold event %d of stream %s: %w", e.Version, id, err)
			}
			if err := f(e, state); err != nil {
				return err
			}
			after = e.Version
		}
	}
	return nil
}
