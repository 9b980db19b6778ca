package domain

import "slices"

// CreateContent returns the event that begins a content. e.Slug must be present and free; e.Tags
// need not be normal yet.
func CreateContent(e ContentCreated) ([]Event, error) {
	e.Tags = normalTags(e.Tags)
	var f faults
	f.add(checkLine("title", e.Title, MaxTitle))
	f.add(checkSlug(e.Slug))
	f.add(checkOptional("description", e.Description, MaxDescription))
	f.add(checkContent(e.Content, e.Format))
	f.add(checkTags(e.Tags))
	if !e.Format.Valid() {
		f.add(Errorf(Invalid, "format %q is unknown", e.Format).At("format"))
	}
	if !e.Status.Valid() {
		f.add(Errorf(Invalid, "status %q is unknown", e.Status).At("status"))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// Update changes the fields that e carries. The event leaves out the fields that have the wanted
// value already; without a changed field there is no event.
func (c Content) Update(e ContentUpdated) ([]Event, error) {
	if err := c.mustExist(); err != nil {
		return nil, err
	}
	e.ContentID, e.Tags = c.ID, normalTags(e.Tags)
	e.Title, e.Slug = changed(e.Title, c.Title), changed(e.Slug, c.Slug)
	e.Description = e.Description.From(c.Description)
	e.Content, e.Format = changed(e.Content, c.Content), changed(e.Format, c.Format)
	if slices.Equal(e.Tags, c.Tags) {
		e.Tags = nil
	}
	if len(e.Changes()) == 0 {
		return nil, nil
	}
	if err := e.check(c); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// check returns the faults of the fields that e changes in c.
func (e ContentUpdated) check(c Content) error {
	var f faults
	if e.Title != nil {
		f.add(checkLine("title", *e.Title, MaxTitle))
	}
	if e.Slug != nil {
		f.add(checkSlug(*e.Slug))
	}
	f.add(checkOptional("description", e.Description.Value(), MaxDescription))
	assign(&c.Content, e.Content)
	assign(&c.Format, e.Format)
	switch {
	case e.Content != nil:
		f.add(checkContent(c.Content, c.Format))
	case e.Format != nil && c.Format == JSON:
		f.add(checkJSON("format", c.Content))
	}
	if e.Format != nil && !e.Format.Valid() {
		f.add(Errorf(Invalid, "format %q is unknown", *e.Format).At("format"))
	}
	f.add(checkTags(e.Tags))
	return f.err()
}

// Changes returns the names of the changed fields, as clients know them.
func (e ContentUpdated) Changes() []string {
	return touched(
		named{"title", e.Title != nil}, named{"slug", e.Slug != nil}, named{"description", e.Description.Touched()},
		named{"content", e.Content != nil}, named{"format", e.Format != nil}, named{"tags", e.Tags != nil})
}

// Publish makes the content public. Publishing twice is not an error.
func (c Content) Publish() ([]Event, error) {
	return c.transition(Published, ContentPublished{c.ID})
}

// Unpublish makes the content a draft. Unpublishing a draft is not an error.
func (c Content) Unpublish() ([]Event, error) { return c.transition(Draft, ContentUnpublished{c.ID}) }

// Archive takes the content out of public view. Archiving twice is not an error.
func (c Content) Archive() ([]Event, error) { return c.transition(Archived, ContentArchived{c.ID}) }

func (c Content) transition(to ContentStatus, e Event) ([]Event, error) {
	if err := c.mustExist(); err != nil {
		return nil, err
	}
	if c.Status == to {
		return nil, nil
	}
	return []Event{e}, nil
}

// Delete hides the content from every list; its history stays readable. Deleting twice is not an
// error.
func (c Content) Delete() ([]Event, error) {
	switch {
	case c.Version == 0:
		return nil, Errorf(NotFound, "content does not exist").At("id")
	case c.Deleted:
		return nil, nil
	}
	return []Event{ContentDeleted{c.ID}}, nil
}

// Restore gives the content the fields of one of its earlier versions, even if it is deleted. It
// publishes nothing: a public content stays public, and a deleted content comes back as a draft, or
// as archived if it was archived. The slug of old need not be that of the version.
func (c Content) Restore(old Content) ([]Event, error) {
	switch {
	case c.Version == 0:
		return nil, Errorf(NotFound, "content does not exist").At("id")
	case old.Version == 0:
		return nil, Errorf(NotFound, "the content has no such version: it is at version %d", c.Version).At("toVersion")
	case old.Deleted:
		return nil, Errorf(Invalid, "the content is deleted at version %d: choose an earlier one", old.Version).At("toVersion")
	case !c.Deleted && c.sameFields(old):
		return nil, nil
	}
	if err := checkSlug(old.Slug); err != nil {
		return nil, err
	}
	status := c.Status
	if c.Deleted && status == Published {
		status = Draft
	}
	return []Event{ContentRestored{
		ContentID: c.ID, FromVersion: old.Version, Title: old.Title, Slug: old.Slug, Description: old.Description,
		Content: old.Content, Format: old.Format, Tags: old.Tags, Status: status,
	}}, nil
}

func (c Content) sameFields(o Content) bool {
	return c.Title == o.Title && c.Slug == o.Slug && same(c.Description, o.Description) &&
		c.Content == o.Content && c.Format == o.Format && slices.Equal(c.Tags, o.Tags)
}

func (c Content) mustExist() error {
	if !c.Exists() {
		return Errorf(NotFound, "content does not exist").At("id")
	}
	return nil
}
