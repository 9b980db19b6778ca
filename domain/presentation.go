package domain

import "slices"

// PresentationCreated is the first event of a deck.
type PresentationCreated struct {
	PresentationID string  `json:"presentationId"`
	Title          string  `json:"title"`
	Description    *string `json:"description,omitempty"`
	AuthorID       string  `json:"authorId,omitempty"`
	Theme          string  `json:"theme"`
	IsPublic       bool    `json:"isPublic"`
	// FrontMatter holds the front matter of the deck's Markdown beyond the fields here.
	FrontMatter string `json:"frontMatter,omitempty"`
}

// PresentationUpdated carries the changed fields; unchanged fields are absent.
type PresentationUpdated struct {
	PresentationID string         `json:"presentationId"`
	Title          *string        `json:"title,omitempty"`
	Description    Change[string] `json:"description,omitzero"`
	Theme          *string        `json:"theme,omitempty"`
	IsPublic       *bool          `json:"isPublic,omitempty"`
}

// PresentationDeleted hides a deck everywhere except in its history.
type PresentationDeleted struct {
	PresentationID string `json:"presentationId"`
}

// PresentationRestored gives a deck the fields and slides of an earlier version. It carries them,
// so that Apply need not look back.
type PresentationRestored struct {
	PresentationID string          `json:"presentationId"`
	FromVersion    int             `json:"fromVersion"`
	Title          string          `json:"title"`
	Description    *string         `json:"description,omitempty"`
	Theme          string          `json:"theme"`
	IsPublic       bool            `json:"isPublic"`
	FrontMatter    string          `json:"frontMatter,omitempty"`
	Slides         []RestoredSlide `json:"slides"`
}

// RestoredSlide is a slide inside PresentationRestored.
type RestoredSlide struct {
	SlideID string  `json:"slideId"`
	Title   *string `json:"title,omitempty"`
	Content string  `json:"content"`
	Notes   *string `json:"notes,omitempty"`
}

// SlideAdded adds a slide after another one.
type SlideAdded struct {
	PresentationID string  `json:"presentationId"`
	SlideID        string  `json:"slideId"`
	Title          *string `json:"title,omitempty"`
	Content        string  `json:"content"`
	Notes          *string `json:"notes,omitempty"`
	// After is the id of the slide before; empty for the first place.
	After string `json:"after,omitempty"`
}

// SlideUpdated carries the changed fields of a slide; unchanged fields are absent.
type SlideUpdated struct {
	PresentationID string         `json:"presentationId"`
	SlideID        string         `json:"slideId"`
	Title          Change[string] `json:"title,omitzero"`
	Content        *string        `json:"content,omitempty"`
	Notes          Change[string] `json:"notes,omitzero"`
}

// SlideMoved puts a slide after another one.
type SlideMoved struct {
	PresentationID string `json:"presentationId"`
	SlideID        string `json:"slideId"`
	// After is the id of the slide before; empty for the first place.
	After string `json:"after,omitempty"`
}

// SlideRemoved takes a slide out of the deck.
type SlideRemoved struct {
	PresentationID string `json:"presentationId"`
	SlideID        string `json:"slideId"`
}

func (PresentationCreated) kind() Kind  { return KindPresentation }
func (PresentationUpdated) kind() Kind  { return KindPresentation }
func (PresentationDeleted) kind() Kind  { return KindPresentation }
func (PresentationRestored) kind() Kind { return KindPresentation }
func (SlideAdded) kind() Kind           { return KindPresentation }
func (SlideUpdated) kind() Kind         { return KindPresentation }
func (SlideMoved) kind() Kind           { return KindPresentation }
func (SlideRemoved) kind() Kind         { return KindPresentation }

// Presentation is the sum of the events of a deck. The zero value is a deck that does not exist.
type Presentation struct {
	ID          string
	Version     int
	Title       string
	Description *string
	AuthorID    string
	Theme       string
	IsPublic    bool
	FrontMatter string
	// Slides are in running order. The slice is never changed in place.
	Slides    []Slide
	CreatedAt Instant
	UpdatedAt Instant
	Deleted   bool
	// HeaderVersion is the version of the last change outside the slides.
	HeaderVersion int
}

