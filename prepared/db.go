package prepared

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"

	"flightdeck/budget"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// DB runs queries on a pool of connections. Its methods may be called at the same time.
type DB struct {
	bun       *bun.DB
	retryable func(error) bool
	observe   func(query string)
	lists     pool // for queries whose cost nobody knows before
	points    pool // for queries that go straight to their row
	scanners  scanners
}

// pool is a pool of connections with its statements.
type pool struct {
	db         *sql.DB
	statements *statements
}

func newPool(db *sql.DB) pool { return pool{db, newStatements(maxStatements, maxStatementBytes)} }

// New returns a DB on a pool of connections, whose queries bun builds in a dialect. A query whose
// error is retryable runs again, for as long as that is so.
func New(db *sql.DB, dialect schema.Dialect, retryable func(error) bool) *DB {
	d := &DB{bun: bun.NewDB(db, dialect), retryable: retryable, lists: newPool(db)}
	d.points = d.lists
	return d
}

// Points makes the DB run the queries of First and Row, which go straight to their row, on a pool
// of their own: they never wait for the others. It is called before the DB is used.
func (d *DB) Points(db *sql.DB) { d.points = newPool(db) }

// Observe makes the DB call f with the text of every query. It is called before the DB is used.
func (d *DB) Observe(f func(query string)) { d.observe = f }

// NewSelect returns an empty query.
func (d *DB) NewSelect() *bun.SelectQuery { return d.bun.NewSelect() }

// Columns returns the names of the columns of T, a struct that bun knows, that want selects by the
// name of the field and the name of the column.
func Columns[T any](d *DB, want func(field, column string) bool) (names []string) {
	for _, f := range d.bun.Table(reflect.TypeFor[T]()).Fields {
		if want(f.GoName, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Scan runs a query and reads its rows into dest: a pointer to a slice of structs or of pointers to
// structs, or a pointer to a single value.
func (d *DB) Scan(ctx context.Context, q *bun.SelectQuery, dest any) error {
	return d.query(ctx, q, func(rows *sql.Rows) error {
		if list := reflect.ValueOf(dest).Elem(); list.Kind() == reflect.Slice {
			list.SetZero() // when the query runs again
			return d.scanAll(ctx, rows, list)
		}
		return d.bun.ScanRows(ctx, rows, dest)
	})
}

// ScanWithin runs a query and returns its rows, up to the one with which the sum of their sizes
// reaches limit. complete reports whether these are all rows.
func ScanWithin[T any](ctx context.Context, d *DB, q *bun.SelectQuery, limit int, size func(*T) int) (list []*T, complete bool, err error) {
	err = d.query(ctx, q, func(rows *sql.Rows) (err error) {
		defer func() { err = errors.Join(err, rows.Close()) }()
		s, err := d.scanner(ctx, rows, reflect.TypeFor[T]())
		if err != nil {
			return err
		}
		defer s.done()
		list, complete = nil, false
		for sum := 0; rows.Next(); {
			if sum >= limit {
				return nil
			}
			row := new(T)
			if err := s.scan(rows, reflect.ValueOf(row).Elem()); err != nil {
				return err
			}
			list = append(list, row)
			sum += size(row)
		}
		complete = true
		return rows.Err()
	})
	return list, complete, err
}

// Count returns the number of rows that a query without columns selects. It counts no further than
// the budget of ctx goes, and spends the rows that it has counted.
func (d *DB) Count(ctx context.Context, q *bun.SelectQuery) (n int, err error) {
	b := budget.From(ctx)
	counted := d.NewSelect().TableExpr("(?) AS counted", q.ColumnExpr("1"))
	if left, bounded := b.RowsLeft(); bounded {
		counted = d.NewSelect().TableExpr("(? LIMIT ?) AS counted", q, Bind(left+1))
	}
	if err := d.Scan(ctx, counted.ColumnExpr("count(*)"), &n); err != nil {
		return 0, err
	}
	return n, b.Rows(n)
}

// Row runs a query that is written in SQL, with ? for each of args, and scans its first row into
// dest. found is false if there is no row.
func (d *DB) Row(ctx context.Context, query string, args []any, dest ...any) (found bool, err error) {
	err = d.run(ctx, d.points, query, args, func(rows *sql.Rows) error {
		if found = rows.Next(); !found {
			return errors.Join(rows.Err(), rows.Close())
		}
		return errors.Join(rows.Scan(dest...), rows.Close())
	})
	return found && err == nil, err
}

// query runs a query and gives its rows to read, which closes them. It spends the time of the
// budget in ctx.
func (d *DB) query(ctx context.Context, q *bun.SelectQuery, read func(*sql.Rows) error) (err error) {
	query, args, err := d.text(q)
	if err != nil {
		return err
	}
	ctx, done := budget.From(ctx).Read(ctx)
	return done(d.run(ctx, d.lists, query, args, read))
}

// text returns the text of a query and its arguments.
func (d *DB) text(q *bun.SelectQuery) (query string, args []any, err error) {
	marked, err := q.AppendQuery(d.bun.QueryGen(), nil)
	if err != nil {
		return "", nil, err
	}
	return split(string(marked))
}

// run runs the text of a query on a pool and gives its rows to read, which closes them. It does
// both again while the error is retryable.
func (d *DB) run(ctx context.Context, on pool, query string, args []any, read func(*sql.Rows) error) error {
	if d.observe != nil {
		d.observe(query)
	}
	for {
		err := on.runOnce(ctx, query, args, read)
		if !d.retryable(err) {
			return err
		}
	}
}

func (p pool) runOnce(ctx context.Context, query string, args []any, read func(*sql.Rows) error) (err error) {
	stmt, err := p.statements.get(ctx, p.db, query)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", query, err)
	}
	defer func() { err = errors.Join(err, p.statements.done(stmt)) }()
	rows, err := stmt.QueryContext(ctx, args...) //nolint:rowserrcheck // read checks, and closes
	if err != nil {
		return err
	}
	return read(rows)
}
