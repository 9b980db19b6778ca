package prepared

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/uptrace/bun"
)

// Template is a query whose text was built once. bun takes longer to build the text of a query than
// the database takes to find a row.
type Template struct {
	query string
	args  []templateArgument
}

// templateArgument is an argument of a template: the value of a slot, or a value that is always the
// same.
type templateArgument struct {
	slot  int // -1 for none
	value any
}

// maxSlots is how many slots a template can have.
const maxSlots = 8

// TextSlot returns the text that stands for the n-th value of a template, from 0 to 7, while its
// query is built. It is bound with Bind, and occurs in no query otherwise.
func TextSlot(n int) string { return "\ufffe slot " + strconv.Itoa(n) }

// IntSlot is TextSlot for a value that is an integer.
func IntSlot(n int) int64 { return math.MaxInt64 - 4711 - int64(n) }

// NewTemplate returns the template of a query that was built with slots in the place of some of its
// bound arguments.
func (d *DB) NewTemplate(q *bun.SelectQuery) (*Template, error) {
	query, args, err := d.text(q)
	if err != nil {
		return nil, err
	}
	t := &Template{query: query, args: make([]templateArgument, len(args))}
	for i, value := range args {
		t.args[i] = templateArgument{-1, value}
		for n := range maxSlots {
			if value == any(TextSlot(n)) || value == any(IntSlot(n)) {
				t.args[i] = templateArgument{slot: n}
			}
		}
	}
	return t, nil
}

// fill returns the arguments of a query with the values of the slots.
func (t *Template) fill(values []any) []any {
	args := make([]any, len(t.args))
	for i, a := range t.args {
		if args[i] = a.value; a.slot >= 0 {
			args[i] = values[a.slot]
		}
	}
	return args
}

// First returns the first row of a template's query, nil if there is none. values are the values of
// its slots, each an int64 or a string. The query has to be one that goes straight to the row: it
// is not cancelled with ctx once it runs, because database/sql and the driver would each need a
// goroutine for that and the query is over before they could act.
func First[T any](ctx context.Context, d *DB, t *Template, values ...any) (row *T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = d.run(context.WithoutCancel(ctx), d.points, t.query, t.fill(values), func(rows *sql.Rows) (err error) {
		row = nil
		defer func() { err = errors.Join(err, rows.Close()) }()
		if !rows.Next() {
			return rows.Err()
		}
		s, err := d.scanner(ctx, rows, reflect.TypeFor[T]())
		if err != nil {
			return err
		}
		defer s.done()
		row = new(T)
		return s.scan(rows, reflect.ValueOf(row).Elem())
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}
