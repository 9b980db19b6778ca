package readmodel

import (
	"context"
	"database/sql"
	"fmt"
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
	mu       sync.Mutex // guards prepared
	prepared map[string]*sql.Stmt
}

// maxStatements bounds what is remembered: lists of arguments make many texts.
const maxStatements = 256

func (s *statements) get(ctx context.Context, db *sql.DB, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	stmt, ok := s.prepared[query]
	s.mu.Unlock()
	if ok {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil {
		s.prepared = make(map[string]*sql.Stmt)
	}
	if other, ok := s.prepared[query]; ok {
		return other, stmt.Close()
	}
	s.prepared[query] = stmt
	for text, victim := range s.prepared {
		if len(s.prepared) <= maxStatements {
			break
		}
		if text != query {
			delete(s.prepared, text)
			if err := victim.Close(); err != nil { // waits for nobody: rows being read keep it open
				return nil, err
			}
		}
	}
	return stmt, nil
}

// scan runs a query and reads its rows into dest: a pointer to a slice of structs,
// or to a single value.
func (r *Reader) scan(ctx context.Context, q *bun.SelectQuery, dest any) error {
	text, err := q.AppendQuery(r.db.QueryGen(), nil)
	if err != nil {
		return err
	}
	query, args, err := arguments(string(text))
	if err != nil {
		return err
	}
	if r.observe != nil {
		r.observe(query)
	}
	stmt, err := r.statements.get(ctx, r.db.DB, query)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", query, err)
	}
	rows, err := stmt.QueryContext(ctx, args...) //nolint:rowserrcheck // ScanRows checks, and closes
	if err != nil {
		return err
	}
	return r.db.ScanRows(ctx, rows, dest)
}

// count counts the rows that a query selects.
func (r *Reader) count(ctx context.Context, q *bun.SelectQuery) (n int, err error) {
	err = r.scan(ctx, r.db.NewSelect().TableExpr("(?) AS counted", q.ColumnExpr("1")).ColumnExpr("count(*)"), &n)
	return n, err
}

// first returns the only row of a query, nil when there is none.
func first[T any](ctx context.Context, r *Reader, q *bun.SelectQuery) (*T, error) {
	var rows []*T
	if err := r.scan(ctx, q.Limit(1), &rows); err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}
