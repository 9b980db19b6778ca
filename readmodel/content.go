package readmodel

import (
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// Content is the state of a content from one of its events to the next.
type Content struct {
	bun.BaseModel `bun:"table:contents,alias:c"`

	ValidFrom   eventstore.Position  `bun:"valid_from,pk"`
	ValidTo     eventstore.Position  `bun:"valid_to"`
	ID          string               `bun:"id"`
	Version     int                  `bun:"version"`
	Title       string               `bun:"title"`
	Slug        string               `bun:"slug"`
	Description *string              `bun:"description"`
	Format      domain.ContentFormat `bun:"format"`
	Status      domain.ContentStatus `bun:"status"`
	AuthorID    string               `bun:"author_id"`
	Tags        []string             `bun:"tags"`
	CreatedAt   domain.Instant       `bun:"created_at"`
	UpdatedAt   domain.Instant       `bun:"updated_at"`
	PublishedAt *domain.Instant      `bun:"published_at"`
	Deleted     bool                 `bun:"deleted"`
	Public      bool                 `bun:"public"`
	Content     string               `bun:"content"`

	// Rank is the rank of the row in a search. Only lists by relevance set it.
	Rank int `bun:"rank,scanonly"`
	// Size is the length of the text in bytes. Only lists without the text set it.
	Size int `bun:"size,scanonly"`

	// AsOf is the position at which the row was read, nil for now.
	AsOf *eventstore.Position `bun:"-"`

	answer *answer `bun:"-"`
}

// NewContent returns the row of a state. The row begins at from and ends at to.
func NewContent(c domain.Content, from, to eventstore.Position) Content {
	return Content{
		ValidFrom: from, ValidTo: to, ID: c.ID, Version: c.Version,
		Title: c.Title, Slug: c.Slug, Description: c.Description, Format: c.Format, Status: c.Status,
		AuthorID: c.AuthorID, Tags: orEmpty(c.Tags), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, PublishedAt: c.PublishedAt,
		Deleted: c.Deleted, Public: c.Public(), Content: c.Content,
	}
}

// orEmpty returns s, or an empty list for nil.
func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
