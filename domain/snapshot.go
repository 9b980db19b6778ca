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

// EncodeState returns a state as JSON. DecodeState of a program with the same Fingerprint reads it.
func EncodeState(s State) ([]byte, error) { return marshal(s) }

// DecodeState returns the state that EncodeState wrote for a stream of this kind.
func DecodeState(kind Kind, data []byte) (State, error) {
	switch kind {
	case KindContent:
		return decodeState[Content](data)
	case KindPresentation:
		return decodeState[Presentation](data)
	case KindUser:
		return decodeState[User](data)
	}
	return NewState(kind) // it returns the error for an unknown kind
}

func decodeState[S State](data []byte) (State, error) {
	var s S
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("decode a %T: %w", s, err)
	}
	return s, nil
}

// frozen holds an event of every type and schema version as JSON. The files never change: logs hold
// events that look like them.
//
//go:embed frozen/*.json
var frozen embed.FS

// hashedFolder stands before the name of each frozen event in Fingerprint. A different text would
// discard every snapshot there is.
const hashedFolder = "testdata/events/"

// Fingerprint identifies the way in which this program folds events and writes states: it is the
// SHA-256 of the states to which the frozen events lead. A program that folds one of them to
// another state, or writes a state in another form, has another fingerprint and discards older
// snapshots.
var Fingerprint = sync.OnceValue(func() string {
	hash := sha256.New()
	names, err := fs.Glob(frozen, "frozen/*.json")
	if err != nil {
		panic(err) // the pattern is the one above
	}
	states := make(map[Kind]State)
	for i, name := range names {
		hashed := hashedFolder + path.Base(name)
		if err := foldFrozen(states, name, Instant(i)); err != nil {
			fmt.Fprintln(hash, hashed, err) // the refusal of a frozen event is a part of the fold
		}
		fmt.Fprintln(hash, hashed)
		for _, kind := range []Kind{KindContent, KindPresentation, KindUser} {
			data, err := marshal(states[kind])
			fmt.Fprintln(hash, string(data), err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
})

// foldFrozen folds one frozen event into the state of its kind. The name of the file holds the name
// and schema version of the event, as in ContentCreated.v1.json; a word may follow the version.
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
