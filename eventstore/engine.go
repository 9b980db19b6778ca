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
	// Close releases everything the engine holds.
	Close() error
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
	// PositionAt returns the position of the last event recorded at or before an
	// instant, 0 when there is none.
	PositionAt(ctx context.Context, at time.Time) (Position, error)
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
	// Stream returns the type and version of a stream; version 0 when there is
	// none.
	Stream(ctx context.Context, id StreamID) (streamType string, version int, err error)
	// ReadStream is Reader.ReadStream inside the transaction.
	ReadStream(ctx context.Context, id StreamID, after, limit int) ([]Event, error)
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
