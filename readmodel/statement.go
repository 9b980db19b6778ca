package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// bun writes arguments into the text of a query, so that the database has to parse
// and plan each one anew, which is a third of the cost of reading a row. An
// argument wrapped in bind is taken out of the text again: queries of the same
// shape then share a prepared statement.

// bound is an argument that stays one.
type bound struct{ value any }

// bind marks an argument of a query: an int64, a string, or a type made of one.
func bind(value any) bound { return bound{value} }

// bindAll marks each of a list's values; the result stands for (?).
func bindAll[T any](values []T) schema.QueryAppender {
	list := make([]bound, len(values))
	for i, v := range values {
		list[i] = bound{v}
	}
	return bun.List(list)
}

// mark begins a marked argument in the text of a query. It occurs nowhere else:
// bun refuses it in texts.
const mark = '\x00'

// AppendQuery writes the argument so that arguments finds it: the mark, its kind,
// its length, a colon, and its text.
func (a bound) AppendQuery(_ schema.QueryGen, b []byte) ([]byte, error) {
	kind, text := byte('i'), ""
	switch v := a.value.(type) {
	case eventstore.Position:
		text = v.String()
	case domain.Instant:
		text = strconv.FormatInt(int64(v), 10)
	case int64:
		text = strconv.FormatInt(v, 10)
	case int:
		text = strconv.Itoa(v)
	case string:
		kind, text = 's', v
	case domain.ContentStatus:
		kind, text = 's', string(v)
	case domain.Kind:
		kind, text = 's', string(v)
	default:
		return nil, fmt.Errorf("a %T cannot be an argument of a query", v)
	}
	b = append(b, mark, kind)
	b = strconv.AppendInt(b, int64(len(text)), 10)
	b = append(b, ':')
	return append(b, text...), nil
}

// arguments takes the marked arguments out of the text of a query.
func arguments(text string) (query string, args []any, err error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, string(mark))
		b.WriteString(before)
		if !found {
			return b.String(), args, nil
		}
		length, rest, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(length[1:])
		if err != nil {
			return "", nil, fmt.Errorf("read a marked argument: %w", err)
		}
		var value any = rest[:n]
		if length[0] == 'i' {
			if value, err = strconv.ParseInt(rest[:n], 10, 64); err != nil {
				return "", nil, fmt.Errorf("read a marked argument: %w", err)
			}
		}
		args = append(args, value)
		b.WriteByte('?')
		text = rest[n:]
	}
}

// statements remembers prepared statements by their text.
type statements struct {
	mu       sync.Mutex // guards prepared, and what is in it
	prepared map[string]*statement
}

// statement is a prepared statement. It is closed when it is forgotten and the last
// of its users is done.
type statement struct {
	*sql.Stmt
	users     int
	forgotten bool
}

// maxStatements bounds what is remembered: lists of arguments make many texts.
const maxStatements = 256

// get returns the statement of a query, until done is called with it.
func (s *statements) get(ctx context.Context, db *sql.DB, query string) (*statement, error) {
	if stmt := s.recall(query); stmt != nil {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.remember(query, stmt)
}

// recall returns a statement that is remembered, nil for none.
func (s *statements) recall(query string) *statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt := s.prepared[query]
	if stmt != nil {
		stmt.users++
	}
	return stmt
}

// remember keeps a statement, in the place of another one if there are too many,
// and returns it, or the one of the same query that somebody else has prepared.
func (s *statements) remember(query string, prepared *sql.Stmt) (*statement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.prepared[query]; other != nil {
		other.users++
		return other, prepared.Close()
	}
	if s.prepared == nil {
		s.prepared = make(map[string]*statement)
	}
	for text, victim := range s.prepared {
		if len(s.prepared) < maxStatements {
			break
		}
		delete(s.prepared, text)
		victim.forgotten = true
		if err := victim.close(); err != nil {
			return nil, err
		}
	}
	stmt := &statement{Stmt: prepared, users: 1}
	s.prepared[query] = stmt
	return stmt, nil
}

// done says that a statement of get's is not used any more, but for rows that are
// being read.
func (s *statements) done(stmt *statement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt.users--
	return stmt.close()
}

func (s *statement) close() error {
	if !s.forgotten || s.users > 0 {
		return nil
	}
	return s.Close()
}

// scan runs a query and reads its rows into dest: a pointer to a slice of structs or of
// pointers to structs, or to a single value.
func (r *Reader) scan(ctx context.Context, q *bun.SelectQuery, dest any) error {
	return r.query(ctx, q, func(rows *sql.Rows) error {
		if list := reflect.ValueOf(dest).Elem(); list.Kind() == reflect.Slice {
			list.SetZero() // for the next try, when a query is run again
			return r.scanRows(rows, list)
		}
		return r.db.ScanRows(ctx, rows, dest)
	})
}

// query runs a query and gives its rows to read, which closes them.
func (r *Reader) query(ctx context.Context, q *bun.SelectQuery, read func(*sql.Rows) error) (err error) {
	query, args, err := r.text(q)
	if err != nil {
		return err
	}
	return r.ask(ctx, query, args, read)
}

// text returns the text of a query and its arguments.
func (r *Reader) text(q *bun.SelectQuery) (query string, args []any, err error) {
	text, err := q.AppendQuery(r.db.QueryGen(), nil)
	if err != nil {
		return "", nil, err
	}
	return arguments(string(text))
}

// ask runs a prepared query and gives its rows to read, which closes them. It runs it
// again while tables are moved.
func (r *Reader) ask(ctx context.Context, query string, args []any, read func(*sql.Rows) error) error {
	if r.observe != nil {
		r.observe(query)
	}
	for {
		err := r.askOnce(ctx, query, args, read)
		if !r.log.IsRetryable(err) {
			return err
		}
	}
}

func (r *Reader) askOnce(ctx context.Context, query string, args []any, read func(*sql.Rows) error) (err error) {
	stmt, err := r.statements.get(ctx, r.db.DB, query)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", query, err)
	}
	defer func() { err = errors.Join(err, r.statements.done(stmt)) }()
	rows, err := stmt.QueryContext(ctx, args...) //nolint:rowserrcheck // read checks, and closes
	if err != nil {
		return err
	}
	return read(rows)
}

// count counts the rows that a query selects.
func (r *Reader) count(ctx context.Context, q *bun.SelectQuery) (n int, err error) {
	err = r.scan(ctx, r.db.NewSelect().TableExpr("(?) AS counted", q.ColumnExpr("1")).ColumnExpr("count(*)"), &n)
	return n, err
}

// first returns the only row of a query, nil when there is none. The query goes straight
// to the row: it is over before anybody could cancel it, and to watch for that would take
// a goroutine of database/sql and one of the driver.
func first[T any](ctx context.Context, r *Reader, query string, args []any) (row *T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = r.ask(context.WithoutCancel(ctx), query, args, func(rows *sql.Rows) (err error) {
		row = nil
		defer func() { err = errors.Join(err, rows.Close()) }()
		if !rows.Next() {
			return rows.Err()
		}
		s, err := r.rowScanner(rows, reflect.TypeFor[T]())
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
