package readmodel

import (
	"context"
	"slices"
	"strings"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// ContentFilter selects contents. A nil field selects all.
type ContentFilter struct {
	Status      []domain.ContentStatus
	TagsAny     []string
	TagsAll     []string
	AuthorID    *string
	CreatedFrom *domain.Instant
	CreatedTo   *domain.Instant
	UpdatedFrom *domain.Instant
	UpdatedTo   *domain.Instant
}

// ContentEdge is a content in a connection.
type ContentEdge struct {
	Node   *Content
	cursor func(*Content) string
}

// Cursor returns the cursor of the edge.
func (e *ContentEdge) Cursor() string { return e.cursor(e.Node) }

// ContentConnection is a page of contents.
type ContentConnection struct {
	Connection
	Nodes  []*Content
	cursor func(*Content) string
}

// Edges returns the nodes with their cursors.
func (c *ContentConnection) Edges() []*ContentEdge {
	edges := make([]*ContentEdge, len(c.Nodes))
	for i, node := range c.Nodes {
		edges[i] = &ContentEdge{node, c.cursor}
	}
	return edges
}

// Content returns a content, nil if there is none or the view may not see it.
func (r *Reader) Content(ctx context.Context, v View, id string) (*Content, error) {
	if err := domain.CheckID(domain.KindContent, "id", id); err != nil {
		return nil, err
	}
	return r.content(ctx, v, id)
}

// content is Content for an id that is known to be one.
func (r *Reader) content(ctx context.Context, v View, id string) (*Content, error) {
	row, err := one[Content](ctx, r, "content", v, id, func(v View, id string) *bun.SelectQuery {
		return r.shownContent().Apply(currentRow("c", id, v.At), r.visible(v, contents, "c"))
	})
	return r.adopted(v, row), err
}

// ContentBySlug returns the content with a slug at the view's moment, nil if there is none or the
// view may not see it.
func (r *Reader) ContentBySlug(ctx context.Context, v View, slug string) (*Content, error) {
	row, err := one[Content](ctx, r, "content by slug", v, slug, func(v View, slug string) *bun.SelectQuery {
		return r.shownContent().Where("c.slug = ?", prepared.Bind(slug)).Apply(at("c", v.At), r.visible(v, contents, "c")).OrderExpr("c.valid_from DESC")
	})
	return r.adopted(v, row), err
}

// shownContent selects the columns that the API shows. Each column takes the driver a twentieth of
// the time of the query.
func (r *Reader) shownContent() *bun.SelectQuery {
	return r.db.NewSelect().Model((*Content)(nil)).ExcludeColumn("valid_from", "valid_to", "deleted", "public")
}

// adopted gives a row its view and returns it. row may be nil.
func (r *Reader) adopted(v View, row *Content) *Content {
	if row != nil {
		r.adoptContents(v, row)
	}
	return row
}

// ContentAfter returns the row of a content whose state is c at the view's moment, without reading
// it; nil if the view may not see it.
func (r *Reader) ContentAfter(v View, c domain.Content) *Content {
	if !r.shows(v, contents, c.Public(), c.Deleted, c.AuthorID) {
		return nil
	}
	row := NewContent(c, v.At, eventstore.Forever)
	r.adoptContents(v, &row)
	return &row
}

// Contents returns a page of the contents that the filter and the search select.
func (r *Reader) Contents(ctx context.Context, v View, p Page, f ContentFilter, o *Order, search *string) (*ContentConnection, error) {
	l, err := r.contentList(ctx, v, f, o, search)
	if err != nil {
		return nil, err
	}
	if p.Fields != nil && !slices.Contains(l.keys, "c.rank") { // ranked rows are selected as a whole
		l.columns = r.contentColumns(p.Fields, l.keys)
		if !slices.Contains(p.Fields, "Content") {
			l.columns = append(l.columns, "octet_length(c.content) AS size")
			l.size = func(c *Content) int { return c.Size }
			l.withoutTexts = true
		}
	}
	s, err := l.read(ctx, v, r.log.Head().Position, p)
	if err != nil {
		return nil, err
	}
	return &ContentConnection{s.Connection, s.rows, s.cursor}, nil
}

// contentColumns returns the columns of fields and of a list's keys. Each column takes the driver
// as long as the database.
func (r *Reader) contentColumns(fields, keys []string) (columns []string) {
	key := strings.Join(keys, " ")
	for _, name := range prepared.Columns[Content](r.db, func(field, column string) bool {
		return slices.Contains(fields, field) || strings.Contains(key, "."+column)
	}) {
		columns = append(columns, "c."+name)
	}
	return columns
}

func (r *Reader) contentList(ctx context.Context, v View, f ContentFilter, o *Order, search *string) (l list[Content], err error) {
	if err := atMost(MaxFilter, len(f.Status), len(f.TagsAny), len(f.TagsAll)); err != nil {
		return l, err
	}
	words, err := r.words(ctx, v, search)
	if err != nil {
		return l, err
	}
	order, err := o.orDefault(words)
	if err != nil {
		return l, err
	}
	lead, rest := f.lead(order.Field)
	l = list[Content]{
		reader: r, name: r.listName("contents", f, order, words),
		dear: !words.none() || rest.selects(),
		desc: order.Direction == Descending,
		query: func(p eventstore.Position) *bun.SelectQuery {
			v := v.moved(p)
			q := r.db.NewSelect().Model((*Content)(nil))
			if lead == nil {
				q = order.bound(q.Apply(currentRows("c", p)), "c", p)
			} else {
				q = q.Apply(drivenByTags(lead, order.Direction, p), recordedBy("t.created_at", p))
			}
			q = q.Apply(r.visible(v, contents, "c"), rest.apply(p), words.contents)
			if order.Field == Relevance {
				q = r.ranked(q, (*Content)(nil), "c", "content_search", "title", "description tags", words)
			}
			return q
		},
		adopt: func(v View, rows []*Content) { r.adoptContents(v, rows...) },
		size:  func(c *Content) int { return len(c.Content) },
	}
	l.keys, l.key = contentKeys(order.Field)
	if lead != nil {
		l.keys = []string{"t.created_at"}
	}
	return l, nil
}

// contentKeys returns the columns of an order and a function that returns their values in a row.
func contentKeys(by OrderField) (keys []string, key func(*Content) []any) {
	switch by {
	case UpdatedAt:
		return []string{"c.updated_at"}, func(c *Content) []any { return []any{c.UpdatedAt} }
	case PublishedAt:
		return []string{"coalesce(c.published_at, 0)", "c.id"}, func(c *Content) []any {
			var published domain.Instant
			if c.PublishedAt != nil {
				published = *c.PublishedAt
			}
			return []any{published, c.ID}
		}
	case Title:
		return []string{"c.title", "c.id"}, func(c *Content) []any { return []any{c.Title, c.ID} }
	case Relevance:
		return []string{"c.rank", "c.updated_at"}, func(c *Content) []any { return []any{c.Rank, c.UpdatedAt} }
	}
	return []string{"c.created_at"}, func(c *Content) []any { return []any{c.CreatedAt} }
}

// maxLead bounds the number of tags that drive a list.
const maxLead = 10

// lead returns the tags that drive a list in an order, and the rest of the filter. Each member of
// the list has one of the tags, and the contents of a tag lie in the order of their creation.
// Without tags, or in another order, it returns nil and the whole filter.
func (f ContentFilter) lead(by OrderField) (tags []string, rest ContentFilter) {
	switch {
	case by != CreatedAt:
	case len(f.TagsAll) > 0:
		tags, f.TagsAll = f.TagsAll[:1], f.TagsAll[1:]
	case len(f.TagsAny) > 0 && len(f.TagsAny) <= maxLead:
		tags, f.TagsAny = f.TagsAny, nil
	}
	return tags, f
}

// drivenByTags selects the contents that had one of some tags at a position, in their state at the
// position. t merges the tags by the contents' instants of creation, which identify the contents; c
// is one step from there, however often a content changed.
func drivenByTags(tags []string, d OrderDirection, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	const (
		one  = "SELECT created_at FROM content_tags WHERE tag = ? AND valid_from <= ? AND valid_to > ?"
		then = " AS t CROSS JOIN contents AS c" // in this order
	)
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if len(tags) == 1 { // a table can be entered at a cursor
			q = q.ModelTableExpr("content_tags"+then).Where("t.tag = ?", prepared.Bind(tags[0])).Apply(at("t", p))
		} else {
			var args []any
			for _, tag := range tags {
				args = append(args, prepared.Bind(tag), prepared.Bind(p), prepared.Bind(p))
			}
			// Without a limit SQLite does not use the order of the subquery, and reads all of it.
			q = q.ModelTableExpr("("+one+strings.Repeat(" UNION "+one, len(tags)-1)+" ORDER BY created_at "+string(d)+" LIMIT -1)"+then, args...)
		}
		return q.Where("c.valid_from = (SELECT max(o.valid_from) FROM contents AS o WHERE o.created_at = t.created_at AND o.valid_from <= ?)", prepared.Bind(p))
	}
}

