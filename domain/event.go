package domain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Kind is the kind of a stream: the type of its aggregate.
type Kind string

// The kinds of streams. Ids begin with their lower-case forms.
const (
	KindContent      Kind = "CONTENT"
	KindPresentation Kind = "PRESENTATION"
	KindUser         Kind = "USER"
)

// Event is one of the structs in the table below: a fact, in the past tense. The files in frozen/
// freeze its JSON: a change of shape is a new schema version with an upcaster, never an edit.
type Event interface{ kind() Kind }

// Upcaster turns the JSON of one schema version of an event into that of the next version.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// eventType is a row of the table.
type eventType struct {
	name   string
	kind   Kind
	goType reflect.Type
	decode func([]byte) (Event, error)
	// upcasters lead from version 1 to the current version, one step each: there is one upcaster
	// fewer than there are versions.
	upcasters []Upcaster
}

// The table of all events: the name in the log, which is independent of the Go type's name, and the
// steps from older schema versions.
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

// personal lists the members of an event's JSON that identify a person. The log seals them with a
// key that can be destroyed; then they are missing.
var personal = map[string][]string{
	"UserRegistered": {"email", "displayName"},
	"UserUpdated":    {"email", "displayName"},
}

// Personal returns the members of an event's JSON that identify a person, nil for most events.
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

// UnknownEventError is the error for an event that cannot be folded, because this program does not
// know its name or its schema version.
type UnknownEventError struct {
	Type          string
	SchemaVersion int
}

func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("event type %s with schema version %d is unknown to this version of FlightDeck: run the version that wrote it, or a later one",
		e.Type, e.SchemaVersion)
}

// EventNames returns the names of all events in the order of the table.
func EventNames() []string {
	names := make([]string, len(eventTypes))
	for i, t := range eventTypes {
		names[i] = t.name
	}
	return names
}

// Encode returns the name, the schema version and the JSON under which the log stores an event.
func Encode(e Event) (name string, schemaVersion int, data []byte, err error) {
	t, ok := byGoType[reflect.TypeOf(e)]
	if !ok {
		return "", 0, nil, fmt.Errorf("%T is not in the table of events", e)
	}
	data, err = marshal(e)
	return t.name, t.version(), data, err
}

// Decode returns the event that the log stores under a name, a schema version and JSON, after the
// steps to the current version. The error is an *UnknownEventError, or says that the JSON is not
// that of the event.
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

// Upcast returns the JSON of an event in the current schema version. The error is an
// *UnknownEventError, or says that the JSON is not that of the event.
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

// Blank returns the event that the log stores under a name and a schema version, without a value in
// any field. The error is an *UnknownEventError.
func Blank(name string, schemaVersion int) (Event, error) {
	t, ok := byName[name]
	if !ok || schemaVersion < 1 || schemaVersion > t.version() {
		return nil, &UnknownEventError{name, schemaVersion}
	}
	e, _ := reflect.Zero(t.goType).Interface().(Event) //nolint:errcheck // the table has nothing else
	return e, nil
}

// State is the sum of the events of one stream. States are values: Apply returns the next state and
// leaves the receiver as it was.
type State interface {
	// Apply returns the state after one more event, which the log recorded at this instant. It
	// fails for an event of another kind of stream.
	Apply(e Event, at Instant) (State, error)
}

// NewState returns the state of a stream without events. It fails for an unknown kind.
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

// marshal is json.Marshal without the escapes that matter inside HTML alone: the text of an event
// stays readable in the database.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
