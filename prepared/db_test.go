package prepared_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"flightdeck/budget"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"
)

// row is a row of the table things.
type row struct {
	bun.BaseModel `bun:"table:things,alias:t"`

	ID    string   `bun:"id,pk"`
	Count int      `bun:"count"`
	Tags  []string `bun:"tags"`
	Note  *string  `bun:"note"`
	Done  bool     `bun:"done"`
}

// database is a pool of connections to a new database with a table things, and a DB on it that
// keeps the texts of its queries.
type database struct {
	*prepared.DB
	pool    *sql.DB
	queries []string
}

func open(t *testing.T, retryable func(error) bool) *database {
	t.Helper()
	pool, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "things.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &database{DB: prepared.New(pool, sqlitedialect.New(), retryable), pool: pool}
	d.Observe(func(query string) { d.queries = append(d.queries, query) })
	d.exec(t, `CREATE TABLE things (id TEXT PRIMARY KEY, count INTEGER NOT NULL, tags TEXT NOT NULL, note TEXT, done INTEGER NOT NULL)`)
	return d
}

func (d *database) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := d.pool.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// add inserts a row.
func (d *database) add(t *testing.T, id string, count int, tags string, note any, done bool) {
	t.Helper()
	d.exec(t, "INSERT INTO things (id, count, tags, note, done) VALUES (?, ?, ?, ?, ?)", id, count, tags, note, done)
}

func never(error) bool { return false }

// things returns a query for all rows of things.
func (d *database) things() *bun.SelectQuery {
	return d.NewSelect().Model((*row)(nil)).OrderExpr("t.id")
}

// name is a type that is made of a string, number one that is made of an integer.
type (
	name   string
	number int64
)

func TestBoundArgumentsLeaveTheTextOfAQuery(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	for _, id := range []string{"", "plain", "it's ?", "\x00i3:123", "\x00", "s5:a", "ü\u2028", `"; DROP TABLE things`} {
		d.add(t, id, 1, "[]", nil, false)
		var found []*row
		q := d.things().Where("t.id = ? AND t.count = ?", prepared.Bind(name(id)), prepared.Bind(number(1))).
			Where("t.count IN (?)", prepared.BindAll([]int{7, 1})).Where("t.id IN (?)", prepared.BindAll([]any{id, id}))
		if err := d.Scan(t.Context(), q, &found); err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		if len(found) != 1 || found[0].ID != id {
			t.Errorf("%q finds %d rows", id, len(found))
		}
	}
	for _, query := range d.queries {
		if query != d.queries[0] || strings.Count(query, "?") != 6 {
			t.Errorf("the text of a query depends on its arguments: %q", query)
		}
	}
}

func TestAnArgumentIsANumberOrAText(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	for _, value := range []any{nil, 1.5, true, []byte("x"), uint64(1), new(int)} {
		if _, err := d.Count(t.Context(), d.NewSelect().Table("things").Where("id = ?", prepared.Bind(value))); err == nil {
			t.Errorf("%T is accepted as an argument", value)
		}
	}
}

// TestRowsAreReadAsBunReadsThem compares Scan with bun's own.
func TestRowsAreReadAsBunReadsThem(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	for id, tags := range map[string]string{"a": `[]`, "b": `["x"]`, "c": `["x","ü, y"]`, "d": `["\"q\"","\u00e9\n"]`, "e": ` [ "spaced" ] `, "f": `null`, "g": `["x" ,"y"]`} {
		d.add(t, id, len(tags), tags, nil, false)
		d.add(t, id+id, -1<<62, tags, "note", true)
	}
	for range 2 { // the second time with a scanner that is used again
		var want, got []row
		var pointers []*row
		if err := bun.NewDB(d.pool, sqlitedialect.New()).NewSelect().Model(&want).OrderExpr("id").Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.Scan(t.Context(), d.things(), &got); err != nil {
			t.Fatal(err)
		}
		if err := d.Scan(t.Context(), d.things(), &pointers); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) || !reflect.DeepEqual(*pointers[i], want[i]) {
				t.Errorf("a row is %+v and %+v, bun reads %+v", got[i], *pointers[i], want[i])
			}
		}
	}
	n, err := d.Count(t.Context(), d.NewSelect().Table("things"))
	if err != nil || n != 14 {
		t.Errorf("counted %d rows, error %v, want 14", n, err)
	}
	columns := prepared.Columns[row](d.DB, func(field, column string) bool { return field == "Count" || column == "note" })
	if want := []string{"count", "note"}; !reflect.DeepEqual(columns, want) {
		t.Errorf("the columns are %q, want %q", columns, want)
	}
}

func TestScanWithinEndsWithTheRowThatReachesTheLimit(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	for _, id := range []string{"a", "b", "c", "d"} {
		d.add(t, id, 10, "[]", nil, false)
	}
	for limit, want := range map[int]int{0: 0, 1: 1, 10: 1, 11: 2, 30: 3, 31: 4, 40: 4, 1000: 4} {
		list, complete, err := prepared.ScanWithin(t.Context(), d.DB, d.things(), limit, func(r *row) int { return r.Count })
		if err != nil || len(list) != want || complete != (want == 4) {
			t.Errorf("within %d: %d rows, complete %t, error %v, want %d", limit, len(list), complete, err, want)
		}
	}
}