// selects reports whether the filter leaves out contents.
func (f ContentFilter) selects() bool {
	return f.Status != nil || f.TagsAny != nil || f.TagsAll != nil || f.AuthorID != nil ||
		f.CreatedFrom != nil || f.CreatedTo != nil || f.UpdatedFrom != nil || f.UpdatedTo != nil
}

func (f ContentFilter) apply(p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if f.Status != nil {
			q = q.Where("c.status IN (?)", prepared.BindAll(f.Status))
		}
		if f.AuthorID != nil {
			q = q.Where("c.author_id = ?", prepared.Bind(*f.AuthorID))
		}
		if f.TagsAny != nil {
			q = q.Where("EXISTS (SELECT 1 FROM content_tags AS t WHERE t.tag IN (?) AND t.created_at = c.created_at AND t.content_id = c.id AND t.valid_from <= ? AND t.valid_to > ?)",
				prepared.BindAll(f.TagsAny), prepared.Bind(p), prepared.Bind(p))
		}
		for _, tag := range f.TagsAll {
			q = q.Where("EXISTS (SELECT 1 FROM content_tags AS t WHERE t.tag = ? AND t.created_at = c.created_at AND t.content_id = c.id AND t.valid_from <= ? AND t.valid_to > ?)",
				prepared.Bind(tag), prepared.Bind(p), prepared.Bind(p))
		}
		return q.Apply(between("c.created_at", f.CreatedFrom, f.CreatedTo), between("c.updated_at", f.UpdatedFrom, f.UpdatedTo))
	}
}

