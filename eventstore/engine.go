package eventstore

import (
	"context"
	"database/sql"
	"time"
)

// Engine stores a log. Reads may run side by side, and beside the one write
// transaction; they see what is committed. Methods translate the driver's errors
// into those of this package where there is one that says it.
type Engine interface {
	Reader
	// Lineage identifies this log among all logs, copies that went their own way
	// since included.
	Lineage() string
	// Begin starts the write transaction. The store has one at a time. It waits
	// for another process that is writing, for a bounded time, then fails with
	// ErrBusy.
	Begin(ctx context.Context) (EngineTx, error)
	// PurgeDeleted leaves nothing on the disk of what was deleted or replaced by transactions
	// that have ended. It waits for those who read what was before, and writers wait for
	// it.
	PurgeDeleted(ctx context.Context) error
	// Size returns how large the log has grown. It may take a while.
	Size(ctx context.Context) (Size, error)
	// Close releases everything the engine holds.
	Close() error
}

// Size is how large a log has grown, and what lies beside it.
type Size struct {
	// Events are those that are not in the archive, Archived those that are.
	Events, Archived int64
	Streams          int64
	Snapshots        int64
	// Bytes is all that the database takes on the disk, FreeBytes what of it is not in
	// use, AheadBytes what waits beside it to be moved in.
	Bytes, FreeBytes, AheadBytes int64
}

// Reader reads a log. Archived events are events like all others.
type Reader interface {
	// Head returns the end of the log.
	Head(ctx context.Context) (Head, error)
	// Read returns up to limit events after a position, in log order: fewer when
	// their data is long, and none only at the end of the log. ReadStream likewise.
	Read(ctx context.Context, after Position, limit int) ([]Event, error)
	// ReadStream returns up to limit events of a stream after a version, in
	// order. A stream that does not exist has none.
	ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error)
	// At returns the events at some positions, which rise or fall, in their order and
	// without those where there is none: fewer when their data is long, and at least
	// the first.
	At(ctx context.Context, positions []Position) ([]Event, error)
	// PositionAt returns the position of the last event recorded at or before an
	// instant, 0 when there is none.
	PositionAt(ctx context.Context, at time.Time) (Position, error)
	// Stream returns a stream as it is now; its version is 0 when there is none.
	Stream(ctx context.Context, id StreamID) (StreamStatus, error)
	// Streams returns up to limit streams whose ids follow another one, in the
	// order of their ids.
	Streams(ctx context.Context, after StreamID, limit int) ([]StreamStatus, error)
	// VersionAt returns the version that a stream had at a position, 0 when it had
	// no events by then.
	VersionAt(ctx context.Context, id StreamID, p Position) (int, error)
	// Snapshot returns the latest snapshot of a stream through a version, or of all
	// where that is 0, that was made with a fingerprint, and false when there is none.
	Snapshot(ctx context.Context, id StreamID, through int, fingerprint string) (Snapshot, bool, error)
	// Snapshots returns all snapshots of a stream, in order, without their data.
	Snapshots(ctx context.Context, id StreamID) ([]Snapshot, error)
	// SlowestCheckpoint returns who has followed the log least far, and how far:
	// Forever when nobody follows it. Projections outside of the commit keep their
	// checkpoints in the table checkpoints.
	SlowestCheckpoint(ctx context.Context) (name string, p Position, err error)
}

// StreamStatus is a stream as it is now.
type StreamStatus struct {
	Stream
	Version int
	// Archived is the version up to which its events are in the archive.
	Archived int
}

// EngineTx is the write transaction of an Engine. After an error from which the
// transaction cannot be continued every further method fails, Rollback excepted.
type EngineTx interface {
	Rows
	// Savepoint begins a part that can be taken back alone. They do not nest.
	Savepoint(ctx context.Context) error
	// Release keeps the part begun by Savepoint.
	Release(ctx context.Context) error
	// RollbackTo takes back the part begun by Savepoint.
	RollbackTo(ctx context.Context) error
	// Read, Stream, ReadStream, Snapshot and SlowestCheckpoint are those of Reader,
	// inside the transaction.
	Read(ctx context.Context, after Position, limit int) ([]Event, error)
	Stream(ctx context.Context, id StreamID) (StreamStatus, error)
	ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error)
	Snapshot(ctx context.Context, id StreamID, through int, fingerprint string) (Snapshot, bool, error)
	SlowestCheckpoint(ctx context.Context) (name string, p Position, err error)
	// KeepSnapshot writes a snapshot, in the place of one of the same version.
	KeepSnapshot(ctx context.Context, s Snapshot) error
	// DropSnapshots forgets the snapshots made with any other fingerprint.
	DropSnapshots(ctx context.Context, fingerprint string) error
	// ForgetStream deletes the snapshots of a stream, and the idempotency keys of the
	// commands that wrote to the stream or were sent by an actor with its id. The
	// events stay.
	ForgetStream(ctx context.Context, id StreamID) error
	// Archive moves events into the archive. Those of one stream are neighbours, in
	// order, and follow right after those archived before.
	Archive(ctx context.Context, events []Event) error
	// Insert adds an event, which is complete, and moves its stream's version.
	Insert(ctx context.Context, e Event) error
	// Recall returns what Remember kept for an idempotency key.
	Recall(ctx context.Context, key Key) (Memory, bool, error)
	// Remember keeps what a command with an idempotency key led to.
	Remember(ctx context.Context, key Key, m Memory) error
	// Commit makes everything durable before it returns nil.
	Commit(ctx context.Context) error
	// Rollback gives everything up. After Commit it does nothing.
	Rollback() error
}

// Rows is access to the tables beside the log, in the writer's transaction.
// Queries are written with ? for arguments and are prepared once.
type Rows interface {
	// Exec runs a statement and returns how many rows it changed.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Query runs a query; the caller closes the rows, before the same query is run
	// again and before the command ends.
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Key is a client's name for one command: the same key of the same actor with the
// same input is the same command, however often it is sent.
type Key struct {
	Actor string
	Value string
}

// Memory is what is remembered of a command that had a Key.
type Memory struct {
	// Input is a digest of the command's input.
	Input []byte
	// First and Last are the positions of its events; First is after Last when
	// there were none, and Last is then the head the command saw.
	First, Last Position
}
