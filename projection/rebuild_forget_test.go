package projection_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/projection"
)

// names returns how many rows of each set of users have a name of a person, by table.
func (w *world) names(id string) map[string]int {
	w.T.Helper()
	ctx := context.Background()
	rows, err := w.Engine.DB().QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('users', 'users_next', 'users_old')")
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string]int{}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			w.T.Fatal(err)
		}
		var n int
		if err := w.Engine.DB().QueryRowContext(ctx, "SELECT count(*) FROM "+table+" WHERE id = ? AND (display_name <> '' OR email <> id)", id).Scan(&n); err != nil {
			w.T.Fatal(err)
		}
		if n > 0 {
			found[table] = n
		}
	}
	if err := rows.Err(); err != nil {
		w.T.Fatal(err)
	}
	return found
}

func (w *world) person() (id string) {
	w.T.Helper()
	return w.Do(domain.System, command.CreateUser{Email: "quixote@lamancha.example", DisplayName: "Alonso Quijano", Role: domain.Author}).ID
}

// TestForgettingReachesAnUnfinishedRebuild interrupts a rebuild after each of its steps, forgets a
// person, and continues it.
func TestForgettingReachesAnUnfinishedRebuild(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "whole.db")
	library(t, whole)
	w := openFile(t, whole)
	id := w.person()
	w.rebuild() // so that the next one finds an old set
	w.Close()
	stride := 1
	if testing.Short() {
		stride = 4
	}
	next := 0
	for step, unfinished := 1, true; unfinished; step += stride {
		path := copyOf(t, whole)
		unfinished = interrupt(t, path, step)
		w := openFile(t, path)
		next += w.names(id)["users_next"]
		w.Do(domain.System, command.ForgetUser{ID: id})
		if found := w.names(id); len(found) > 0 {
			t.Errorf("after %d steps and the answer, rows have the name: %v", step, found)
		}
		wantSame(t, w.rebuild())
		if found := w.names(id); len(found) > 0 {
			t.Errorf("after %d steps and the rest of the rebuild, rows have the name: %v", step, found)
		}
		w.Close()
	}
	if next == 0 {
		t.Error("no step has left the name in the next set: this test cannot fail")
	}
}

// TestForgettingReachesARebuildUnderWay forgets a person whose events the rebuild has read, and not
// written yet.
func TestForgettingReachesARebuildUnderWay(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Content("Long", strings.Repeat("x", 1<<20)) // a chunk of its own
	id := w.person()
	registered := w.Log.Head().Position
	w.Content("Long", strings.Repeat("x", 1<<20))
	forgotten := false
	done, err := w.rebuilder().Run(t.Context(), func(p projection.RebuildProgress) {
		if !forgotten && p.Done > 0 && p.Done < registered {
			w.Do(domain.System, command.ForgetUser{ID: id})
			forgotten = true
		}
		if found := w.names(id); forgotten && len(found) > 0 {
			t.Errorf("at event %s rows have the name: %v", p.Done, found)
		}
	})
	if err != nil || !forgotten {
		t.Fatalf("the person is forgotten: %t, error %v", forgotten, err)
	}
	wantSame(t, done)
	if head := w.Log.Head().Position; head != registered+2 || done.Done != head {
		t.Errorf("the rebuild has done %s events of %s", done.Done, eventstore.Position(registered+2))
	}
}
