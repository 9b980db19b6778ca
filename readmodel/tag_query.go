package readmodel

import (
	"context"
	"unicode/utf8"

	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// Tag is a tag with the number of its contents.
type Tag struct {
	Name string `bun:"name"`
	// Count is the number of contents with the tag that the view may see.
	Count int `bun:"count"`
	// AsOf is the position at which the row was read, nil for now.
	AsOf *eventstore.Position `bun:"-"`
}

// TagEdge is a tag in a connection.
type TagEdge struct {
	Node   *Tag
	cursor func(*Tag) string
}

// Cursor returns the cursor of the edge.
func (e *TagEdge) Cursor() string { return e.cursor(e.Node) }

// TagConnection is a page of tags.
type TagConnection struct {
	Connection
	Nodes  []*Tag
	cursor func(*Tag) string
}

// Edges returns the nodes with their cursors.
func (c *TagConnection) Edges() []*TagEdge {
	edges := make([]*TagEdge, len(c.Nodes))
	for i, node := range c.Nodes {
		edges[i] = &TagEdge{node, c.cursor}
	}
	return edges
}

// Tags returns a page of the tags with a prefix that contents have, ordered by name.
func (r *Reader) Tags(ctx context.Context, v View, p Page, prefix string) (*TagConnection, error) {
	l := list[Tag]{
		reader: r, name: r.listName("tags", prefix), dear: true,
		keys:  []string{"g.name"},
		key:   func(t *Tag) []any { return []any{t.Name} },
		query: func(p eventstore.Position) *bun.SelectQuery { return r.tagged(v.moved(p), prefix) },
		adopt: func(v View, rows []*Tag) {
			asOf := v.asOf()
			for _, row := range rows {
				row.AsOf = asOf
			}
		},
	}
	s, err := l.read(ctx, v, r.log.Head().Position, p)
	if err != nil {
		return nil, err
	}
	return &TagConnection{s.Connection, s.rows, s.cursor}, nil
}

// tagged selects the tags with a prefix and counts their visible contents.
func (r *Reader) tagged(v View, prefix string) *bun.SelectQuery {
	tags := r.db.NewSelect().TableExpr("content_tags AS t").
		Join("JOIN contents AS c ON c.id = t.content_id").
		Apply(at("t", v.At), at("c", v.At), r.visible(v, contents, "c")).
		ColumnExpr("t.tag AS name, count(*) AS count").GroupExpr("t.tag")
	if prefix != "" {
		tags = tags.Where("t.tag >= ? AND substr(t.tag, 1, ?) = ?", prepared.Bind(prefix), prepared.Bind(utf8.RuneCountInString(prefix)), prepared.Bind(prefix))
	}
	return r.db.NewSelect().TableExpr("(?) AS g", tags).ColumnExpr("g.name, g.count")
}
