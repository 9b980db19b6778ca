package command

import (
	"cmp"
	"context"

	"flightdeck/domain"
	"flightdeck/markdown/deck"

	"github.com/99designs/gqlgen/graphql"
)

// Placement is the place that a slide goes to: after or before another slide, or a number from 1.
// Exactly one field is set.
type Placement struct {
	After  *string
	Before *string
	Order  *int
}

// AddSlide adds a slide to a deck, at its end when At is nil. Comments in Content become notes, as
// in a deck that is imported.
type AddSlide struct {
	IdempotencyKey  *string
	PresentationID  string
	ExpectedVersion *int
	Title           *string
	Content         string
	Notes           *string
	At              *Placement
}

// UpdateSlide changes the fields that are present. Comments in Content are added to the notes.
type UpdateSlide struct {
	IdempotencyKey  *string
	PresentationID  string
	SlideID         string
	ExpectedVersion *int
	Title           graphql.Omittable[*string] `json:",omitzero"`
	Content         graphql.Omittable[*string] `json:",omitzero"`
	Notes           graphql.Omittable[*string] `json:",omitzero"`
}

// MoveSlide puts a slide elsewhere in its deck.
type MoveSlide struct {
	IdempotencyKey  *string
	PresentationID  string
	SlideID         string
	To              Placement
	ExpectedVersion *int
}

// RemoveSlide removes a slide from its deck.
type RemoveSlide struct {
	IdempotencyKey  *string
	PresentationID  string
	SlideID         string
	ExpectedVersion *int
}

func (in AddSlide) key() *string    { return in.IdempotencyKey }
func (in UpdateSlide) key() *string { return in.IdempotencyKey }
func (in MoveSlide) key() *string   { return in.IdempotencyKey }
func (in RemoveSlide) key() *string { return in.IdempotencyKey }

func (in AddSlide) target() Outcome    { return Outcome{ID: in.PresentationID} }
func (in UpdateSlide) target() Outcome { return Outcome{ID: in.PresentationID, SlideID: in.SlideID} }

func (in MoveSlide) target() Outcome { return Outcome{ID: in.PresentationID, SlideID: in.SlideID} }

func (in RemoveSlide) target() Outcome { return Outcome{ID: in.PresentationID} }

func (in AddSlide) prepare(context.Context, *Commands) (txFunc, error) {
	var at domain.Placement
	if in.At != nil {
		var err error
		if at, err = in.At.check("at"); err != nil {
			return nil, err
		}
	}
	id := NewID(domain.KindSlide)
	content, inText := deck.Notes(in.Content)
	add, err := changeDeck("presentationId", in.PresentationID, in.ExpectedVersion, headerVersion, func(p domain.Presentation) ([]domain.Event, error) {
		return p.AddSlide(domain.SlideAdded{SlideID: id, Title: in.Title, Content: content, Notes: joinNotes(in.Notes, inText)}, at)
	})
	return add.withSlide(id), err
}

func (in UpdateSlide) prepare(context.Context, *Commands) (txFunc, error) {
	if err := domain.CheckID(domain.KindSlide, "slideId", in.SlideID); err != nil {
		return nil, err
	}
	content, err := requiredValue("content", in.Content)
	if err != nil {
		return nil, err
	}
	inText := ""
	if content != nil {
		var text string
		text, inText = deck.Notes(*content)
		content = &text
	}
	e := domain.SlideUpdated{SlideID: in.SlideID, Title: clearable(in.Title), Content: content, Notes: clearable(in.Notes)}
	update, err := changeDeck("presentationId", in.PresentationID, in.ExpectedVersion, slideVersion(in.SlideID), func(p domain.Presentation) ([]domain.Event, error) {
		if inText != "" {
			s, _ := p.Slide(in.SlideID)
			e.Notes = clearable(graphql.OmittableOf(joinNotes(clearable(in.Notes).Apply(s.Notes), inText)))
		}
		return p.UpdateSlide(e)
	})
	return update.withSlide(in.SlideID), err
}

func (in MoveSlide) prepare(context.Context, *Commands) (txFunc, error) {
	if err := domain.CheckID(domain.KindSlide, "slideId", in.SlideID); err != nil {
		return nil, err
	}
	to, err := in.To.check("to")
	if err != nil {
		return nil, err
	}
	move, err := changeDeck("presentationId", in.PresentationID, in.ExpectedVersion, slideVersion(in.SlideID), func(p domain.Presentation) ([]domain.Event, error) {
		return p.MoveSlide(in.SlideID, to)
	})
	return move.withSlide(in.SlideID), err
}

func (in RemoveSlide) prepare(context.Context, *Commands) (txFunc, error) {
	if err := domain.CheckID(domain.KindSlide, "slideId", in.SlideID); err != nil {
		return nil, err
	}
	return changeDeck("presentationId", in.PresentationID, in.ExpectedVersion, slideVersion(in.SlideID), func(p domain.Presentation) ([]domain.Event, error) {
		return p.RemoveSlide(in.SlideID)
	})
}

// joinNotes returns the notes with those that stood as comments in the text of the slide.
func joinNotes(notes *string, inText string) *string {
	if notes == nil || *notes == "" {
		return cmp.Or(nilIfEmpty(inText), notes)
	}
	if inText == "" {
		return notes
	}
	joined := *notes + "\n\n" + inText
	return &joined
}

// slideVersion returns the function that finds the version at which the slide last changed.
func slideVersion(id string) partVersion {
	return func(p domain.Presentation) int {
		s, _ := p.Slide(id)
		return s.Version
	}
}

// withSlide adds the slide to the outcome.
func (run txFunc) withSlide(slideID string) txFunc {
	if run == nil {
		return nil
	}
	return func(u *unit) (Outcome, error) {
		o, err := run(u)
		o.SlideID = slideID
		return o, err
	}
}

// check returns the placement in the words of package domain. It also checks that exactly one field
// is given, because the check of the API does not see all variables.
func (p Placement) check(field string) (at domain.Placement, err error) {
	given := 0
	if p.After != nil {
		at.After = *p.After
		given++
		err = domain.CheckID(domain.KindSlide, field+".after", *p.After)
	}
	if p.Before != nil {
		at.Before = *p.Before
		given++
		err = domain.CheckID(domain.KindSlide, field+".before", *p.Before)
	}
	if p.Order != nil {
		at.Order = *p.Order
		given++
		if *p.Order < 1 {
			err = domain.Errorf(domain.Invalid, "order %d is outside of the deck: the first place is 1", *p.Order).At(field + ".order")
		}
	}
	if given != 1 {
		return at, domain.Errorf(domain.Invalid, "%s has %d fields: give exactly one of after, before and order", field, given).At(field)
	}
	return at, err
}
