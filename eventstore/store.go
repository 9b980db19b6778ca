package eventstore

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Model gives events their meaning. The store calls Apply for each event of a stream in order, and
// Project right after the event was inserted, in the same transaction. Both run on the writer's
// goroutine; Apply runs on others too, concurrently.
type Model interface {
	// Apply returns the state of a stream after one more event; state is nil for the first event.
	// Apply must not change the given state.
	Apply(state any, e Event) (any, error)
	// Project changes the rows from the state before e to the state after e.
	Project(ctx context.Context, rows Rows, e Event, before, after any) error
	// Encode returns a state as bytes for Decode: equal states have equal bytes.
	Encode(state any) ([]byte, error)
	// Decode returns the state of a stream that Encode wrote in a program with the same
	// Fingerprint.
	Decode(streamType string, data []byte) (state any, err error)
	// Fingerprint changes when Apply, Encode or Decode change. The store never uses data with
	// another fingerprint.
	Fingerprint() string
}

// Options are the limits of a store. A zero value means the default.
type Options struct {
	// Queue bounds the commands that wait for the writer: 1024 by default.
	Queue int
	// Batch bounds the commands of one transaction: 256 by default. With 1 every command has a
	// transaction of its own.
	Batch int
	// Tail bounds the latest events that the feed holds in memory: 4096 by default, and at most 8
	// MiB of data.
	Tail int
	// SnapshotEvery is the number of events of a stream between two snapshots: 100 by default. No
	// state is further from a snapshot, so that no replay reads more events. Negative: no
	// snapshots.
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
	pages  *pages
	writer *writer
	every  int // the number of events between two snapshots

	archiving sync.Mutex // held while events are archived
}

// Open starts the writer on an engine. The store owns the engine from then on, and Close closes it.
func Open(ctx context.Context, engine Engine, model Model, o Options) (*Store, error) {
	o = o.withDefaults()
	head, err := engine.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the head of the log: %w", err)
	}
	s := &Store{engine: engine, model: model, feed: newFeed(engine, head, o.Tail), pages: newPages(engine), every: o.SnapshotEvery}
	s.writer = startWriter(s, o) //nolint:contextcheck // it outlives the caller of Open
	return s, nil
}

// Close waits until the queued commands are written, stops the writer, and closes the engine. Later
// commands fail with ErrClosed. Close may be called twice.
func (s *Store) Close() error { return s.writer.close(s.engine.Close) }

// Head returns the end of the log: every event up to its position is durable.
func (s *Store) Head() Head { return s.feed.head() }

// CachedBytes estimates the memory of the caches in bytes: the latest events, those that followers
// have read last, and the states of recently written streams.
func (s *Store) CachedBytes() int {
	return s.feed.cachedBytes() + s.pages.cachedBytes() + int(s.writer.states.size.Load())
}

// Lineage identifies this log among all logs. Positions of another lineage have no meaning here.
func (s *Store) Lineage() string { return s.engine.Lineage() }

// PurgeDeleted removes from the disk all data that ended transactions have deleted or replaced. It
// waits for readers of older data, and writers wait for it.
func (s *Store) PurgeDeleted(ctx context.Context) error { return s.engine.PurgeDeleted(ctx) }

// TxCount returns the number of transactions that have begun plus the number that have ended: it is
// odd while a transaction is under way, until its callers are answered.
func (s *Store) TxCount() int64 { return s.writer.txCount.Load() }

// Size returns the size of the log. It may take a while.
func (s *Store) Size(ctx context.Context) (Size, error) { return s.engine.Size(ctx) }

// IsRetryable reports whether a query on the tables beside the log failed because tables were
// created or swapped at that moment, so that a second try succeeds. An engine with such errors has
// a method of the same name.
func (s *Store) IsRetryable(err error) bool {
	engine, ok := s.engine.(interface{ IsRetryable(err error) bool })
	return ok && engine.IsRetryable(err)
}

// Append adds events to the end of a stream and returns the position of the last one, once they are
// durable. If the stream is not at the expected version, nothing is written, and the error is a
// *ConflictError with the actual version.
func (s *Store) Append(ctx context.Context, stream Stream, expected ExpectedVersion, events ...NewEvent) (Position, error) {
	result, err := s.Update(ctx, Command{}, func(tx *Tx) error {
		_, err := tx.Append(stream, expected, events...)
		return err
	})
	return result.Position, err
}

// Read returns up to limit events after a position in log order. It returns fewer events if their
// data is long, and none only at the end of the log. It does not wait; see Wait.
func (s *Store) Read(ctx context.Context, after Position, limit int) ([]Event, error) {
	return s.feed.read(ctx, after, limit)
}

// Follow is Read for followers of the log, who read it from page to page. Those at one place share
// the events, which must not be changed.
func (s *Store) Follow(ctx context.Context, after Position, limit int) ([]Event, error) {
	if events, ok := s.feed.fromTail(after, limit); ok {
		return events, nil
	}
	return s.pages.read(ctx, after, limit)
}

// IsLive reports whether the events after a position are among the latest ones in memory.
func (s *Store) IsLive(after Position) bool {
	_, ok := s.feed.fromTail(after, 0)
	return ok
}

// At returns the events at positions in ascending or descending order, in that order, and skips
// positions without an event. It returns fewer events if their data is long, and at least the
// first.
func (s *Store) At(ctx context.Context, positions []Position) ([]Event, error) {
	return s.feed.at(ctx, positions)
}

// Wait blocks until there are events after a position, or ctx ends.
func (s *Store) Wait(ctx context.Context, after Position) error { return s.feed.wait(ctx, after) }

// ReadStream returns up to limit events of a stream after a version, in order.
func (s *Store) ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error) {
	return s.engine.ReadStream(ctx, id, after, limit)
}

// Stream returns the present status of a stream. The error is a *NoStreamError if it does not
// exist.
func (s *Store) Stream(ctx context.Context, id StreamID) (StreamStatus, error) {
	status, err := s.engine.Stream(ctx, id)
	if err == nil && status.Version == 0 {
		err = &NoStreamError{id}
	}
	return status, err
}

// EachStream calls f for every stream in order of ids, until f returns an error.
func (s *Store) EachStream(ctx context.Context, f func(StreamStatus) error) error {
	return EachStream(ctx, s.engine, f)
}

// PositionAt returns the position of the last event recorded at or before an instant, 0 if there is
// none. The result is final only for an instant that CloseInstant has closed.
func (s *Store) PositionAt(ctx context.Context, at time.Time) (Position, error) {
	return s.engine.PositionAt(ctx, at)
}

// CloseInstant closes an instant: once it returns, no event is recorded at or before the instant
// any more, whatever the clock does, and PositionAt of the instant is final. It blocks until the
// transaction under way has ended. An instant in the future moves the instants of later events
// behind it.
func (s *Store) CloseInstant(ctx context.Context, at time.Time) error {
	return s.writer.closeInstant(ctx, at)
}
