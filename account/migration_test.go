package account_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flightdeck/account"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/projection"
)

var rows, accounts = projection.Migrations(), account.Migrations()

// tables are those of this package.
var tables = []string{"api_keys", "credentials", "master_key", "person_keys", "sessions"}

// migrated opens a database with the migrations of some components, runs statements and returns all
// that is in it, by table; the definitions are those of sqlite_schema.
func migrated(t *testing.T, path string, statements []string, components ...eventstore.Migrations) map[string]string {
	t.Helper()
	engine, err := sqlite.Open(context.Background(), path, sqlite.Options{Migrations: components})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	tx, err := engine.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, name := range strings.Fields(dump(t, engine.DB(), "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%search%'")) {
		content[name] = dump(t, engine.DB(), "SELECT * FROM "+name)
	}
	content["sqlite_schema"] = dump(t, engine.DB(), "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")
	return content
}

// dump returns the rows that a query selects, one a line.
func dump(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, strings.Trim(fmt.Sprintf("%v", values), "[]"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestADatabaseWithoutTheComponentIsAdoptedAsItIs opens a database that a program before this
// component wrote, with a row in each table.
func TestADatabaseWithoutTheComponentIsAdoptedAsItIs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	before := migrated(t, path, []string{
		"INSERT INTO credentials VALUES ('user-1', 'hash')",
		"INSERT INTO sessions VALUES (x'01', 'user-1', 1, 2)",
		"INSERT INTO person_keys VALUES ('user-1', x'02')",
		"INSERT INTO master_key VALUES ('master')",
		"INSERT INTO api_keys VALUES ('key-1', x'03', 'user-1', 'name', '', 1, NULL, NULL, NULL)",
	}, rows)
	reader, err := sqlite.Open(t.Context(), path, sqlite.Options{ReadOnly: true, Migrations: []eventstore.Migrations{rows, accounts}})
	if err != nil {
		t.Fatalf("it is not opened for reading alone: %v", err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	after := migrated(t, path, nil, rows, accounts)
	if !maps.Equal(before, after) {
		t.Errorf("the database has changed, from\n%v\nto\n%v", before, after)
	}
	for _, table := range tables {
		if strings.Count(after[table], "\n") != 1 {
			t.Errorf("%s has the rows %q, want one", table, after[table])
		}
	}
}

// TestTheComponentMakesTheTablesThatItAdopts compares its own tables with those of the read model's
// migrations.
func TestTheComponentMakesTheTablesThatItAdopts(t *testing.T) {
	t.Parallel()
	definitions := func(components ...eventstore.Migrations) (all []string) {
		path := filepath.Join(t.TempDir(), "flightdeck.db")
		migrated(t, path, nil, components...)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		list := dump(t, db, "SELECT replace(sql, char(10), ' ') FROM sqlite_schema WHERE sql <> '' AND tbl_name IN ('"+strings.Join(tables, "', '")+"') ORDER BY name")
		return strings.Split(list, "\n")
	}
	adopted, made := definitions(rows, accounts), definitions(accounts)
	if len(made) != len(tables)+2 || !slices.Equal(adopted, made) { // an index, and the end of the last line
		t.Errorf("the component makes\n%s\nand adopts\n%s", strings.Join(made, "\n"), strings.Join(adopted, "\n"))
	}
}