// adoptContents gives rows their view.
func (r *Reader) adoptContents(v View, rows ...*Content) {
	asOf := v.asOf()
	for _, row := range rows {
		row.AsOf = asOf
	}
	r.joinContents(v, rows)
}

// joinContents makes rows, which know their moments, the rows of one answer.
func (r *Reader) joinContents(v View, rows []*Content) {
	a := &answer{reader: r, view: v}
	for _, row := range rows {
		row.answer = a
		a.name(row.AsOf, row.AuthorID)
	}
}

// Author returns the author of the content.
func (c *Content) Author(ctx context.Context) (*User, error) {
	return c.answer.user(ctx, c.AsOf, c.AuthorID)
}

// History returns a page of the content's events.
func (c *Content) History(ctx context.Context, first *int, after *string, last *int, before *string) (*EventConnection, error) {
	return c.answer.reader.history(ctx, c.answer.viewOf(c.AsOf), c.ID, Page{First: first, After: after, Last: last, Before: before})
}

// Revision returns the content at a version, or at a point in history. It returns nil if the
// content did not exist then or the view may not see it. Either version or asOf is nil.
func (c *Content) Revision(ctx context.Context, version *int, asOf *AsOf) (*Content, error) {
	v, ok, err := c.answer.revision(ctx, c.answer.viewOf(c.AsOf), c.ID, version, asOf)
	if err != nil || !ok {
		return nil, err
	}
	return c.answer.reader.content(ctx, v, c.ID)
}
