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

// DefaultTheme is the theme of a deck that names none.
const DefaultTheme = "default"

// CreatePresentation creates a deck. Markdown may be nil; its slides become the deck's. Its theme
// and description count if the command gives none. Dialect is nil if it is to be found out.
type CreatePresentation struct {
	IdempotencyKey *string
	Title          string
	Description    *string
	Theme          string
	IsPublic       bool
	Markdown       *string
	Dialect        *deck.Dialect `json:",omitempty"`
}

// UpdatePresentation changes the fields of a deck that are present.
type UpdatePresentation struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
	Title           graphql.Omittable[*string] `json:",omitzero"`
	Description     graphql.Omittable[*string] `json:",omitzero"`
	Theme           graphql.Omittable[*string] `json:",omitzero"`
	IsPublic        graphql.Omittable[*bool]   `json:",omitzero"`
}

// DeletePresentation hides a deck everywhere except in its history.
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

func (in CreatePresentation) prepare(context.Context, *Commands) (txFunc, error) {
	e := domain.PresentationCreated{Title: in.Title, Description: in.Description, Theme: in.Theme, IsPublic: in.IsPublic}
	var slides []domain.SlideAdded
	if in.Markdown != nil {
		var as deck.Dialect
		if in.Dialect != nil {
			as = *in.Dialect
		}
		d, err := deck.Parse(*in.Markdown, as)
		if err != nil {
			return nil, domain.Errorf(domain.Invalid, "markdown: %v", err).At("markdown")
		}
		e.FrontMatter = d.Extra
		if e.Theme == DefaultTheme {
			e.Theme = cmp.Or(d.Theme, DefaultTheme)
		}
		if e.Description == nil {
			e.Description = nilIfEmpty(d.Description)
		}
		for _, s := range d.Slides {
			if !domain.IsVisible(s.Title) {
				s.Title = ""
			}
			slides = append(slides, domain.SlideAdded{Title: nilIfEmpty(s.Title), Content: s.Content, Notes: nilIfEmpty(s.Notes)})
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

func (in UpdatePresentation) prepare(context.Context, *Commands) (txFunc, error) {
	e := domain.PresentationUpdated{Description: clearable(in.Description)}
	var err error
	if e.Title, err = requiredValue("title", in.Title); err != nil {
		return nil, err
	}
	if e.Theme, err = requiredValue("theme", in.Theme); err != nil {
		return nil, err
	}
	if e.IsPublic, err = requiredValue("isPublic", in.IsPublic); err != nil {
		return nil, err
	}
	return changeDeck("id", in.ID, in.ExpectedVersion, headerVersion, func(p domain.Presentation) ([]domain.Event, error) { return p.Update(e) })
}

func (in DeletePresentation) prepare(context.Context, *Commands) (txFunc, error) {
	return changeDeck("id", in.ID, in.ExpectedVersion, deckVersion, domain.Presentation.Delete)
}

func (in RestorePresentation) prepare(ctx context.Context, c *Commands) (txFunc, error) {
	if in.Slug != nil {
		return nil, domain.Errorf(domain.Invalid, "a deck has no slug: leave it out").At("slug")
	}
	old, err := stateToRestore[domain.Presentation](ctx, c, domain.KindPresentation, policy.ChangeDeck, in.Restore)
	if err != nil {
		return nil, err
	}
	return changeDeck("id", in.ID, in.ExpectedVersion, deckVersion, func(p domain.Presentation) ([]domain.Event, error) { return p.Restore(old) })
}

// partVersion returns the version at which one part of a deck last changed: the whole deck, its
// header or a slide. A command conflicts only with a later change of the same part.
type partVersion func(domain.Presentation) int

func deckVersion(p domain.Presentation) int   { return p.Version }
func headerVersion(p domain.Presentation) int { return p.HeaderVersion }

// changeDeck returns the txFunc that loads a deck, checks that the actor may change it, calls
// decide and appends its events. An expected version conflicts if the deck never had it, or if the
// part changed after it.
func changeDeck(field, id string, expected *int, lastChange partVersion, decide func(domain.Presentation) ([]domain.Event, error)) (txFunc, error) {
	if err := domain.CheckID(domain.KindPresentation, field, id); err != nil {
		return nil, err
	}
	return func(u *unit) (Outcome, error) {
		out := Outcome{ID: id}
		p, err := loadOwn[domain.Presentation](u, field, id, policy.ChangeDeck, policy.Visibility.Deck)
		if err != nil {
			return out, err
		}
		if expected != nil && p.Version > 0 && (*expected > p.Version || *expected < lastChange(p)) {
			return out, conflict(id, *expected, p.Version)
		}
		events, err := decide(p)
		if err != nil {
			return out, err
		}
		return out, u.append(domain.KindPresentation, id, eventstore.Exactly(p.Version), events)
	}, nil
}

// nilIfEmpty returns a pointer to s, or nil for "".
func nilIfEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