// Slide is one slide of a Presentation.
type Slide struct {
	ID      string
	Title   *string
	Content string
	Notes   *string
	// Version is the version of the deck at which the slide was last added, changed or moved.
	Version int
}

// Apply returns the deck after one more event.
func (p Presentation) Apply(event Event, at Instant) (State, error) {
	p.Version++
	p.UpdatedAt = at
	switch e := event.(type) {
	case PresentationCreated:
		p.ID, p.Title, p.Description, p.AuthorID = e.PresentationID, e.Title, e.Description, e.AuthorID
		p.Theme, p.IsPublic, p.FrontMatter = e.Theme, e.IsPublic, e.FrontMatter
		p.CreatedAt, p.HeaderVersion = at, p.Version
	case PresentationUpdated:
		assign(&p.Title, e.Title)
		p.Description = e.Description.Apply(p.Description)
		assign(&p.Theme, e.Theme)
		assign(&p.IsPublic, e.IsPublic)
		p.HeaderVersion = p.Version
	case PresentationDeleted:
		p.Deleted, p.HeaderVersion = true, p.Version
	case PresentationRestored:
		p.restore(e)
	default:
		return p.applySlide(event)
	}
	return p, nil
}

func (p Presentation) applySlide(event Event) (State, error) {
	switch e := event.(type) {
	case SlideAdded:
		p.Slides = p.with(Slide{e.SlideID, e.Title, e.Content, e.Notes, p.Version}, e.After)
	case SlideUpdated:
		i := p.place(e.SlideID)
		if i < 0 {
			return nil, Errorf(NotFound, "slide %s is not in the deck", e.SlideID)
		}
		p.Slides = slices.Clone(p.Slides)
		s := &p.Slides[i]
		s.Title, s.Notes = e.Title.Apply(s.Title), e.Notes.Apply(s.Notes)
		assign(&s.Content, e.Content)
		s.Version = p.Version
	case SlideMoved:
		i := p.place(e.SlideID)
		if i < 0 {
			return nil, Errorf(NotFound, "slide %s is not in the deck", e.SlideID)
		}
		s := p.Slides[i]
		s.Version = p.Version
		p.Slides = slices.Delete(slices.Clone(p.Slides), i, i+1)
		p.Slides = p.with(s, e.After)
	case SlideRemoved:
		p.Slides = slices.DeleteFunc(slices.Clone(p.Slides), func(s Slide) bool { return s.ID == e.SlideID })
	default:
		return nil, foreign(p, event)
	}
	return p, nil
}

func (p *Presentation) restore(e PresentationRestored) {
	p.Title, p.Description, p.Theme = e.Title, e.Description, e.Theme
	p.IsPublic, p.FrontMatter = e.IsPublic, e.FrontMatter
	p.Deleted, p.HeaderVersion = false, p.Version
	p.Slides = make([]Slide, len(e.Slides))
	for i, s := range e.Slides {
		p.Slides[i] = Slide{s.SlideID, s.Title, s.Content, s.Notes, p.Version}
	}
}

// with returns the slides with one more after the given slide, or in the first place if after is
// empty or unknown.
func (p Presentation) with(s Slide, after string) []Slide {
	return slices.Insert(slices.Clone(p.Slides), p.place(after)+1, s)
}

// place returns the index of a slide, or -1.
func (p Presentation) place(id string) int {
	return slices.IndexFunc(p.Slides, func(s Slide) bool { return s.ID == id })
}

// Slide returns a slide of the deck and whether it is there.
func (p Presentation) Slide(id string) (Slide, bool) {
	if i := p.place(id); i >= 0 {
		return p.Slides[i], true
	}
	return Slide{}, false
}

// Exists reports whether the deck was created and is not deleted.
func (p Presentation) Exists() bool { return p.Version > 0 && !p.Deleted }

// AtVersion returns the version of the stream.
func (p Presentation) AtVersion() int { return p.Version }

// Owner returns the id of the author.
func (p Presentation) Owner() string { return p.AuthorID }

// Public reports whether the deck is public and not deleted.
func (p Presentation) Public() bool { return p.IsPublic && !p.Deleted }
