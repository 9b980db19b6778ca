package readmodel

import (
	"context"
	"slices"
	"strings"

	"flightdeck/budget"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// Sizes of a page.
const (
	DefaultPage = 20
	MaxPage     = 500
	// pageBytes is the approximate size of the texts of a page, in bytes. A page ends after the row
	// that reaches it, with fewer rows than the client asked for.
	pageBytes = 8 << 20
)

// Page is a client's request for a part of a connection, in the terms of Relay's connections: of
// the rows after a cursor and before another one, the first or the last.
type Page struct {
	First  *int
	After  *string
	Last   *int
	Before *string
	// Fields are the names of the fields, in Go, that the caller reads. The others may stay empty.
	// nil means all fields.
	Fields []string
}

// PageInfo is the place of a page in its connection.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	start, end      func() string // nil for a page without rows
}

// StartCursor returns the cursor of the page's first member, nil if it has none.
func (p PageInfo) StartCursor() *string { return made(p.start) }

// EndCursor returns the cursor of the page's last member, nil if it has none.
func (p PageInfo) EndCursor() *string { return made(p.end) }

func made(cursor func() string) *string {
	if cursor == nil {
		return nil
	}
	text := cursor()
	return &text
}

// Connection is common to all connections, which add their edges.
type Connection struct {
	PageInfo PageInfo
	// Position is the position of the page, and of all pages that its cursors lead to.
	Position eventstore.Position
	count    func(context.Context) (int, error)
}

