package domain

import "slices"

// Placement is the place of a slide. At most one of the fields is set; without any the place is the
// end of the deck.
type Placement struct {
	After  string
	Before string
	// Order is the 1-based place.
	Order int
}

// CreatePresentation returns the events that begin a deck with these slides in order.
func CreatePresentation(e PresentationCreated, slides []SlideAdded) ([]Event, error) {
	var f faults
	f.add(checkLine("title", e.Title, MaxTitle))
	f.add(checkOptional("description", e.Description, MaxDescription))
	f.add(checkLine("theme", e.Theme, MaxTheme))
	f.add(checkBytes("markdown", e.FrontMatter, MaxNotesBytes))
	if len(slides) > MaxSlides {
		f.add(Errorf(Invalid, "a deck of %d slides is too long: at most %d are allowed", len(slides), MaxSlides).At("markdown"))
	}
	events := []Event{e}
	after := ""
	for _, s := range slides {
		f.list = append(f.list, checkSlide(s.Title, s.Content, s.Notes)...)
		s.PresentationID, s.After = e.PresentationID, after
		after = s.SlideID
		events = append(events, s)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return events, nil
}

func checkSlide(title *string, content string, notes *string) Errors {
	var f faults
	if e := checkOptional("title", title, MaxTitle); e != nil {
		f.add(e)
	} else if title != nil && *title != "" && !IsVisible(*title) {
		f.add(Errorf(Invalid, "title has no character that can be seen: give one, or no title").At("title"))
	}
	f.add(checkBytes("content", content, MaxContentBytes))
	if notes != nil {
		f.add(checkBytes("notes", *notes, MaxNotesBytes))
	}
	return f.list
}

// Update changes the fields of the deck that e carries. The event leaves out the fields that have
// the wanted value already; without a changed field there is no event.
func (p Presentation) Update(e PresentationUpdated) ([]Event, error) {
	if err := p.mustExist("id"); err != nil {
		return nil, err
	}
	var f faults
	if e.Title != nil {
		f.add(checkLine("title", *e.Title, MaxTitle))
	}
	f.add(checkOptional("description", e.Description.Value(), MaxDescription))
	if e.Theme != nil {
		f.add(checkLine("theme", *e.Theme, MaxTheme))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	e.PresentationID = p.ID
	e.Title, e.Description = changed(e.Title, p.Title), e.Description.From(p.Description)
	e.Theme, e.IsPublic = changed(e.Theme, p.Theme), changed(e.IsPublic, p.IsPublic)
	if len(e.Changes()) == 0 {
		return nil, nil
	}
	return []Event{e}, nil
}

// Changes returns the names of the changed fields, as clients know them.
func (e PresentationUpdated) Changes() []string {
	return touched(
		named{"title", e.Title != nil}, named{"description", e.Description.Touched()},
		named{"theme", e.Theme != nil}, named{"isPublic", e.IsPublic != nil})
}

// Delete hides the deck from every list; its history stays readable. Deleting twice is not an
// error.
func (p Presentation) Delete() ([]Event, error) {
	switch {
	case p.Version == 0:
		return nil, Errorf(NotFound, "presentation does not exist").At("id")
	case p.Deleted:
		return nil, nil
	}
	return []Event{PresentationDeleted{p.ID}}, nil
}

// Restore gives the deck the fields and slides of one of its earlier versions, even if it is
// deleted. It publishes nothing: a public deck stays public, and a deleted deck comes back private.
func (p Presentation) Restore(old Presentation) ([]Event, error) {
	switch {
	case p.Version == 0:
		return nil, Errorf(NotFound, "presentation does not exist").At("id")
	case old.Version == 0:
		return nil, Errorf(NotFound, "the presentation has no such version: it is at version %d", p.Version).At("toVersion")
	case old.Deleted:
		return nil, Errorf(Invalid, "the presentation is deleted at version %d: choose an earlier one", old.Version).At("toVersion")
	case !p.Deleted && p.sameFields(old):
		return nil, nil
	}
	slides := make([]RestoredSlide, len(old.Slides))
	for i, s := range old.Slides {
		slides[i] = RestoredSlide{s.ID, s.Title, s.Content, s.Notes}
	}
	return []Event{PresentationRestored{
		PresentationID: p.ID, FromVersion: old.Version, Title: old.Title, Description: old.Description,
		Theme: old.Theme, IsPublic: p.IsPublic && !p.Deleted, FrontMatter: old.FrontMatter, Slides: slides,
	}}, nil
}

func (p Presentation) sameFields(o Presentation) bool {
	return p.Title == o.Title && same(p.Description, o.Description) && p.Theme == o.Theme && p.FrontMatter == o.FrontMatter &&
		slices.EqualFunc(p.Slides, o.Slides, func(a, b Slide) bool {
			return a.ID == b.ID && same(a.Title, b.Title) && a.Content == b.Content && same(a.Notes, b.Notes)
		})
}

// AddSlide adds a slide at a place.
func (p Presentation) AddSlide(e SlideAdded, at Placement) ([]Event, error) {
	if err := p.mustExist("presentationId"); err != nil {
		return nil, err
	}
	if list := checkSlide(e.Title, e.Content, e.Notes); list != nil {
		return nil, list
	}
	if len(p.Slides) >= MaxSlides {
		return nil, Errorf(Invalid, "the deck has %d slides already: no more are allowed", MaxSlides).At("presentationId")
	}
	after, err := p.resolve("at", at, p.Slides)
	if err != nil {
		return nil, err
	}
	e.PresentationID, e.After = p.ID, after
	return []Event{e}, nil
}

// UpdateSlide changes the fields of a slide that e carries. If all fields have the wanted values
// already, there is no event.
func (p Presentation) UpdateSlide(e SlideUpdated) ([]Event, error) {
	s, err := p.mustHave(e.SlideID)
	if err != nil {
		return nil, err
	}
	content := s.Content
	assign(&content, e.Content)
	if list := checkSlide(e.Title.Value(), content, e.Notes.Value()); list != nil {
		return nil, list
	}
	e.PresentationID = p.ID
	e.Title, e.Notes, e.Content = e.Title.From(s.Title), e.Notes.From(s.Notes), changed(e.Content, s.Content)
	if len(e.Changes()) == 0 {
		return nil, nil
	}
	return []Event{e}, nil
}

// Changes returns the names of the changed fields, as clients know them.
func (e SlideUpdated) Changes() []string {
	return touched(named{"title", e.Title.Touched()}, named{"content", e.Content != nil}, named{"notes", e.Notes.Touched()})
}

// MoveSlide moves a slide to a place. If the slide is there already, there is no event.
func (p Presentation) MoveSlide(slideID string, to Placement) ([]Event, error) {
	s, err := p.mustHave(slideID)
	if err != nil {
		return nil, err
	}
	if to.After == slideID || to.Before == slideID {
		return nil, Errorf(Invalid, "a slide cannot be placed beside itself").At("to")
	}
	i := p.place(s.ID)
	others := slices.Delete(slices.Clone(p.Slides), i, i+1)
	after, err := p.resolve("to", to, others)
	if err != nil {
		return nil, err
	}
	if i == 0 && after == "" || i > 0 && p.Slides[i-1].ID == after {
		return nil, nil
	}
	return []Event{SlideMoved{p.ID, slideID, after}}, nil
}

// RemoveSlide takes a slide out of the deck.
func (p Presentation) RemoveSlide(slideID string) ([]Event, error) {
	if _, err := p.mustHave(slideID); err != nil {
		return nil, err
	}
	return []Event{SlideRemoved{p.ID, slideID}}, nil
}

// resolve returns the slide after which a placement lies among these slides. field is the member of
// the input that holds the placement.
func (p Presentation) resolve(field string, at Placement, among []Slide) (after string, err error) {
	index := len(among)
	switch {
	case at.After != "":
		index = 1 + slices.IndexFunc(among, func(s Slide) bool { return s.ID == at.After })
		if index == 0 {
			return "", Errorf(NotFound, "slide %s is not in the presentation", at.After).At(field + ".after")
		}
	case at.Before != "":
		index = slices.IndexFunc(among, func(s Slide) bool { return s.ID == at.Before })
		if index < 0 {
			return "", Errorf(NotFound, "slide %s is not in the presentation", at.Before).At(field + ".before")
		}
	case at.Order != 0:
		index = at.Order - 1
		if index < 0 || index > len(among) {
			return "", Errorf(Invalid, "order %d is outside of the deck: use 1 to %d", at.Order, len(among)+1).At(field + ".order")
		}
	}
	if index == 0 {
		return "", nil
	}
	return among[index-1].ID, nil
}

func (p Presentation) mustExist(field string) error {
	if !p.Exists() {
		return Errorf(NotFound, "presentation does not exist").At(field)
	}
	return nil
}

func (p Presentation) mustHave(slideID string) (Slide, error) {
	if err := p.mustExist("presentationId"); err != nil {
		return Slide{}, err
	}
	s, ok := p.Slide(slideID)
	if !ok {
		return Slide{}, Errorf(NotFound, "slide %s is not in the presentation", slideID).At("slideId")
	}
	return s, nil
}