func TestATemplateFillsItsSlots(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	d.add(t, "a", 1, `["x"]`, nil, true)
	d.add(t, "b", 2, `["y"]`, "note", false)
	template, err := d.NewTemplate(d.things().Where("t.count = ? AND t.id = ? AND t.count < ? AND t.id <> ?",
		prepared.Bind(prepared.IntSlot(1)), prepared.Bind(prepared.TextSlot(0)), prepared.Bind(3), prepared.Bind("c")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		id    string
		count int64
		tag   string
	}{{"a", 1, "x"}, {"b", 2, "y"}, {"a", 2, ""}, {"c", 3, ""}} {
		found, err := prepared.First[row](t.Context(), d.DB, template, want.id, want.count)
		switch {
		case err != nil:
			t.Fatal(err)
		case (found == nil) != (want.tag == ""):
			t.Errorf("%s and %d find %+v", want.id, want.count, found)
		case found != nil && (found.ID != want.id || found.Tags[0] != want.tag):
			t.Errorf("%s and %d find %+v, want the tag %s", want.id, want.count, found, want.tag)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := prepared.First[row](ctx, d.DB, template, "a", int64(1)); err == nil {
		t.Error("a query begins with a cancelled context")
	}
}

func TestARetryableErrorRunsTheQueryAgain(t *testing.T) {
	t.Parallel()
	var d *database
	retries := 0
	d = open(t, func(err error) bool {
		if err == nil || retries == 3 {
			return false
		}
		if retries++; retries == 3 {
			d.exec(t, "ALTER TABLE moved RENAME TO things")
		}
		return true
	})
	d.add(t, "a", 1, "[]", nil, false)
	d.exec(t, "ALTER TABLE things RENAME TO moved")
	var found []*row
	if err := d.Scan(t.Context(), d.things(), &found); err != nil || len(found) != 1 || retries != 3 {
		t.Errorf("found %d rows after %d retries, error %v", len(found), retries, err)
	}
	var missing int
	if _, err := d.Row(t.Context(), "SELECT x FROM nowhere", nil, &missing); err == nil {
		t.Error("an error that is not retryable is lost")
	}
}

func TestRowReportsWhetherThereIsARow(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	d.add(t, "a", 1, "[]", "note", false)
	var note string
	for id, want := range map[string]bool{"a": true, "b": false} {
		found, err := d.Row(t.Context(), "SELECT note FROM things WHERE id = ?", []any{id}, &note)
		if found != want || err != nil {
			t.Errorf("%s: found %t, error %v, want %t", id, found, err, want)
		}
	}
	if note != "note" {
		t.Errorf("the note is %q", note)
	}
}

// Queries that go straight to a row have connections of their own: they are answered while each
// connection for other queries is taken.
func TestPointsDoNotWaitForLists(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	d.add(t, "a", 1, "[]", nil, false)
	path := ""
	if err := d.pool.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list").Scan(&path); err != nil {
		t.Fatal(err)
	}
	points, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := points.Close(); err != nil {
			t.Error(err)
		}
	})
	d.Points(points)
	d.pool.SetMaxOpenConns(1)
	taken, err := d.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	found, err := d.Row(t.Context(), "SELECT count FROM things WHERE id = ?", []any{"a"}, &count)
	if err != nil || !found || count != 1 {
		t.Errorf("a row is %d, error %v", count, err)
	}
	template, err := d.NewTemplate(d.NewSelect().Model((*row)(nil)).Where("t.id = ?", prepared.Bind(prepared.TextSlot(0))))
	if err != nil {
		t.Fatal(err)
	}
	if first, err := prepared.First[row](t.Context(), d.DB, template, "a"); err != nil || first == nil {
		t.Errorf("the first row is %v, error %v", first, err)
	}
	if err := taken.Close(); err != nil {
		t.Error(err)
	}
}

func TestQueriesSpendTheirBudget(t *testing.T) {
	t.Parallel()
	d := open(t, never)
	for i := range 10 {
		d.add(t, fmt.Sprint(i), i, `["tag"]`, "0123456789", false)
	}
	within := func(rows, bytes int) context.Context {
		ctx, stop := budget.With(t.Context(), budget.Limits{Rows: rows, Bytes: bytes}, "", nil)
		t.Cleanup(stop)
		return ctx
	}
	var list []row
	for name, query := range map[string]func(context.Context) error{
		"scan": func(ctx context.Context) error { return d.Scan(ctx, d.things(), &list) },
		"scan within": func(ctx context.Context) error {
			_, _, err := prepared.ScanWithin(ctx, d.DB, d.things(), 1<<20, func(*row) int { return 1 })
			return err
		},
		"count": func(ctx context.Context) error {
			n, err := d.Count(ctx, d.NewSelect().Model((*row)(nil)))
			if err == nil && n != 10 {
				err = fmt.Errorf("counted %d", n)
			}
			return err
		},
	} {
		if err := query(within(10, 0)); err != nil {
			t.Errorf("%s of 10 rows: %v", name, err)
		}
		if _, over := errors.AsType[*budget.ExceededError](query(within(9, 0))); !over {
			t.Errorf("%s reads the tenth of nine rows", name)
		}
		const bytes = 10 * (1 + len(`["tag"]`) + 10)
		if err := query(within(0, bytes)); err != nil {
			t.Errorf("%s of %d bytes: %v", name, bytes, err)
		}
		if _, over := errors.AsType[*budget.ExceededError](query(within(0, bytes-1))); !over && name != "count" {
			t.Errorf("%s reads %d of %d bytes", name, bytes, bytes-1)
		}
	}
}
