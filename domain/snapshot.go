package domain

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
)

// EncodeState returns a state as JSON, to be read by DecodeState of the same
// Fingerprint only.
func EncodeState(s State) ([]byte, error) { return marshal(s) }

// DecodeState returns the state of a kind of stream that EncodeState wrote.
func DecodeState(kind Kind, data []byte) (State, error) {
	switch kind {
	case KindContent:
		return decodeState[Content](data)
	case KindPresentation:
		return decodeState[Presentation](data)
	case KindUser:
		return decodeState[User](data)
	}
	return NewState(kind) // which says that there is no such kind
}

func decodeState[S State](data []byte) (State, error) {
	var s S
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("decode a %T: %w", s, err)
	}
	return s, nil
}

//go:embed testdata/events/*.json
var frozen embed.FS

// Fingerprint identifies what this program makes of events: it is the SHA-256 of
// the states that the frozen events of testdata lead to, of every schema version.
// A program that folds one of them otherwise, or writes a state otherwise, has
// another one, and discards the snapshots of this one.
var Fingerprint = sync.OnceValue(func() string {
	hash := sha256.New()
	names, err := fs.Glob(frozen, "testdata/events/*.json")
	if err != nil {
		panic(err) // the pattern is the one above
	}
	states := make(map[Kind]State)
	for i, name := range names {
		if err := foldFrozen(states, name, Instant(i)); err != nil {
			fmt.Fprintln(hash, name, err) // a frozen event that does not fit here is part of what the fold does
		}
		fmt.Fprintln(hash, name)
		for _, kind := range []Kind{KindContent, KindPresentation, KindUser} {
			data, err := marshal(states[kind])
			fmt.Fprintln(hash, string(data), err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
})

// foldFrozen folds one frozen event into the state of its kind. Its file is named
// after the event and its schema version.
func foldFrozen(states map[Kind]State, file string, at Instant) error {
	data, err := frozen.ReadFile(file)
	if err != nil {
		return err
	}
	name, rest, _ := strings.Cut(path.Base(file), ".v")
	digits, _, _ := strings.Cut(rest, ".")
	version, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	event, err := Decode(name, version, data)
	if err != nil {
		return err
	}
	before, ok := states[event.kind()]
	if !ok {
		if before, err = NewState(event.kind()); err != nil {
			return err
		}
	}
	after, err := before.Apply(event, at)
	if err != nil {
		return err
	}
	states[event.kind()] = after
	return nil
}
