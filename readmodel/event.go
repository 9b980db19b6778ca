package readmodel

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/vault"
)

// JSON is a text in JSON as clients get it.
type JSON json.RawMessage

// MarshalGQL writes the text unchanged.
func (j JSON) MarshalGQL(w io.Writer) { _, _ = w.Write(j) }

// UnmarshalGQL reads any value.
func (j *JSON) UnmarshalGQL(v any) (err error) {
	*j, err = json.Marshal(v)
	return err
}

// Event is an event as clients see it: an Envelope, with the fields of the event if its type is one
// of package domain's.
type Event interface {
	IsEvent()
	// At returns the event's position.
	At() eventstore.Position
}

// Envelope has the fields that all events have.
type Envelope struct {
	ID            string
	Position      eventstore.Position
	StreamID      string
	StreamVersion int
	Type          string
	RecordedAt    domain.Instant
	CorrelationID *string
	CausationID   *string

	// AsOf is the position at which the event and its actor were read, nil for now.
	AsOf *eventstore.Position

	kind  domain.Kind
	actor string
	data  []byte
	// damage is the error that Data returns; nil if the data can be shown.
	damage error
	answer *answer
	// notes is true if the view may see the speaker notes in the event.
	notes bool
}

// IsEvent marks the types that embed an Envelope as events.
func (*Envelope) IsEvent() {}

// At returns the event's position.
func (e *Envelope) At() eventstore.Position { return e.Position }

// Actor returns the user behind the event, nil for the operator.
func (e *Envelope) Actor(ctx context.Context) (*User, error) {
	return e.answer.user(ctx, e.AsOf, e.actor)
}

// Subject returns the object of the event as of the event, nil if the view may not see it.
func (e *Envelope) Subject(ctx context.Context) (Node, error) {
	things, err := e.answer.subjects.get(func() (map[eventstore.Position]Node, error) {
		return e.answer.reader.subjects(ctx, e.answer.view, e.answer.events)
	})
	return things[e.Position], err
}

// Data returns the data of the event in the latest schema version, without the parts that the view
// may not see. An event of an unknown type has the data that is stored.
func (e *Envelope) Data() (JSON, error) {
	if e.damage != nil {
		return nil, e.damage
	}
	if !json.Valid(e.data) {
		return nil, fmt.Errorf("the data of event %s is not JSON: run flightdeck verify", e.Position)
	}
	if e.notes || e.kind != domain.KindPresentation {
		return e.data, nil
	}
	return withoutNotes(e.data)
}

// withoutNotes removes the speaker notes from the data of an event about a deck, including those of
// slides in it.
func withoutNotes(data []byte) (JSON, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("read an event: %w", err)
	}
	delete(fields, "notes")
	if slides, ok := fields["slides"]; ok {
		var list []map[string]json.RawMessage
		if err := json.Unmarshal(slides, &list); err != nil {
			return nil, fmt.Errorf("read an event: %w", err)
		}
		for _, slide := range list {
			delete(slide, "notes")
		}
		var err error
		if fields["slides"], err = json.Marshal(list); err != nil {
			return nil, err
		}
	}
	return json.Marshal(fields)
}

// OpenData returns the data of an event with its sealed fields opened. If their key was destroyed
// it returns the data without these fields. v is nil if no fields are sealed.
func OpenData(v *vault.Vault, e eventstore.Event) ([]byte, error) {
	if v == nil || domain.Personal(e.Type) == nil {
		return e.Data, nil
	}
	return v.Open(string(e.Stream.ID), e.ID, e.Data)
}

// The events of package domain with their envelopes. An event of another type is a GenericEvent.
type (
	GenericEvent struct{ *Envelope }

	ContentCreated struct {
		*Envelope
		domain.ContentCreated
	}
	ContentUpdated struct {
		*Envelope
		domain.ContentUpdated
	}
	ContentPublished struct {
		*Envelope
		domain.ContentPublished
	}
	ContentUnpublished struct {
		*Envelope
		domain.ContentUnpublished
	}
	ContentArchived struct {
		*Envelope
		domain.ContentArchived
	}
	ContentDeleted struct {
		*Envelope
		domain.ContentDeleted
	}
	ContentRestored struct {
		*Envelope
		domain.ContentRestored
	}
	PresentationCreated struct {
		*Envelope
		domain.PresentationCreated
	}
	PresentationUpdated struct {
		*Envelope
		domain.PresentationUpdated
	}
	PresentationDeleted struct {
		*Envelope
		domain.PresentationDeleted
	}
	PresentationRestored struct {
		*Envelope
		domain.PresentationRestored
	}
	SlideAdded struct {
		*Envelope
		domain.SlideAdded
	}
	SlideUpdated struct {
		*Envelope
		domain.SlideUpdated
	}
	SlideMoved struct {
		*Envelope
		domain.SlideMoved
	}
	SlideRemoved struct {
		*Envelope
		domain.SlideRemoved
	}
	UserRegistered struct {
		*Envelope
		domain.UserRegistered
	}
	UserLoggedIn struct {
		*Envelope
		domain.UserLoggedIn
	}
	UserUpdated struct {
		*Envelope
		domain.UserUpdated
	}
	UserRoleChanged struct {
		*Envelope
		domain.UserRoleChanged
	}
	UserForgotten struct {
		*Envelope
		domain.UserForgotten
	}
)

