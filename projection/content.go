package projection

import (
	"encoding/json"
	"slices"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"

	"github.com/uptrace/bun"
)

func (w rowWriter) content(before, after domain.Content) error {
	if before.Version > 0 {
		if err := w.close("contents", after.ID); err != nil {
			return err
		}
	}
	r := readmodel.NewContent(after, w.at, eventstore.Forever)
	tags, err := json.Marshal(r.Tags)
	if err != nil {
		return err
	}
	if err := w.exec("INSERT INTO "+w.set.table("contents")+` (valid_from, valid_to, id, version, title, slug, description, format, status,
			author_id, tags, created_at, updated_at, published_at, deleted, public, content)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ValidFrom, r.ValidTo, r.ID, r.Version, r.Title, r.Slug, r.Description, string(r.Format), string(r.Status),
		r.AuthorID, string(tags), r.CreatedAt, r.UpdatedAt, r.PublishedAt, number(r.Deleted), number(r.Public), r.Content); err != nil {
		return err
	}
	return w.tags(after, liveTags(before), liveTags(after))
}

// ContentTag is the time during which a content had a tag and was not deleted.
type ContentTag struct {
	bun.BaseModel `bun:"table:content_tags,alias:t"`

	Tag       string              `bun:"tag,pk"`
	CreatedAt domain.Instant      `bun:"created_at,pk"` // of the content
	ValidFrom eventstore.Position `bun:"valid_from,pk"`
	ValidTo   eventstore.Position `bun:"valid_to"`
	ContentID string              `bun:"content_id"`
}

// liveTags returns the tags under which a content is found: none after its deletion.
func liveTags(c domain.Content) []string {
	if c.Deleted {
		return nil
	}
	return c.Tags
}

func (w rowWriter) tags(c domain.Content, before, after []string) error {
	for _, tag := range before {
		if slices.Contains(after, tag) {
			continue
		}
		if err := w.exec("UPDATE "+w.set.table("content_tags")+" SET valid_to = ? WHERE tag = ? AND created_at = ? AND content_id = ? AND valid_to = ?",
			w.at, tag, c.CreatedAt, c.ID, eventstore.Forever); err != nil {
			return err
		}
	}
	for _, tag := range after {
		if slices.Contains(before, tag) {
			continue
		}
		if err := w.exec("INSERT INTO "+w.set.table("content_tags")+" (tag, created_at, valid_from, valid_to, content_id) VALUES (?, ?, ?, ?, ?)",
			tag, c.CreatedAt, w.at, eventstore.Forever, c.ID); err != nil {
			return err
		}
	}
	return nil
}
