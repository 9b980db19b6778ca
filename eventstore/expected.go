package eventstore

import (
	"errors"
	"fmt"
)

// ExpectedVersion is what a caller believes of a stream when it appends.
type ExpectedVersion struct {
	rule    rule
	version int
}

type rule int

const (
	anyVersion rule = iota
	noStream
	streamExists
	exact
)

// What can be expected. The zero value of ExpectedVersion is Any.
var (
	// Any appends whatever the stream's version is, and begins it if need be.
	Any = ExpectedVersion{}
	// NoStream appends only as the first events of the stream.
	NoStream = ExpectedVersion{rule: noStream}
	// StreamExists appends only to a stream that has events.
	StreamExists = ExpectedVersion{rule: streamExists}
)

// Exactly expects the stream to be at this version; 0 is the same as NoStream.
func Exactly(version int) ExpectedVersion { return ExpectedVersion{exact, version} }

// String returns the expectation in words.
func (v ExpectedVersion) String() string {
	switch v.rule {
	case noStream:
		return "no stream"
	case streamExists:
		return "an existing stream"
	case exact:
		return fmt.Sprintf("version %d", v.version)
	}
	return "any version"
}

// check returns a *ConflictError unless a stream at this version is as expected.
func (v ExpectedVersion) check(id StreamID, actual int) error {
	ok := true
	switch v.rule {
	case noStream:
		ok = actual == 0
	case streamExists:
		ok = actual > 0
	case exact:
		ok = actual == v.version
	}
	if !ok {
		return &ConflictError{id, v, actual}
	}
	return nil
}

// ConflictError says that a stream was not at the expected version. Nothing was
// written.
type ConflictError struct {
	Stream   StreamID
	Expected ExpectedVersion
	Actual   int
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at version %d, expected %s", e.Stream, e.Actual, e.Expected)
}

// What else can keep a command from being written. None of them leaves a trace in
// the log.
var (
	// ErrKeyReused says that the idempotency key was used with another input.
	ErrKeyReused = errors.New("the idempotency key was used before, with another input")
	// ErrOverloaded says that the queue of the writer is full: try again later.
	ErrOverloaded = errors.New("too many commands are waiting to be written")
	// ErrClosed says that the store is shutting down.
	ErrClosed = errors.New("the event store is closed")
	// ErrBusy says that another process kept the database locked for too long.
	ErrBusy = errors.New("the database is locked by another process")
	// ErrFull says that the disk, or the file's limit, has no room left.
	ErrFull = errors.New("the disk is full")
	// ErrStorage says that the disk, or what it is behind, reported an error.
	ErrStorage = errors.New("the disk reports an error")
	// ErrReadOnly says that the database cannot be written.
	ErrReadOnly = errors.New("the database is read-only")
)
