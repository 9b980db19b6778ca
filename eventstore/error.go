package eventstore

import (
	"errors"
	"fmt"
)

// The errors of a command that was not written. After each of them the log is as it was before the
// command, except after ErrStorage.
var (
	// ErrKeyReused is the error for an idempotency key that belongs to a command with another
	// input.
	ErrKeyReused = errors.New("the idempotency key was used before, with another input")
	// ErrOverloaded is the error of a full queue. The client may send the command again.
	ErrOverloaded = errors.New("too many commands are waiting to be written")
	// ErrClosed is the error of a store that is shutting down.
	ErrClosed = errors.New("the event store is closed")
	// ErrBusy is the error for a database that another process kept locked for too long.
	ErrBusy = errors.New("the database is locked by another process")
	// ErrFull is the error of a full disk, or of a file at its size limit.
	ErrFull = errors.New("the disk is full")
	// ErrStorage is the error of a failing disk. The command may be durable or not; the store reads
	// the log again before it writes the next command.
	ErrStorage = errors.New("the disk reports an error")
	// ErrReadOnly is the error of a database that cannot be written.
	ErrReadOnly = errors.New("the database is read-only")
)

// ConflictError is the error for a stream that is not at the expected version. Nothing was written.
type ConflictError struct {
	Stream   StreamID
	Expected ExpectedVersion
	Actual   int
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at version %d, expected %s", e.Stream, e.Actual, e.Expected)
}

// NoStreamError is the error for a stream that does not exist.
type NoStreamError struct{ Stream StreamID }

func (e *NoStreamError) Error() string { return fmt.Sprintf("stream %s does not exist", e.Stream) }

// RefusedError is the error for an operation that the present state of the log forbids. The message
// names the reason and the remedy. Nothing was changed.
type RefusedError struct{ message string }

func (e *RefusedError) Error() string { return e.message }

func refused(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// BrokenError names the position of an event that does not continue the log, or that cannot be read
// back.
type BrokenError struct {
	Position Position
	Reason   string
}

func (e *BrokenError) Error() string { return fmt.Sprintf("position %s: %s", e.Position, e.Reason) }

// SyntaxError is the error for a text that is no position or no hash.
type SyntaxError struct{ message string }

func (e *SyntaxError) Error() string { return e.message }
