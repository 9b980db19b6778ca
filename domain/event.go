package domain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Kind is what a stream is about: the type of its aggregate.
type Kind string

// The kinds of streams. Their lower-case forms begin the ids.
const (
	KindContent      Kind = "CONTENT"
	KindPresentation Kind = "PRESENTATION"
	KindUser         Kind = "USER"
)

// Event is one of the structs listed in this file's table: a fact, in the past
// tense. Its JSON is frozen by the files in frozen/: a change of shape is
// a new schema version with an upcaster, never an edit.
type Event interface{ kind() Kind }

// Upcaster turns the JSON of one schema version of an event into the next one's.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// eventType is a row of the table.
type eventType struct {
	name   string
	kind   Kind
	goType reflect.Type
	decode func([]byte) (Event, error)
	// upcasters lead from version 1 to the current one, a step each: there is
	// one fewer than there are versions.
	upcasters []Upcaster
}

// The table of all events: the name in the log, independent of the Go type's, and
// the steps from older schema versions.
var eventTypes = []eventType{
	row[ContentCreated]("ContentCreated"),
	row[ContentUpdated]("ContentUpdated"),
	row[ContentPublished]("ContentPublished"),
	row[ContentUnpublished]("ContentUnpublished"),
	row[ContentArchived]("ContentArchived"),
	row[ContentDeleted]("ContentDeleted"),
	row[ContentRestored]("ContentRestored"),

	row[PresentationCreated]("PresentationCreated"),
	row[PresentationUpdated]("PresentationUpdated"),
	row[PresentationDeleted]("PresentationDeleted"),
	row[PresentationRestored]("PresentationRestored"),
	row[SlideAdded]("SlideAdded"),
	row[SlideUpdated]("SlideUpdated"),
	row[SlideMoved]("SlideMoved"),
	row[SlideRemoved]("SlideRemoved"),

	row[UserRegistered]("UserRegistered"),
	row[UserLoggedIn]("UserLoggedIn"),
	row[UserUpdated]("UserUpdated"),
	row[UserRoleChanged]("UserRoleChanged"),
	row[UserForgotten]("UserForgotten"),
}

// personal are the members of an event's JSON that tell who somebody is. They are
// sealed in the log, with a key that can be destroyed: they may be missing then.
var personal = map[string][]string{
	"UserRegistered": {"email", "displayName"},
	"UserUpdated":    {"email", "displayName"},
}

// Personal returns the members of an event's JSON that are about a person, none for
// most events.
func Personal(name string) []string { return personal[name] }

func row[E Event](name string, upcasters ...Upcaster) eventType {
	var zero E
	return eventType{name, zero.kind(), reflect.TypeFor[E](), decodeAs[E], upcasters}
}

func decodeAs[E Event](data []byte) (Event, error) {
	var e *E
	err := json.Unmarshal(data, &e)
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, errors.New("it is null")
	}
	return *e, nil
}

func (t eventType) version() int { return len(t.upcasters) + 1 }

var (
	byName   = index(func(t eventType) string { return t.name })
	byGoType = index(func(t eventType) reflect.Type { return t.goType })
)

func index[K comparable](key func(eventType) K) map[K]eventType {
	m := make(map[K]eventType, len(eventTypes))
	for _, t := range eventTypes {
		m[key(t)] = t
	}
	return m
}

// Evolve gives an event schema versions before its first one, so that tests can have a
// log with a past that this program never had. It is called before anything else of
// this package.
func Evolve(name string, upcasters ...Upcaster) {
	t, ok := byName[name]
	if !ok {
		panic("there is no event " + name)
	}
	t.upcasters = append(slices.Clone(upcasters), t.upcasters...)
	byName[name], byGoType[t.goType] = t, t
}

// UnknownEventError says that an event cannot be folded, because this program
// knows no event of the name, or not yet the schema version.
type UnknownEventError struct {
	Type          string
	SchemaVersion int
}

func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("event type %s with schema version %d is unknown to this version of FlightDeck: run the version that wrote it, or a later one",
		e.Type, e.SchemaVersion)
}

// EventNames returns the names of all events, in the order of the table.
func EventNames() []string {
	names := make([]string, len(eventTypes))
	for i, t := range eventTypes {
		names[i] = t.name
	}
	return names
}

// Encode returns the name, the schema version and the JSON under which an event
// is stored.
func Encode(e Event) (name string, schemaVersion int, data []byte, err error) {
	t, ok := byGoType[reflect.TypeOf(e)]
	if !ok {
		return "", 0, nil, fmt.Errorf("%T is not in the table of events", e)
	}
	data, err = marshal(e)
	return t.name, t.version(), data, err
}

// Decode returns the event stored under a name, a schema version and JSON, after
// the steps that lead to the current version. It fails with an
// *UnknownEventError, or because the JSON is not the event's.
func Decode(name string, schemaVersion int, data []byte) (Event, error) {
	data, err := Upcast(name, schemaVersion, data)
	if err != nil {
		return nil, err
	}
	e, err := byName[name].decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", name, err)
	}
	return e, nil
}

// Upcast returns the JSON of an event in the current schema version, from that of
// the version it was stored in. It fails with an *UnknownEventError, or because the
// JSON is not the event's.
func Upcast(name string, schemaVersion int, data []byte) ([]byte, error) {
	t, ok := byName[name]
	if !ok || schemaVersion < 1 || schemaVersion > t.version() {
		return nil, &UnknownEventError{name, schemaVersion}
	}
	for _, up := range t.upcasters[schemaVersion-1:] {
		var err error
		if data, err = up(data); err != nil {
			return nil, fmt.Errorf("bring %s up from schema version %d: %w", name, schemaVersion, err)
		}
	}
	return data, nil
}

// State is what the events of one stream add up to. States are values: Apply
// returns the next one and leaves the receiver as it was.
type State interface {
	// Apply returns the state after one more event, which the log recorded at
	// this instant. It fails for an event of another kind of stream.
	Apply(e Event, at Instant) (State, error)
}

// NewState returns the state of a stream without events.
func NewState(kind Kind) (State, error) {
	switch kind {
	case KindContent:
		return Content{}, nil
	case KindPresentation:
		return Presentation{}, nil
	case KindUser:
		return User{}, nil
	}
	return nil, fmt.Errorf("stream kind %q is unknown to this version of FlightDeck", kind)
}

// foreign is the error of a state that meets an event of another kind.
func foreign(s State, e Event) error {
	return fmt.Errorf("%T does not belong in the stream of a %T", e, s)
}

// marshal is json.Marshal without the escapes that only matter inside HTML: an
// event's text should be readable in the database.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
