package eventstore

import "fmt"

// ExpectedVersion is the version at which a caller expects a stream when it appends.
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

// The expectations without a number. The zero value of ExpectedVersion is Any.
var (
	// Any appends at every version of the stream, and begins the stream if it is new.
	Any = ExpectedVersion{}
	// NoStream appends the first events of a stream.
	NoStream = ExpectedVersion{rule: noStream}
	// StreamExists appends only to a stream that has events.
	StreamExists = ExpectedVersion{rule: streamExists}
)

// Exactly expects the stream at this version; 0 is the same as NoStream.
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

// check returns a *ConflictError unless a stream at version actual meets the expectation.
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