// TypeWithdrawn is the type of a Withdrawn event. No event in the log has this type.
const TypeWithdrawn = "Withdrawn"

// Withdrawn stands in a feed for an event that the actor may not see, and that took an object away
// from the actor: it has the position and the stream of that event, no data and no actor.
type Withdrawn struct{ *Envelope }

// typed gives an envelope the fields of its event. It returns a GenericEvent for an unknown type or
// unreadable data.
func typed(e *Envelope, schemaVersion int) Event {
	fact, err := domain.Decode(e.Type, schemaVersion, e.data)
	if err != nil {
		return GenericEvent{e}
	}
	if e.data, err = domain.Upcast(e.Type, schemaVersion, e.data); err != nil {
		return GenericEvent{e}
	}
	return enclosed(e, fact)
}

// blank gives an envelope the type of its event, without the fields of the event and without its
// data.
func blank(e *Envelope, schemaVersion int) Event {
	e.data = nil
	fact, err := domain.Blank(e.Type, schemaVersion)
	if err != nil {
		return GenericEvent{e}
	}
	return enclosed(e, fact)
}

// enclosed gives an envelope the fields of an event.
func enclosed(e *Envelope, fact domain.Event) Event {
	switch f := fact.(type) {
	case domain.ContentCreated:
		return ContentCreated{e, f}
	case domain.ContentUpdated:
		return ContentUpdated{e, f}
	case domain.ContentPublished:
		return ContentPublished{e, f}
	case domain.ContentUnpublished:
		return ContentUnpublished{e, f}
	case domain.ContentArchived:
		return ContentArchived{e, f}
	case domain.ContentDeleted:
		return ContentDeleted{e, f}
	case domain.ContentRestored:
		return ContentRestored{e, f}
	case domain.PresentationCreated:
		return PresentationCreated{e, f}
	case domain.PresentationUpdated:
		return PresentationUpdated{e, f}
	case domain.PresentationDeleted:
		return PresentationDeleted{e, f}
	case domain.PresentationRestored:
		return PresentationRestored{e, f}
	case domain.SlideAdded:
		return SlideAdded{e, f}
	case domain.SlideUpdated:
		return SlideUpdated{e, f}
	case domain.SlideMoved:
		return SlideMoved{e, f}
	case domain.SlideRemoved:
		return SlideRemoved{e, f}
	case domain.UserRegistered:
		return UserRegistered{e, f}
	case domain.UserLoggedIn:
		return UserLoggedIn{e, f}
	case domain.UserUpdated:
		return UserUpdated{e, f}
	case domain.UserRoleChanged:
		return UserRoleChanged{e, f}
	case domain.UserForgotten:
		return UserForgotten{e, f}
	}
	return GenericEvent{e}
}

// Description returns the new description, nil if it is cleared or unchanged; Changes tells which.
func (e ContentUpdated) Description() *string { return e.ContentUpdated.Description.Value() }

// Description returns the new description, nil if it is cleared or unchanged; Changes tells which.
func (e PresentationUpdated) Description() *string { return e.PresentationUpdated.Description.Value() }

// Title returns the new title, nil if it is cleared or unchanged; Changes tells which.
func (e SlideUpdated) Title() *string { return e.SlideUpdated.Title.Value() }

// Notes returns the new notes, nil if they are cleared or unchanged, which Changes tells, or if the
// view may not see them.
func (e SlideUpdated) Notes() *string { return e.shown(e.SlideUpdated.Notes.Value()) }

// Notes returns the slide's notes, nil if the view may not see them.
func (e SlideAdded) Notes() *string { return e.shown(e.SlideAdded.Notes) }

func (e *Envelope) shown(notes *string) *string {
	if !e.notes {
		return nil
	}
	return notes
}

// DisplayName returns the name at registration, or Forgotten after an erasure.
func (e UserRegistered) DisplayName() string { return cmp.Or(e.UserRegistered.DisplayName, Forgotten) }
