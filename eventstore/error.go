package eventstore

import (
	"errors"
	"fmt"
)

// The errors that keep a command from being written. After each of them the log is as it was before
// the command; ErrStorage is the exception.
var (
	// ErrKeyReused says that the idempotency key belongs to a command with another input.
	ErrKeyReused = errors.New("the idempotency key was used before, with another input")
	// ErrOverloaded says that the queue of the writer is full. The client may send the command
	// again.
	ErrOverloaded = errors.New("too many commands are waiting to be written")
	// ErrClosed says that the store is shutting down.
	ErrClosed = errors.New("the event store is closed")
	// ErrBusy says that another process kept the database locked for too long.
	ErrBusy = errors.New("the database is locked by another process")
	// ErrFull says that the disk, or the size that the file may have, is used up.
	ErrFull = errors.New("the disk is full")
	// ErrStorage says that the disk reported an error. The command may be durable or not; the store
	// reads the log again before it writes the next one.
	ErrStorage = errors.New("the disk reports an error")
	// ErrReadOnly says that the database cannot be written.
	ErrReadOnly = errors.New("the database is read-only")
)

// ConflictError says that a stream is not at the expected version. Nothing was written.
type ConflictError struct {
	Stream   StreamID
	Expected ExpectedVersion
	Actual   int
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at version %d, expected %s", e.Stream, e.Actual, e.Expected)
}

// NoStreamError says that a stream does not exist.
type NoStreamError struct{ Stream StreamID }

func (e *NoStreamError) Error() string { return fmt.Sprintf("stream %s does not exist", e.Stream) }

// RefusedError says that the present state of the log forbids an operation. The message names the
// reason and the remedy. Nothing was changed.
type RefusedError struct{ message string }

func (e *RefusedError) Error() string { return e.message }

func refused(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// BrokenError names the position of an event that does not continue the log, or that cannot be
// read back.
type BrokenError struct {
	Position Position
	Reason   string
}

func (e *BrokenError) Error() string { return fmt.Sprintf("position %s: %s", e.Position, e.Reason) }

// SyntaxError says that a text is not a position or a hash.
type SyntaxError struct{ message string }

func (e *SyntaxError) Error() string { return e.message }
