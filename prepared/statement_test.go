package prepared

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	_ "modernc.org/sqlite"
)

// TestAnEvictedStatementServesItsUsers runs more queries than statements are kept, some of them at
// the same time.
func TestAnEvictedStatementServesItsUsers(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := newStatements(2, 1000)
	held, err := s.get(t.Context(), db, "SELECT 0")
	if err != nil {
		t.Fatal(err)
	}
	var users sync.WaitGroup
	for user := range 8 {
		users.Go(func() {
			for i := range 20 {
				want := (user + i) % 5
				stmt, err := s.get(t.Context(), db, fmt.Sprint("SELECT ", want))
				if err != nil {
					t.Error(err)
					return
				}
				var got int
				if err := stmt.QueryRowContext(t.Context()).Scan(&got); err != nil || got != want {
					t.Errorf("SELECT %d gives %d, error %v", want, got, err)
				}
				if err := s.done(stmt); err != nil {
					t.Error(err)
				}
			}
		})
	}
	users.Wait()
	if n := s.byText.Len(); n != 2 {
		t.Errorf("%d statements are kept, want 2", n)
	}
	if !held.evicted {
		t.Error("the statement in use is not evicted by five others")
	}
	var zero int
	if err := held.QueryRowContext(t.Context()).Scan(&zero); err != nil {
		t.Errorf("an evicted statement in use fails: %v", err)
	}
	if err := s.done(held); err != nil {
		t.Error(err)
	}
	if err := held.QueryRowContext(t.Context()).Scan(&zero); err == nil {
		t.Error("an evicted statement without users is not closed")
	}
}

// A long statement takes the room of several, also beyond its share.
func TestKeptStatementsAreBoundedByTheirBytes(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := newStatements(100, 1000)
	for i := range 50 {
		stmt, err := s.get(t.Context(), db, fmt.Sprintf("SELECT %0*d", 20+i, i))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.done(stmt); err != nil {
			t.Fatal(err)
		}
		kept := 0
		for _, text := range s.byText.Keys() {
			kept += len(text)
		}
		if kept > 1000 || kept != s.bytes {
			t.Fatalf("%d bytes of texts are kept, and %d counted, of at most 1000", kept, s.bytes)
		}
	}
}
