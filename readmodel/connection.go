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

// Sizes of a page.
const (
	DefaultPage = 20
	MaxPage     = 500
	// pageBytes is about how much text one page holds: it ends, short of what was
	// asked for, after the row that reaches it.
	pageBytes = 8 << 20
)

// Page says which part of a connection is asked for, as Relay's connections do:
// the first n after a cursor, or the last n before one.
type Page struct {
	First  *int
	After  *string
	Last   *int
	Before *string
	// Fields are those of the rows that will be read, by their names in Go; others may
	// be left empty, where that is worth it. nil: all.
	Fields []string
}

// PageInfo says how a page lies in its connection.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	start, end      func() string // nil for a page without rows
}

// StartCursor is the cursor of the page's first member, nil when it has none.
func (p PageInfo) StartCursor() *string { return made(p.start) }

// EndCursor is the cursor of the page's last member, nil when it has none.
func (p PageInfo) EndCursor() *string { return made(p.end) }

func made(cursor func() string) *string {
	if cursor == nil {
		return nil
	}
	text := cursor()
	return &text
}

// Connection is what all connections have beside their edges.
type Connection struct {
	PageInfo PageInfo
	// Position is where every page reached by these cursors is read.
	Position eventstore.Position
	count    func(context.Context) (int, error)
}

// TotalCount counts the members of the whole connection. It runs a query of its
// own.
func (c *Connection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// list is how one kind of connection is read.
type list[T any] struct {
	reader *Reader
	// name is listName of what determines its members. Only cursors have it.
	name func() string
	// keys are the columns it is ordered by, which together are unique, all in
	// the same direction.
	keys []string
	desc bool
	// key returns a row's values of the columns, in their order.
	key func(row *T) []any
	// query selects the members as of a position, in no order.
	query func(at eventstore.Position) *bun.SelectQuery
	// columns are what is selected of the members; nil: all that a row has.
	columns []string
	// adopt makes the rows of a page know the view they were read in; may be nil.
	adopt func(at eventstore.Position, rows []*T)
	// size returns how long the texts of a row are, in bytes; nil where they are short.
	size func(row *T) int
	// load reads the rest of rows that the query selects a part of, and returns of how
	// many, from the first: fewer when their texts are long. May be nil.
	load func(ctx context.Context, rows []*T) (int, error)
}

// listPage is one page of a list.
type listPage[T any] struct {
	Connection
	rows []*T
	// cursor returns the place of a row. Most are never asked for.
	cursor func(row *T) string
}

// pageRequest is a page's arguments, checked.
type pageRequest struct {
	limit    int
	backward bool
	cursor   *cursor
}

func (p Page) check(name func() string, keys int) (r pageRequest, err error) {
	count, field, text, cursorField := p.First, "first", p.After, "after"
	if p.Last != nil || p.Before != nil {
		if p.First != nil || p.After != nil {
			return r, domain.Errorf(domain.Invalid, "first and after go forward, last and before go backward: use one pair").At("last")
		}
		count, field, text, cursorField = p.Last, "last", p.Before, "before"
		r.backward = true
	}
	r.limit = DefaultPage
	if count != nil {
		r.limit = *count
	}
	if r.limit < 0 || r.limit > MaxPage {
		return r, domain.Errorf(domain.Invalid, "%s: %d is outside of 0 to %d: ask for less and follow pageInfo to the next page", field, r.limit, MaxPage).At(field)
	}
	if text != nil {
		c, err := decodeCursor(cursorField, name(), *text, keys)
		if err != nil {
			return r, err
		}
		r.cursor = &c
	}
	return r, nil
}

// read returns the page of the list that p asks for, in the view v, or, unless
// v.At was named, at the position pinned by p's cursor.
func (l list[T]) read(ctx context.Context, v View, head eventstore.Position, p Page) (*listPage[T], error) {
	r, err := p.check(l.name, len(l.keys))
	if err != nil {
		return nil, err
	}
	position := v.At
	if r.cursor != nil {
		if position = r.cursor.At; position > head {
			return nil, domain.Errorf(domain.Invalid, "the cursor is from the future: the log ends at %s", head).At("after")
		}
		if v.Named && position != v.At {
			return nil, domain.Errorf(domain.Invalid, "the cursor was read as of position %s, asOf is %s: leave asOf out, or start again without a cursor", position, v.At).At("asOf")
		}
	}
	out := &listPage[T]{Connection: Connection{Position: position, count: func(ctx context.Context) (int, error) {
		return l.reader.db.Count(ctx, l.query(position))
	}}}
	if r.limit == 0 {
		return out, nil
	}
	q := l.query(position)
	for _, column := range l.columns {
		q = q.ColumnExpr(column)
	}
	rows, cut, err := l.scan(ctx, l.sorted(q, r))
	if err != nil {
		return nil, err
	}
	if l.adopt != nil {
		l.adopt(position, rows)
	}
	l.fill(out, rows, r, cut)
	return out, nil
}

// sorted gives a query the order, start and length of a pageRequest, and one row more
// to tell whether others follow.
func (l list[T]) sorted(q *bun.SelectQuery, r pageRequest) *bun.SelectQuery {
	desc := l.desc != r.backward
	direction, beyond := " ASC", ">"
	if desc {
		direction, beyond = " DESC", "<"
	}
	for _, key := range l.keys {
		q = q.OrderExpr(key + direction)
	}
	if r.cursor != nil {
		if len(l.keys) == 1 {
			q = q.Where(l.keys[0]+" "+beyond+" ?", prepared.Bind(r.cursor.Key[0]))
		} else {
			q = q.Where("("+strings.Join(l.keys, ", ")+") "+beyond+" (?)", prepared.BindAll(r.cursor.Key))
		}
	}
	return q.Limit(int64(r.limit) + 1)
}

// scan reads the rows of a page. cut says that it stopped before the last one,
// because the texts are long.
func (l list[T]) scan(ctx context.Context, q *bun.SelectQuery) (rows []*T, cut bool, err error) {
	if l.size == nil {
		if err := l.reader.db.Scan(ctx, q, &rows); err != nil || l.load == nil {
			return rows, false, err
		}
		loaded, err := l.load(ctx, rows)
		return rows[:loaded], loaded < len(rows), err
	}
	rows, complete, err := prepared.ScanWithin(ctx, l.reader.db, q, pageBytes, l.size)
	return rows, !complete, err
}

func (l list[T]) fill(out *listPage[T], rows []*T, r pageRequest, cut bool) {
	more := cut || len(rows) > r.limit
	if len(rows) > r.limit {
		rows = rows[:r.limit]
	}
	if r.backward {
		slices.Reverse(rows)
	}
	out.rows = rows
	name, at := l.name, out.Position
	out.cursor = func(row *T) string { return cursor{name(), at, l.key(row)}.encode() }
	info := &out.PageInfo
	info.HasNextPage, info.HasPreviousPage = more, r.cursor != nil
	if r.backward {
		info.HasNextPage, info.HasPreviousPage = info.HasPreviousPage, info.HasNextPage
	}
	if n := len(rows); n > 0 {
		info.start = func() string { return out.cursor(rows[0]) }
		info.end = func() string { return out.cursor(rows[n-1]) }
	}
}
