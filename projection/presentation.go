package projection

import (
	"encoding/json"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"
)

func (w rowWriter) presentation(before, after domain.Presentation) error {
	if before.Version > 0 {
		if err := w.close("presentations", after.ID); err != nil {
			return err
		}
	}
	r := readmodel.NewPresentation(after, w.at, eventstore.Forever)
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

// slides closes the rows of removed and changed slides, and opens the rows of added and changed
// ones.
func (w rowWriter) slides(deck string, before, after []domain.Slide) error {
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
		r := readmodel.NewSlide(deck, s, w.at, eventstore.Forever)
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

// sameSlide reports whether two states of a slide have the same row.
func sameSlide(a, b domain.Slide) bool {
	return equal(a.Title, b.Title) && equal(a.Notes, b.Notes) && a.Content == b.Content
}
