package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/eventstore/storetest"
)

// TestKeepsThePromisesOfTheLog runs the suite that every engine passes.
func TestKeepsThePromisesOfTheLog(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, dir string) eventstore.Engine {
		return open(t, filepath.Join(dir, "log.db"), sqlite.Options{})
	})
}

// open opens an engine that must open. The caller closes it.
func open(t *testing.T, path string, o sqlite.Options) *sqlite.Engine {
	t.Helper()
	engine, err := sqlite.Open(within(t), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// refuse opens a database that must not open, and checks that the error is want and says all the
// words.
func refuse(t *testing.T, path string, o sqlite.Options, want error, words ...string) {
	t.Helper()
	engine, err := sqlite.Open(within(t), path, o)
	if err == nil {
		t.Fatalf("%s was opened, error is %v", path, engine.Close())
	}
	if want != nil && !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
	for _, w := range append(words, path) {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q: %v", w, err)
		}
	}
}

// newPath returns the path of a database that does not exist yet.
func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "flightdeck.db")
}

// start opens a store that is closed when the test ends.
func start(t *testing.T, path string, o sqlite.Options) *eventstore.Store {
	t.Helper()
	store, err := eventstore.Open(within(t), open(t, path, o), plain{}, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, store) })
	return store
}

// closeNow closes an engine, which must succeed.
func closeNow(t *testing.T, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// plain is a model that keeps nothing.
type plain struct{}

func (plain) Apply(any, eventstore.Event) (any, error) { return struct{}{}, nil }

func (plain) Encode(any) ([]byte, error) { return []byte("{}"), nil }

func (plain) Decode(string, []byte) (any, error) { return struct{}{}, nil }

func (plain) Fingerprint() string { return "plain" }

func (plain) Project(context.Context, eventstore.Rows, eventstore.Event, any, any) error { return nil }

// add appends an event, which must succeed, and returns its position.
func add(t *testing.T, s *eventstore.Store, id string) eventstore.Position {
	t.Helper()
	position, err := s.Append(within(t), stream, eventstore.Any, event(id, "{}"))
	if err != nil {
		t.Fatal(err)
	}
	return position
}

var stream = eventstore.Stream{ID: "stream-1", Type: "TEST"}

func event(id, data string) eventstore.NewEvent {
	return eventstore.NewEvent{ID: id, Type: "Tested", SchemaVersion: 1, Data: []byte(data)}
}

// sqlOf opens a file as any other program would.
func sqlOf(t *testing.T, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, db) })
	conn, err := db.Conn(within(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, conn) })
	return conn
}

func exec(t *testing.T, conn *sql.Conn, query string) {
	t.Helper()
	if _, err := conn.ExecContext(within(t), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t *testing.T, conn *sql.Conn, query string) (n int) {
	t.Helper()
	if err := conn.QueryRowContext(within(t), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// within returns a context that ends the test when something hangs.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
