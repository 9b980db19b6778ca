package prepared

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"flightdeck/budget"

	"github.com/uptrace/bun/schema"
)

// bun looks up the field of every value of every row by the name of its column, through the model
// of the query, which takes as long as reading the row. A scanner looks up the fields once a query,
// converts the plainest values itself and leaves all others to bun.

// scanner reads the rows of a query into structs of one type. One goroutine uses it.
type scanner struct {
	columns []column
	dest    []any // pointers to columns
	budget  *budget.Budget
	pool    *sync.Pool
}

// done gives the scanner back to its pool.
func (s *scanner) done() {
	for i := range s.columns {
		s.columns[i].into = reflect.Value{}
	}
	s.budget = nil
	s.pool.Put(s)
}

// column is a column of the rows that are read. It implements sql.Scanner.
type column struct {
	field *schema.Field
	into  reflect.Value // the struct that the current row is read into
	bytes int           // of the text in the current row
}

// scanners keeps scanners for further queries, by the type that they read into.
type scanners struct{ pools sync.Map }

func (s *scanners) of(typ reflect.Type) *sync.Pool {
	if pool, ok := s.pools.Load(typ); ok {
		return pool.(*sync.Pool) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	pool, _ := s.pools.LoadOrStore(typ, new(sync.Pool))
	return pool.(*sync.Pool) //nolint:errcheck,forcetypeassert // as above
}

// scanner returns a scanner of the rows into structs of a type, which spends the budget in ctx. The
// caller calls its method done after the last row.
func (d *DB) scanner(ctx context.Context, rows *sql.Rows, typ reflect.Type) (*scanner, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	pool := d.scanners.of(typ)
	if s, ok := pool.Get().(*scanner); ok && slices.EqualFunc(s.columns, names, func(c column, name string) bool { return c.field.Name == name }) {
		s.budget = budget.From(ctx)
		return s, nil
	}
	table := d.bun.Table(typ)
	s := &scanner{make([]column, len(names)), make([]any, len(names)), budget.From(ctx), pool}
	for i, name := range names {
		field := table.LookupField(name)
		if field == nil {
			return nil, fmt.Errorf("a %s has no column %s", typ, name)
		}
		s.columns[i].field, s.dest[i] = field, &s.columns[i]
	}
	return s, nil
}

// scan reads the current row into a struct, all of whose fields are zero, and spends the row and
// its texts of the budget.
func (s *scanner) scan(rows *sql.Rows, into reflect.Value) error {
	for i := range s.columns {
		s.columns[i].into, s.columns[i].bytes = into, 0
	}
	if err := rows.Scan(s.dest...); err != nil {
		return err
	}
	size := 0
	for i := range s.columns {
		size += s.columns[i].bytes
	}
	if err := s.budget.Rows(1); err != nil {
		return err
	}
	return s.budget.Bytes(size)
}

// Scan sets the field of the struct to a value of the column. NULL leaves the field as it is.
func (c *column) Scan(value any) error {
	if value == nil {
		return nil
	}
	if text, ok := value.(string); ok {
		c.bytes = len(text)
	}
	if len(c.field.Index) > 1 {
		return c.field.ScanValue(c.into, value)
	}
	field := c.into.Field(c.field.Index[0])
	switch value := value.(type) {
	case string:
		switch {
		case field.Kind() == reflect.String:
			field.SetString(value)
			return nil
		case field.Type() == stringsType:
			if list, ok := plainStrings(value); ok {
				field.Set(reflect.ValueOf(list))
				return nil
			}
		}
	case int64:
		switch field.Kind() {
		case reflect.Int, reflect.Int64:
			field.SetInt(value)
			return nil
		case reflect.Bool:
			field.SetBool(value != 0)
			return nil
		}
	}
	return c.field.Scan(field, value)
}

var stringsType = reflect.TypeFor[[]string]()

// plainStrings reads a JSON array of strings without escapes; ok is false for any other text.
func plainStrings(text string) (list []string, ok bool) {
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' || strings.IndexByte(text, '\\') >= 0 {
		return nil, false
	}
	list = make([]string, 0, strings.Count(text, ",")+1)
	for rest := text[1 : len(text)-1]; rest != ""; {
		if rest[0] != '"' {
			return nil, false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return nil, false
		}
		list = append(list, rest[1:1+end])
		switch rest = rest[end+2:]; {
		case rest == "":
		case rest[0] != ',' || len(rest) == 1:
			return nil, false
		default:
			rest = rest[1:]
		}
	}
	return list, true
}

// scanAll reads all rows into list, a slice of structs or of pointers to structs, and closes them.
func (d *DB) scanAll(ctx context.Context, rows *sql.Rows, list reflect.Value) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	typ := list.Type().Elem()
	pointers := typ.Kind() == reflect.Pointer
	if pointers {
		typ = typ.Elem()
	}
	s, err := d.scanner(ctx, rows, typ)
	if err != nil {
		return err
	}
	defer s.done()
	for rows.Next() {
		row := reflect.New(typ)
		if err := s.scan(rows, row.Elem()); err != nil {
			return err
		}
		if !pointers {
			row = row.Elem()
		}
		list.Set(reflect.Append(list, row))
	}
	return rows.Err()
}
