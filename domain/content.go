package domain

// ContentStatus is the visibility of a content. Package policy names the roles that see each
// status.
type ContentStatus string

// Authors and editors see a draft, all visitors see a published content, and authors and editors
// see an archived one.
const (
	Draft     ContentStatus = "DRAFT"
	Published ContentStatus = "PUBLISHED"
	Archived  ContentStatus = "ARCHIVED"
)

// Valid reports whether s is one of the statuses.
func (s ContentStatus) Valid() bool { return s == Draft || s == Published || s == Archived }

// ContentFormat is the format of the text of a content.
type ContentFormat string

// The formats.
const (
	Markdown  ContentFormat = "MARKDOWN"
	HTML      ContentFormat = "HTML"
	Plaintext ContentFormat = "PLAINTEXT"
	JSON      ContentFormat = "JSON"
)

// Valid reports whether f is one of the formats.
func (f ContentFormat) Valid() bool {
	switch f {
	case Markdown, HTML, Plaintext, JSON:
		return true
	}
	return false
}

// ContentCreated is the first event of a content.
type ContentCreated struct {
	ContentID   string        `json:"contentId"`
	Title       string        `json:"title"`
	Slug        string        `json:"slug"`
	Description *string       `json:"description,omitempty"`
	Content     string        `json:"content"`
	Format      ContentFormat `json:"format"`
	AuthorID    string        `json:"authorId,omitempty"`
	Tags        []string      `json:"tags,omitempty"`
	Status      ContentStatus `json:"status"`
}

// ContentUpdated carries the changed fields; unchanged fields are absent.
type ContentUpdated struct {
	ContentID   string         `json:"contentId"`
	Title       *string        `json:"title,omitempty"`
	Slug        *string        `json:"slug,omitempty"`
	Description Change[string] `json:"description,omitzero"`
	Content     *string        `json:"content,omitempty"`
	Format      *ContentFormat `json:"format,omitempty"`
	// Tags is the whole new list; nil if it is unchanged.
	Tags []string `json:"tags,omitzero"`
}

// ContentPublished makes a content public.
type ContentPublished struct {
	ContentID string `json:"contentId"`
}

// ContentUnpublished makes a content a draft again.
type ContentUnpublished struct {
	ContentID string `json:"contentId"`
}

// ContentArchived takes a content out of public view without deleting it.
type ContentArchived struct {
	ContentID string `json:"contentId"`
}

// ContentDeleted hides a content everywhere except in its history.
type ContentDeleted struct {
	ContentID string `json:"contentId"`
}

// ContentRestored gives a content the fields of an earlier version. It carries the fields, so that
// Apply need not look back.
type ContentRestored struct {
	ContentID   string        `json:"contentId"`
	FromVersion int           `json:"fromVersion"`
	Title       string        `json:"title"`
	Slug        string        `json:"slug"`
	Description *string       `json:"description,omitempty"`
	Content     string        `json:"content"`
	Format      ContentFormat `json:"format"`
	Tags        []string      `json:"tags,omitempty"`
	Status      ContentStatus `json:"status"`
}

func (ContentCreated) kind() Kind     { return KindContent }
func (ContentUpdated) kind() Kind     { return KindContent }
func (ContentPublished) kind() Kind   { return KindContent }
func (ContentUnpublished) kind() Kind { return KindContent }
func (ContentArchived) kind() Kind    { return KindContent }
func (ContentDeleted) kind() Kind     { return KindContent }
func (ContentRestored) kind() Kind    { return KindContent }

// Content is the sum of the events of a content. The zero value is a content that does not exist.
type Content struct {
	ID          string
	Version     int
	Title       string
	Slug        string
	Description *string
	Content     string
	Format      ContentFormat
	Status      ContentStatus
	AuthorID    string
	Tags        []string
	CreatedAt   Instant
	UpdatedAt   Instant
	// PublishedAt is the instant of the last publication; nil for a draft.
	PublishedAt *Instant
	Deleted     bool
}

// Apply returns the content after one more event.
func (c Content) Apply(event Event, at Instant) (State, error) {
	switch e := event.(type) {
	case ContentCreated:
		c.ID, c.Title, c.Slug, c.Description = e.ContentID, e.Title, e.Slug, e.Description
		c.Content, c.Format, c.AuthorID, c.Tags = e.Content, e.Format, e.AuthorID, e.Tags
		c.CreatedAt = at
		c.setStatus(e.Status, at)
	case ContentUpdated:
		c.update(e)
	case ContentPublished:
		c.setStatus(Published, at)
	case ContentUnpublished:
		c.setStatus(Draft, at)
	case ContentArchived:
		c.setStatus(Archived, at)
	case ContentDeleted:
		c.Deleted = true
	case ContentRestored:
		c.Title, c.Slug, c.Description = e.Title, e.Slug, e.Description
		c.Content, c.Format, c.Tags = e.Content, e.Format, e.Tags
		c.Deleted = false
		if e.Status != c.Status {
			c.setStatus(e.Status, at)
		}
	default:
		return nil, foreign(c, event)
	}
	c.UpdatedAt = at
	c.Version++
	return c, nil
}

func (c *Content) update(e ContentUpdated) {
	assign(&c.Title, e.Title)
	assign(&c.Slug, e.Slug)
	c.Description = e.Description.Apply(c.Description)
	assign(&c.Content, e.Content)
	assign(&c.Format, e.Format)
	if e.Tags != nil {
		c.Tags = e.Tags
	}
}

// setStatus keeps the instant of publication through archiving and forgets it with the return to a
// draft.
func (c *Content) setStatus(status ContentStatus, at Instant) {
	c.Status = status
	switch status {
	case Published:
		c.PublishedAt = &at
	case Draft:
		c.PublishedAt = nil
	}
}

// Exists reports whether the content was created and is not deleted.
func (c Content) Exists() bool { return c.Version > 0 && !c.Deleted }

// AtVersion returns the version of the stream.
func (c Content) AtVersion() int { return c.Version }

// Owner returns the id of the author.
func (c Content) Owner() string { return c.AuthorID }

// Public reports whether the content is published and not deleted.
func (c Content) Public() bool { return c.Status == Published && !c.Deleted }