// TotalCount returns the number of members of the whole connection. It runs a query of its own, and
// counts no further than the budget of ctx goes: the error is a *budget.ExceededError then.
func (c *Connection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// list describes a connection of rows of type T.
type list[T any] struct {
	reader *Reader
	// name returns the name of the list for cursors: see listName.
	name func() string
	// keys are the columns of the order. Together they are unique, and all have the same direction.
	keys []string
	desc bool
	// key returns the values of these columns in a row.
	key func(row *T) []any
	// query selects the members at a position, without an order.
	query func(at eventstore.Position) *bun.SelectQuery
	// columns are the expressions that the query selects; nil selects all columns.
	columns []string
	// adopt gives the rows of a page their view; nil if the rows need none.
	adopt func(v View, rows []*T)
	// dear marks a list whose query may look at many more rows than it selects.
	dear bool
	// withoutTexts marks a list whose rows have sizes, but no texts.
	withoutTexts bool
	// size returns the length of a row's texts in bytes; nil if texts are short.
	size func(row *T) int
	// load completes rows of which the query selects a part. It returns the number of complete
	// rows, which come first; long texts make it smaller than len(rows). nil if the query selects
	// whole rows.
	load func(ctx context.Context, rows []*T) (int, error)
}

// listPage is a page of a list.
type listPage[T any] struct {
	Connection
	rows []*T
	view View // of the rows
	// cursor returns the cursor of a row. Few cursors are ever asked for.
	cursor func(row *T) string
}

// pageRequest is a checked Page.
type pageRequest struct {
	limit         int
	backward      bool
	after, before *cursor
}

// position returns the position of the cursors, and false without a cursor.
func (r pageRequest) position() (p eventstore.Position, ok bool) {
	for _, c := range []*cursor{r.after, r.before} {
		if c != nil {
			return c.At, true
		}
	}
	return 0, false
}

func (p Page) check(name func() string, keys int) (r pageRequest, err error) {
	if p.First != nil && p.Last != nil {
		return r, domain.Errorf(domain.Invalid, "first goes forward, last goes backward: use one of them").At("last")
	}
	count, field := p.First, "first"
	if r.backward = p.Last != nil || p.Before != nil && p.After == nil && p.First == nil; r.backward {
		count, field = p.Last, "last"
	}
	r.limit = DefaultPage
	if count != nil {
		r.limit = *count
	}
	if r.limit < 0 || r.limit > MaxPage {
		return r, domain.Errorf(domain.Invalid, "%s: %d is outside of 0 to %d: ask for less and follow pageInfo to the next page", field, r.limit, MaxPage).At(field)
	}
	if r.after, err = readCursor("after", p.After, name, keys); err != nil {
		return r, err
	}
	if r.before, err = readCursor("before", p.Before, name, keys); err != nil {
		return r, err
	}
	if r.after != nil && r.before != nil && r.after.At != r.before.At {
		return r, domain.Errorf(domain.Invalid, "the cursors were read as of positions %s and %s: use two of the same page, or of pages that follow each other", r.after.At, r.before.At).At("before")
	}
	return r, nil
}

// readCursor returns the cursor in an argument, nil if it was left out.
func readCursor(argument string, text *string, name func() string, keys int) (*cursor, error) {
	if text == nil {
		return nil, nil
	}
	c, err := decodeCursor(argument, name(), *text, keys)
	return &c, err
}

// read returns the page of the list that p requests. Its position is that of p's cursor, or of the
// view without a cursor. A cursor names its moment, even if this is the end of the log. head is the
// end of the log. A view with a named moment refuses cursors of other positions.
func (l list[T]) read(ctx context.Context, v View, head eventstore.Position, p Page) (*listPage[T], error) {
	r, err := p.check(l.name, len(l.keys))
	if err != nil {
		return nil, err
	}
	view := v
	if position, ok := r.position(); ok {
		if position > head {
			return nil, domain.Errorf(domain.Invalid, "the cursor is from the future: the log ends at %s", head).At("after")
		}
		if v.Named && position != v.At {
			return nil, domain.Errorf(domain.Invalid, "the cursor was read as of position %s, asOf is %s: leave asOf out, or start again without a cursor", position, v.At).At("asOf")
		}
		view = v.named(position)
	}
	position := view.At
	out := &listPage[T]{view: view, Connection: Connection{Position: position, count: func(ctx context.Context) (int, error) {
		done, err := l.reader.Turn(ctx)
		if err != nil {
			return 0, err
		}
		defer done()
		return l.reader.db.Count(ctx, l.query(position))
	}}}
	q := l.query(position)
	for _, column := range l.columns {
		q = q.ColumnExpr(column)
	}
	rows, cut, err := l.scan(ctx, l.sorted(q, r))
	if err != nil {
		return nil, err
	}
	if l.adopt != nil {
		l.adopt(view, rows)
	}
	l.fill(out, rows, r, cut)
	return out, nil
}

// sorted gives a query the order, the start and the length of a request. The length is one row
// more, which shows whether other rows follow.
func (l list[T]) sorted(q *bun.SelectQuery, r pageRequest) *bun.SelectQuery {
	direction := " ASC"
	if l.desc != r.backward {
		direction = " DESC"
	}
	for _, key := range l.keys {
		q = q.OrderExpr(key + direction)
	}
	after, before := ">", "<"
	if l.desc {
		after, before = before, after
	}
	q = l.beyond(l.beyond(q, after, r.after), before, r.before)
	return q.Limit(int64(r.limit) + 1)
}

// beyond selects the rows on one side of a cursor, and all rows for nil.
func (l list[T]) beyond(q *bun.SelectQuery, side string, c *cursor) *bun.SelectQuery {
	switch {
	case c == nil:
		return q
	case len(l.keys) == 1:
		return q.Where(l.keys[0]+" "+side+" ?", prepared.Bind(c.Key[0]))
	}
	return q.Where("("+strings.Join(l.keys, ", ")+") "+side+" (?)", prepared.BindAll(c.Key))
}

// scan reads the rows of a page. cut is true if long texts ended it before the last row.
func (l list[T]) scan(ctx context.Context, q *bun.SelectQuery) (rows []*T, cut bool, err error) {
	b := budget.From(ctx)
	if err := b.Settle(ctx); err != nil {
		return nil, false, err
	}
	if l.size == nil {
		if err := l.inTurn(ctx, func() error { return l.reader.db.Scan(ctx, q, &rows) }); err != nil || l.load == nil {
			return rows, false, err
		}
		loaded, err := l.load(ctx, rows)
		return rows[:loaded], loaded < len(rows), err
	}
	most := pageBytes
	if b.IsSmall() && !l.withoutTexts {
		most = budget.Small
	}
	rows, complete, err := l.scanWithin(ctx, q, most)
	if err == nil && !complete && most < pageBytes {
		rows = nil // they are read again, and their memory is free meanwhile
		if err := b.Enlarge(ctx); err != nil {
			return nil, false, err
		}
		rows, complete, err = l.scanWithin(ctx, q, pageBytes)
	}
	return rows, !complete, err
}

func (l list[T]) scanWithin(ctx context.Context, q *bun.SelectQuery, most int) (rows []*T, complete bool, err error) {
	err = l.inTurn(ctx, func() error {
		rows, complete, err = prepared.ScanWithin(ctx, l.reader.db, q, most, l.size)
		return err
	})
	return rows, complete, err
}

// inTurn calls f, for a dear list when it is its turn.
func (l list[T]) inTurn(ctx context.Context, f func() error) error {
	if !l.dear {
		return f()
	}
	done, err := l.reader.Turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	return f()
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
	info.HasNextPage, info.HasPreviousPage = more, r.after != nil
	if r.backward {
		info.HasNextPage, info.HasPreviousPage = r.before != nil, more
	}
	if n := len(rows); n > 0 {
		info.start = func() string { return out.cursor(rows[0]) }
		info.end = func() string { return out.cursor(rows[n-1]) }
	}
}
