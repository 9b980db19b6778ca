package command

import (
	"cmp"
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/markdown/deck"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
)

// DefaultTheme is the theme of a deck for which none was chosen.
const DefaultTheme = "default"

// CreatePresentation begins a deck, with the slides in Markdown if there is any.
// The theme and the description that the Markdown names count where none is given.
type CreatePresentation struct {
	IdempotencyKey *string
	Title          string
	Description    *string
	Theme          string
	IsPublic       bool
	Markdown       *string
}

// UpdatePresentation changes the fields that are present.
type UpdatePresentation struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
	Title           graphql.Omittable[*string] `json:",omitzero"`
	Description     graphql.Omittable[*string] `json:",omitzero"`
	Theme           graphql.Omittable[*string] `json:",omitzero"`
	IsPublic        graphql.Omittable[*bool]   `json:",omitzero"`
}

// DeletePresentation hides a deck everywhere but in its history.
type DeletePresentation struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
}

// RestorePresentation brings back an earlier version of a deck, or a deleted one.
type RestorePresentation struct{ Restore }

func (in CreatePresentation) key() *string { return in.IdempotencyKey }
func (in UpdatePresentation) key() *string { return in.IdempotencyKey }
func (in DeletePresentation) key() *string { return in.IdempotencyKey }

func (in UpdatePresentation) target() Outcome { return Outcome{ID: in.ID} }
func (in DeletePresentation) target() Outcome { return Outcome{ID: in.ID} }

func (in CreatePresentation) prepare(context.Context, *Commands) (plan, error) {
	e := domain.PresentationCreated{Title: in.Title, Description: in.Description, Theme: in.Theme, IsPublic: in.IsPublic}
	var slides []domain.SlideAdded
	if in.Markdown != nil {
		d, err := deck.Parse(*in.Markdown)
		if err != nil {
			return nil, domain.Errorf(domain.Invalid, "markdown: %v", err).At("markdown")
		}
		e.FrontMatter = d.Extra
		if e.Theme == DefaultTheme {
			e.Theme = cmp.Or(d.Theme, DefaultTheme)
		}
		if e.Description == nil {
			e.Description = optional(d.Description)
		}
		for _, s := range d.Slides {
			slides = append(slides, domain.SlideAdded{Title: optional(s.Title), Content: s.Content, Notes: optional(s.Notes)})
		}
	}
	return func(u *unit) (Outcome, error) {
		if err := u.mayCreate(policy.CreateDeck); err != nil {
			return Outcome{}, err
		}
		e.PresentationID, e.AuthorID = NewID(domain.KindPresentation), u.actor.UserID
		for i := range slides {
			slides[i].SlideID = NewID(domain.KindSlide)
		}
		events, err := domain.CreatePresentation(e, slides)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{ID: e.PresentationID}, u.append(domain.KindPresentation, e.PresentationID, eventstore.NoStream, events)
	}, nil
}

func (in UpdatePresentation) prepare(context.Context, *Commands) (plan, error) {
	e := domain.PresentationUpdated{Description: change(in.Description)}
	var err error
	if e.Title, err = present("title", in.Title); err != nil {
		return nil, err
	}
	if e.Theme, err = present("theme", in.Theme); err != nil {
		return nil, err
	}
	if e.IsPublic, err = present("isPublic", in.IsPublic); err != nil {
		return nil, err
	}
	return changeDeck("id", in.ID, in.ExpectedVersion, deckHeader, func(p domain.Presentation) ([]domain.Event, error) { return p.Update(e) })
}

func (in DeletePresentation) prepare(context.Context, *Commands) (plan, error) {
	return changeDeck("id", in.ID, in.ExpectedVersion, wholeDeck, domain.Presentation.Delete)
}

func (in RestorePresentation) prepare(ctx context.Context, c *Commands) (plan, error) {
	old, err := version[domain.Presentation](ctx, c, domain.KindPresentation, policy.ChangeDeck, in.Restore)
	if err != nil {
		return nil, err
	}
	return changeDeck("id", in.ID, in.ExpectedVersion, wholeDeck, func(p domain.Presentation) ([]domain.Event, error) { return p.Restore(old) })
}

// touched returns the version at which the part of a deck that a command changes
// was last changed itself: only a change since the expected version conflicts.
type touched func(domain.Presentation) int

func wholeDeck(p domain.Presentation) int  { return p.Version }
func deckHeader(p domain.Presentation) int { return p.HeaderVersion }

// changeDeck loads a deck that the actor may change, lets decide decide, and
// appends. An expected version conflicts when it is not one the deck has had, or
// when the part was touched since.
func changeDeck(field, id string, expected *int, part touched, decide func(domain.Presentation) ([]domain.Event, error)) (plan, error) {
	if err := domain.CheckID(domain.KindPresentation, field, id); err != nil {
		return nil, err
	}
	return func(u *unit) (Outcome, error) {
		out := Outcome{ID: id}
		p, err := loadOwn[domain.Presentation](u, field, id, policy.ChangeDeck, policy.Sight.Deck)
		if err != nil {
			return out, err
		}
		if expected != nil && p.Version > 0 && (*expected > p.Version || *expected < part(p)) {
			return out, conflict(id, *expected, p.Version)
		}
		events, err := decide(p)
		if err != nil {
			return out, err
		}
		return out, u.append(domain.KindPresentation, id, eventstore.Exactly(p.Version), events)
	}, nil
}

// optional is a pointer to s, nil for none.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
