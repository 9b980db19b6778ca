package eventstore

import (
	"context"
	"database/sql"
	"time"
)

// Engine stores a log. Reads may run concurrently, and beside the one write transaction; they see
// committed data. Methods translate the errors of the driver into the errors of this package.
type Engine interface {
	Reader
	// Lineage identifies this log among all logs. A copy that has diverged has another lineage.
	Lineage() string
	// Begin starts the write transaction. The store has one at a time. Begin waits a bounded time
	// for another process that is writing, then fails with ErrBusy.
	Begin(ctx context.Context) (EngineTx, error)
	// PurgeDeleted removes from the disk all data that ended transactions have deleted or replaced.
	// It waits for readers of older data, and writers wait for it.
	PurgeDeleted(ctx context.Context) error
	// Size returns the size of the log. It may take a while.
	Size(ctx context.Context) (Size, error)
	// Close releases everything the engine holds.
	Close() error
}

// Size is the size of a log and of the data beside it.
type Size struct {
	// Events counts the events outside the archive, Archived those inside.
	Events, Archived int64
	Streams          int64
	Snapshots        int64
	// Bytes is the size of the database on the disk; FreeBytes is the unused part of it; AheadBytes
	// is the size of the write-ahead log.
	Bytes, FreeBytes, AheadBytes int64
}

// Reader reads a log. Archived events are returned like all others.
type Reader interface {
	// Head returns the end of the log.
	Head(ctx context.Context) (Head, error)
	// Read returns up to limit events after a position in log order. It returns fewer events if
	// their data is long, and none only at the end of the log. ReadStream does the same.
	Read(ctx context.Context, after Position, limit int) ([]Event, error)
	// ReadStream returns up to limit events of a stream after a version, in order. A stream that
	// does not exist has none.
	ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error)
	// At returns the events at positions in ascending or descending order, in that order, and skips
	// positions without an event. It returns fewer events if their data is long, and at least the
	// first.
	At(ctx context.Context, positions []Position) ([]Event, error)
	// PositionAt returns the position of the last event recorded at or before an instant, 0 if
	// there is none.
	PositionAt(ctx context.Context, at time.Time) (Position, error)
	// Stream returns the present status of a stream; the version is 0 if the stream does not exist.
	Stream(ctx context.Context, id StreamID) (StreamStatus, error)
	// Streams returns up to limit streams with ids after the given one, in order of ids.
	Streams(ctx context.Context, after StreamID, limit int) ([]StreamStatus, error)
	// VersionAt returns the version of a stream at a position, 0 if the stream had no events by
	// then.
	VersionAt(ctx context.Context, id StreamID, p Position) (int, error)
	// Snapshot returns the latest snapshot of a stream with a fingerprint, up to the version
	// through or, if through is 0, up to the end of the stream. ok is false if there is none.
	Snapshot(ctx context.Context, id StreamID, through int, fingerprint string) (Snapshot, bool, error)
	// Snapshots returns all snapshots of a stream in order, without their data.
	Snapshots(ctx context.Context, id StreamID) ([]Snapshot, error)
	// SlowestCheckpoint returns the name and the position of the checkpoint that lags most, or
	// Forever if there is no checkpoint. Projections outside the commit store their checkpoints in
	// the table checkpoints.
	SlowestCheckpoint(ctx context.Context) (name string, p Position, err error)
}

// StreamStatus is the present status of a stream.
type StreamStatus struct {
	Stream
	Version int
	// Archived is the version up to which the events are in the archive.
	Archived int
}

// EngineTx is the write transaction of an Engine. After an error that ends the transaction every
// further method fails, except Rollback.
type EngineTx interface {
	Rows
	// Savepoint begins a part that can be rolled back alone. Savepoints do not nest.
	Savepoint(ctx context.Context) error
	// Release keeps the part that Savepoint began.
	Release(ctx context.Context) error
	// RollbackTo rolls back the part that Savepoint began.
	RollbackTo(ctx context.Context) error
	// Read, Stream, ReadStream, Snapshot and SlowestCheckpoint are those of Reader, inside the
	// transaction.
	Read(ctx context.Context, after Position, limit int) ([]Event, error)
	Stream(ctx context.Context, id StreamID) (StreamStatus, error)
	ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error)
	Snapshot(ctx context.Context, id StreamID, through int, fingerprint string) (Snapshot, bool, error)
	SlowestCheckpoint(ctx context.Context) (name string, p Position, err error)
	// KeepSnapshot writes a snapshot and replaces one of the same version.
	KeepSnapshot(ctx context.Context, s Snapshot) error
	// DropSnapshots deletes the snapshots with any other fingerprint.
	DropSnapshots(ctx context.Context, fingerprint string) error
	// ForgetStream deletes the snapshots of a stream, and the idempotency keys of the commands that
	// wrote to the stream or came from an actor with its id. The events stay.
	ForgetStream(ctx context.Context, id StreamID) error
	// Archive moves events into the archive. The events of one stream are neighbours in the slice,
	// in order, and follow the archived events of the stream.
	Archive(ctx context.Context, events []Event) error
	// Insert adds a complete event, and sets the version of its stream.
	Insert(ctx context.Context, e Event) error
	// Recall returns the Memory that Remember stored for an idempotency key.
	Recall(ctx context.Context, key Key) (Memory, bool, error)
	// Remember stores the outcome of a command under its idempotency key.
	Remember(ctx context.Context, key Key, m Memory) error
	// Commit makes everything durable before it returns nil.
	Commit(ctx context.Context) error
	// Rollback discards the transaction. After Commit it does nothing.
	Rollback() error
}

// Rows is access to the tables beside the log, inside the write transaction. Queries take ? for
// arguments and are prepared once.
type Rows interface {
	// Exec runs a statement and returns the number of changed rows.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Query runs a query. The caller closes the rows before it runs the same query again, and
	// before the command ends.
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Key is the idempotency key of a command: the same key of the same actor with the same input is
// the same command, however often it is sent.
type Key struct {
	Actor string
	Value string
}

// Memory is the stored outcome of a command with a Key.
type Memory struct {
	// Input is a digest of the command's input.
	Input []byte
	// First and Last are the positions of the command's events. Without events, Last is the head
	// that the command saw, and First is Last + 1.
	First, Last Position
}
