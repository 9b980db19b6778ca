package sqlite_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// steps are the migrations of one component.
func steps(ddl ...string) sqlite.Options {
	files := fstest.MapFS{}
	for i, text := range ddl {
		files[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return sqlite.Options{Migrations: []eventstore.Migrations{{Component: "rows", Files: files}}}
}

func TestMigrationsAreAppliedOnceAndInOrder(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	all := []string{
		"CREATE TABLE one (x); INSERT INTO one VALUES (1)",
		"ALTER TABLE one ADD COLUMN y; UPDATE one SET y = x + 1",
		"CREATE TRIGGER t AFTER INSERT ON one BEGIN UPDATE one SET y = 0; DELETE FROM one WHERE x = 0; END",
	}
	for n := range all {
		for range 2 {
			closeNow(t, open(t, path, steps(all[:n+1]...)))
		}
	}
	conn := sqlOf(t, path)
	if n := count(t, conn, "SELECT y FROM one"); n != 2 {
		t.Errorf("y is %d", n)
	}
	if n := count(t, conn, "SELECT count(*) FROM migrations WHERE component = 'rows'"); n != 3 {
		t.Errorf("%d steps are recorded", n)
	}
}

func TestAFailedMigrationIsTakenBackWhole(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	good := "CREATE TABLE one (x)"
	refuse(t, path, steps(good, "CREATE TABLE two (x); INSERT INTO missing VALUES (1)"), nil, "tables of the rows", "0002_step.sql", "missing")
	conn := sqlOf(t, path)
	for table, want := range map[string]int{"one": 1, "two": 0} {
		if n := count(t, conn, "SELECT count(*) FROM sqlite_schema WHERE name = '"+table+"'"); n != want {
			t.Errorf("there are %d tables %s, want %d", n, table, want)
		}
	}
	closeNow(t, open(t, path, steps(good, "CREATE TABLE two (x)")))
}

// TestAnAdoptedStepCountsAsDone lets a component begin with a table that the second step of another
// one has made.
func TestAnAdoptedStepCountsAsDone(t *testing.T) {
	t.Parallel()
	rows := steps("CREATE TABLE one (x)", "CREATE TABLE two (x); INSERT INTO two VALUES (7)").Migrations[0]
	others := eventstore.Migrations{Component: "others", Adopts: eventstore.Step{Component: "rows", Number: 2}, Files: fstest.MapFS{
		"0001_two.sql": {Data: []byte("CREATE TABLE two (x)")}, "0002_more.sql": {Data: []byte("UPDATE two SET x = x + 1")},
	}}
	first := others
	first.Files = fstest.MapFS{"0001_two.sql": {Data: []byte("CREATE TABLE two (x)")}}
	both := func(others eventstore.Migrations, readOnly bool) sqlite.Options {
		return sqlite.Options{Migrations: []eventstore.Migrations{rows, others}, ReadOnly: readOnly}
	}
	path := newPath(t)
	closeNow(t, open(t, path, sqlite.Options{Migrations: []eventstore.Migrations{rows}}))
	closeNow(t, open(t, path, both(first, true)))
	for range 2 {
		closeNow(t, open(t, path, both(others, false)))
	}
	conn := sqlOf(t, path)
	if n := count(t, conn, "SELECT x FROM two"); n != 8 {
		t.Errorf("x is %d, want 8", n)
	}
	alone := newPath(t)
	closeNow(t, open(t, alone, sqlite.Options{Migrations: []eventstore.Migrations{others}}))
	if n := count(t, sqlOf(t, alone), "SELECT count(*) FROM two"); n != 0 {
		t.Errorf("the table that the component made alone has %d rows", n)
	}
}
