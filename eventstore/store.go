package eventstore

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Model is what the store is told to make of events. Apply is called for each
// event of a stream in order, Project right after the event was inserted, in the
// same transaction. Both run on the writer's goroutine; Apply also elsewhere, at
// the same time.
type Model interface {
	// Apply returns the state of a stream after one more event; state is nil for
	// the first. It leaves the state it was given as it is.
	Apply(state any, e Event) (any, error)
	// Project brings the rows from the state before e to the one after it.
	Project(ctx context.Context, rows Rows, e Event, before, after any) error
	// Encode returns a state as bytes for Decode, the same bytes for the same state.
	Encode(state any) ([]byte, error)
	// Decode returns the state of a stream that Encode wrote in a program with the
	// same Fingerprint.
	Decode(streamType string, data []byte) (state any, err error)
	// Fingerprint changes when Apply, Encode or Decode do. What was made with
	// another one is never used.
	Fingerprint() string
}

// Options are the limits of a store. The zero value of each means its default.
type Options struct {
	// Queue is how many commands may wait for the writer: 1024 by default.
	Queue int
	// Batch is how many commands one transaction holds at most: 256 by default.
	// 1 gives every command a transaction of its own.
	Batch int
	// Tail is how many of the latest events are kept in memory for the feed: 4096
	// by default, and at most 16 MiB of data.
	Tail int
	// SnapshotEvery is how many events a stream grows by from one snapshot to the
	// next: 100 by default. No state is further than that from a snapshot, so no
	// replay reads more events. Negative: none are made.
	SnapshotEvery int
	// Clock tells the time; time.Now by default.
	Clock func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Queue == 0 {
		o.Queue = 1024
	}
	if o.Batch == 0 {
		o.Batch = 256
	}
	if o.Tail == 0 {
		o.Tail = 4096
	}
	if o.SnapshotEvery == 0 {
		o.SnapshotEvery = 100
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

// Store is an open log: one writer, any number of readers.
type Store struct {
	engine Engine
	model  Model
	feed   *feed
	writer *writer
	every  int // from snapshot to snapshot

	archiving sync.Mutex // held while events are archived
}

// Open starts the writer on an engine. The store owns the engine from then on,
// and Close closes it.
func Open(ctx context.Context, engine Engine, model Model, o Options) (*Store, error) {
	o = o.withDefaults()
	head, err := engine.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the head of the log: %w", err)
	}
	s := &Store{engine: engine, model: model, feed: newFeed(engine, head, o.Tail), every: o.SnapshotEvery}
	s.writer = startWriter(s, o) //nolint:contextcheck // it outlives whoever opens it
	return s, nil
}

// Close lets the commands that wait be written, stops the writer, and closes the
// engine. Later commands fail with ErrClosed. It may be called twice.
func (s *Store) Close() error { return s.writer.close(s.engine.Close) }

// Head returns the end of the log: the last position whose caller was, or is
// about to be, answered.
func (s *Store) Head() Head { return s.feed.head() }

// CachedBytes estimates how many bytes of memory hold what is remembered so that it need not be
// read again: the latest events, and the states of streams that were written lately.
func (s *Store) CachedBytes() int { return s.feed.kept() + int(s.writer.states.size.Load()) }

// Lineage identifies this log among all logs. Positions of another lineage mean
// nothing here.
func (s *Store) Lineage() string { return s.engine.Lineage() }

// PurgeDeleted leaves nothing on the disk of what was deleted or replaced by transactions that
// have ended. It waits for those who read what was before, and writers wait for it.
func (s *Store) PurgeDeleted(ctx context.Context) error { return s.engine.PurgeDeleted(ctx) }

// TxCount counts the transactions that have begun and those that have ended: it is odd
// while one is under way, until its callers are answered, and rises with the next one.
func (s *Store) TxCount() int64 { return s.writer.turns.Load() }

// Size returns how large the log has grown. It may take a while.
func (s *Store) Size(ctx context.Context) (Size, error) { return s.engine.Size(ctx) }

// IsRetryable reports whether a query on the tables beside the log failed only because tables
// were made or moved at that moment: asked again, it is answered. Engines of which that
// can be so have this method too.
func (s *Store) IsRetryable(err error) bool {
	engine, ok := s.engine.(interface{ IsRetryable(err error) bool })
	return ok && engine.IsRetryable(err)
}

// Append adds events to the end of a stream and returns the position of the last
// one, once they are durable. When the stream is not as expected nothing is
// written and the error is a *ConflictError with the version it is at.
func (s *Store) Append(ctx context.Context, stream Stream, expected ExpectedVersion, events ...NewEvent) (Position, error) {
	result, err := s.Update(ctx, Command{}, func(tx *Tx) error {
		_, err := tx.Append(stream, expected, events...)
		return err
	})
	return result.Position, err
}

// Read returns up to limit events after a position, in log order: fewer when their
// data is long. It does not wait: at the end of the log, and only there, are none.
// See Wait.
func (s *Store) Read(ctx context.Context, after Position, limit int) ([]Event, error) {
	return s.feed.read(ctx, after, limit)
}

// At returns the events at some positions, which rise or fall, in their order and
// without those where there is none: fewer when their data is long, and at least the
// first.
func (s *Store) At(ctx context.Context, positions []Position) ([]Event, error) {
	return s.feed.at(ctx, positions)
}

// Wait returns once there are events after a position, or when ctx ends.
func (s *Store) Wait(ctx context.Context, after Position) error { return s.feed.wait(ctx, after) }

// ReadStream returns up to limit events of a stream after a version, in order.
func (s *Store) ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error) {
	return s.engine.ReadStream(ctx, id, after, limit)
}

// Stream returns a stream as it is now. The error is a *NoStreamError when it does not
// exist.
func (s *Store) Stream(ctx context.Context, id StreamID) (StreamStatus, error) {
	status, err := s.engine.Stream(ctx, id)
	if err == nil && status.Version == 0 {
		err = &NoStreamError{id}
	}
	return status, err
}

// EachStream calls f for every stream, in the order of their ids, until it fails.
func (s *Store) EachStream(ctx context.Context, f func(StreamStatus) error) error {
	return EachStream(ctx, s.engine, f)
}

// PositionAt returns the position of the last event recorded at or before an
// instant, 0 when there is none. Later events may still be recorded at or before an
// instant that is not settled: see CloseInstant.
func (s *Store) PositionAt(ctx context.Context, at time.Time) (Position, error) {
	return s.engine.PositionAt(ctx, at)
}

// CloseInstant returns once nothing will be recorded at or before an instant any more,
// whatever the clock does: what PositionAt says of it is final. That takes until
// the transaction under way has ended. An instant in the future makes the log's
// instants follow it.
func (s *Store) CloseInstant(ctx context.Context, at time.Time) error {
	return s.writer.settle(ctx, at)
}
