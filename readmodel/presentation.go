package readmodel

import (
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// Presentation is the state of a deck, without its slides, from one of its events to the next.
type Presentation struct {
	bun.BaseModel `bun:"table:presentations,alias:p"`

	ValidFrom   eventstore.Position `bun:"valid_from,pk"`
	ValidTo     eventstore.Position `bun:"valid_to"`
	ID          string              `bun:"id"`
	Version     int                 `bun:"version"`
	Title       string              `bun:"title"`
	Description *string             `bun:"description"`
	AuthorID    string              `bun:"author_id"`
	Theme       string              `bun:"theme"`
	IsPublic    bool                `bun:"is_public"`
	FrontMatter string              `bun:"front_matter"`
	// SlideIDs are the ids of the slides in running order.
	SlideIDs  []string       `bun:"slide_ids"`
	CreatedAt domain.Instant `bun:"created_at"`
	UpdatedAt domain.Instant `bun:"updated_at"`
	Deleted   bool           `bun:"deleted"`
	Public    bool           `bun:"public"`

	// Rank is the rank of the row in a search. Only lists by relevance set it.
	Rank int `bun:"rank,scanonly"`

	// AsOf is the position at which the row was read, nil for now.
	AsOf *eventstore.Position `bun:"-"`

	answer *answer `bun:"-"`
}

// Slide is the state of a slide from one of its changes to the next.
type Slide struct {
	bun.BaseModel `bun:"table:slides,alias:s"`

	ID             string              `bun:"id,pk"`
	ValidFrom      eventstore.Position `bun:"valid_from,pk"`
	ValidTo        eventstore.Position `bun:"valid_to"`
	PresentationID string              `bun:"presentation_id"`
	Title          *string             `bun:"title"`
	SpeakerNotes   *string             `bun:"notes"`
	Content        string              `bun:"content"`

	// AsOf is the position at which the row and its deck were read, nil for now.
	AsOf *eventstore.Position `bun:"-"`

	deck *Presentation `bun:"-"`
}

// NewPresentation returns the row of a state. The row begins at from and ends at to.
func NewPresentation(p domain.Presentation, from, to eventstore.Position) Presentation {
	ids := make([]string, len(p.Slides))
	for i, s := range p.Slides {
		ids[i] = s.ID
	}
	return Presentation{
		ValidFrom: from, ValidTo: to, ID: p.ID, Version: p.Version, Title: p.Title, Description: p.Description,
		AuthorID: p.AuthorID, Theme: p.Theme, IsPublic: p.IsPublic, FrontMatter: p.FrontMatter, SlideIDs: ids,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Deleted: p.Deleted, Public: p.Public(),
	}
}

// NewSlide returns the row of a slide of a deck. The row begins at from and ends at to.
func NewSlide(deck string, s domain.Slide, from, to eventstore.Position) Slide {
	return Slide{
		ID: s.ID, ValidFrom: from, ValidTo: to, PresentationID: deck,
		Title: s.Title, SpeakerNotes: s.Notes, Content: s.Content,
	}
}
