package readmodel

import (
	"encoding/json"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// Presentation is a deck, without its slides, as it was from one of its events to
// the next.
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
	// SlideIDs are the slides in running order.
	SlideIDs  []string       `bun:"slide_ids"`
	CreatedAt domain.Instant `bun:"created_at"`
	UpdatedAt domain.Instant `bun:"updated_at"`
	Deleted   bool           `bun:"deleted"`
	Public    bool           `bun:"public"`

	// Rank is how well the row matches a search; set by lists in that order.
	Rank int `bun:"rank,scanonly"`

	page *page `bun:"-"`
}

// Slide is a slide of a deck as it was from one change of it to the next.
type Slide struct {
	bun.BaseModel `bun:"table:slides,alias:s"`

	ID             string              `bun:"id,pk"`
	ValidFrom      eventstore.Position `bun:"valid_from,pk"`
	ValidTo        eventstore.Position `bun:"valid_to"`
	PresentationID string              `bun:"presentation_id"`
	Title          *string             `bun:"title"`
	SpeakerNotes   *string             `bun:"notes"`
	Content        string              `bun:"content"`

	deck *Presentation `bun:"-"`
}

// presentationRow is the row of a state from the position where it began.
func presentationRow(p domain.Presentation, from, to eventstore.Position) Presentation {
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

// slideRow is the row of a slide from the position where it became so.
func slideRow(deck string, s domain.Slide, from, to eventstore.Position) Slide {
	return Slide{
		ID: s.ID, ValidFrom: from, ValidTo: to, PresentationID: deck,
		Title: s.Title, SpeakerNotes: s.Notes, Content: s.Content,
	}
}

// sameSlide reports whether two states of a slide have the same row.
func sameSlide(a, b domain.Slide) bool {
	return equal(a.Title, b.Title) && equal(a.Notes, b.Notes) && a.Content == b.Content
}

func (w projection) presentation(before, after domain.Presentation) error {
	if before.Version > 0 {
		if err := w.close("presentations", after.ID); err != nil {
			return err
		}
	}
	r := presentationRow(after, w.at, eventstore.Forever)
	ids, err := json.Marshal(r.SlideIDs)
	if err != nil {
		return err
	}
	if err := w.exec("INSERT INTO "+w.set.table("presentations")+` (valid_from, valid_to, id, version, title, description, author_id, theme,
			is_public, front_matter, slide_ids, created_at, updated_at, deleted, public)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ValidFrom, r.ValidTo, r.ID, r.Version, r.Title, r.Description, r.AuthorID, r.Theme,
		number(r.IsPublic), r.FrontMatter, string(ids), r.CreatedAt, r.UpdatedAt, number(r.Deleted), number(r.Public)); err != nil {
		return err
	}
	return w.slides(after.ID, before.Slides, after.Slides)
}

// slides closes the rows of slides that went or changed, and opens those of
// slides that came or changed.
func (w projection) slides(deck string, before, after []domain.Slide) error {
	was, is := slidesByID(before), slidesByID(after)
	for _, s := range before {
		if o, ok := is[s.ID]; ok && sameSlide(s, o) {
			continue
		}
		if err := w.exec("UPDATE "+w.set.table("slides")+" SET valid_to = ? WHERE id = ? AND valid_to = ?", w.at, s.ID, eventstore.Forever); err != nil {
			return err
		}
	}
	for _, s := range after {
		if o, ok := was[s.ID]; ok && sameSlide(s, o) {
			continue
		}
		r := slideRow(deck, s, w.at, eventstore.Forever)
		if err := w.exec("INSERT INTO "+w.set.table("slides")+` (id, valid_from, valid_to, presentation_id, title, notes, content)
				VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.ID, r.ValidFrom, r.ValidTo, r.PresentationID, r.Title, r.SpeakerNotes, r.Content); err != nil {
			return err
		}
	}
	return nil
}

func slidesByID(slides []domain.Slide) map[string]domain.Slide {
	m := make(map[string]domain.Slide, len(slides))
	for _, s := range slides {
		m[s.ID] = s
	}
	return m
}

// equal reports whether two optional values are the same.
func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
