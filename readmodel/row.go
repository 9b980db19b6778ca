package readmodel

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/uptrace/bun/schema"
)

// bun looks every value of every row up by the name of its column and goes through its
// queries' models for it, which costs as much as to read the row. What is looked up here
// is looked up once a query; what a value becomes is bun's to say but for the plainest.

// rowScanner reads the rows of a query into structs of one type. It is used by one
// goroutine.
type rowScanner struct {
	columns []column
	dest    []any // of columns
	pool    *sync.Pool
}

// done gives the scanner back.
func (s *rowScanner) done() {
	for i := range s.columns {
		s.columns[i].into = reflect.Value{}
	}
	s.pool.Put(s)
}

// column is one column of the rows that are read, and where the next value goes.
type column struct {
	field *schema.Field
	into  reflect.Value // the struct
}

// rowScanners keeps scanners for the next query, by the type that they read into.
type rowScanners struct{ pools sync.Map }

func (s *rowScanners) of(typ reflect.Type) *sync.Pool {
	if pool, ok := s.pools.Load(typ); ok {
		return pool.(*sync.Pool) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	pool, _ := s.pools.LoadOrStore(typ, new(sync.Pool))
	return pool.(*sync.Pool) //nolint:errcheck,forcetypeassert // as above
}

// rowScanner looks up where the columns of a query belong. The scanner is to be given
// back to done.
func (r *Reader) rowScanner(rows *sql.Rows, typ reflect.Type) (*rowScanner, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	pool := r.scanners.of(typ)
	if s, ok := pool.Get().(*rowScanner); ok && slices.EqualFunc(s.columns, names, func(c column, name string) bool { return c.field.Name == name }) {
		return s, nil
	}
	table := r.db.Table(typ)
	s := &rowScanner{make([]column, len(names)), make([]any, len(names)), pool}
	for i, name := range names {
		field := table.LookupField(name)
		if field == nil {
			return nil, fmt.Errorf("a %s has no column %s", typ, name)
		}
		s.columns[i].field, s.dest[i] = field, &s.columns[i]
	}
	return s, nil
}

// scan reads the current row into a struct that is all zero.
func (s *rowScanner) scan(rows *sql.Rows, into reflect.Value) error {
	for i := range s.columns {
		s.columns[i].into = into
	}
	return rows.Scan(s.dest...)
}

// Scan takes the value of the column in the row that is read. Of NULL nothing is taken.
func (c *column) Scan(value any) error {
	if value == nil {
		return nil
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

// plainStrings reads a JSON array of strings that need no escapes; ok is false for any
// other text.
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

// scanRows reads all rows into list, a slice of structs or of pointers to structs, and
// closes them.
func (r *Reader) scanRows(rows *sql.Rows, list reflect.Value) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	typ := list.Type().Elem()
	pointers := typ.Kind() == reflect.Pointer
	if pointers {
		typ = typ.Elem()
	}
	s, err := r.rowScanner(rows, typ)
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
