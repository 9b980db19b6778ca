// Package worldtest opens databases with all that reads and writes them, for the tests of the
// packages below app. Start with Open.
package worldtest

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"flightdeck/account"
	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/prepared"
	"flightdeck/projection"
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// World is a database with all that reads and writes it. Its personal fields are not sealed.
type World struct {
	T        testing.TB
	Path     string
	Engine   *sqlite.Engine
	Log      *eventstore.Store
	DB       *prepared.DB
	Index    *projection.Index // nil if none was started
	Reader   *readmodel.Reader
	Commands *command.Commands

	closers []func()
}

// Open opens a new database until the test ends.
func Open(t testing.TB) *World {
	t.Helper()
	w := OpenFile(t, filepath.Join(t.TempDir(), "flightdeck.db"))
	t.Cleanup(w.Close)
	return w
}

// OpenFile opens a database until Close. It makes the file if there is none.
func OpenFile(t testing.TB, path string) *World {
	t.Helper()
	w := OpenWithoutIndex(t, path)
	w.StartIndex()
	return w
}

// OpenWithoutIndex is OpenFile without a full-text index: searches fail.
func OpenWithoutIndex(t testing.TB, path string) *World {
	t.Helper()
	ctx := context.Background()
	w := &World{T: t, Path: path}
	var err error
	if w.Engine, err = sqlite.Open(ctx, path, sqlite.Options{Migrations: Migrations()}); err != nil {
		t.Fatal(err)
	}
	if w.Log, err = eventstore.Open(ctx, w.Engine, projection.Model{}, eventstore.Options{}); err != nil {
		t.Fatal(errors.Join(err, w.Engine.Close()))
	}
	w.DB = prepared.New(w.Engine.DB(), sqlitedialect.New(), w.Log.IsRetryable)
	w.Reader = readmodel.NewReader(readmodel.Config{DB: w.DB, Log: w.Log})
	w.Commands = &command.Commands{
		Log: w.Log, Lookup: readmodel.Lookup{}, Accounts: account.Tables{}, Passwords: account.NewReader(w.DB), SessionLife: time.Hour,
	}
	return w
}

// Migrations returns the migrations of the tables beside the log, in their order.
func Migrations() []eventstore.Migrations {
	return []eventstore.Migrations{projection.Migrations(), account.Migrations()}
}

// StartIndex starts the full-text index, and replaces the reader by one that uses it.
func (w *World) StartIndex() {
	w.T.Helper()
	var err error
	if w.Index, err = projection.StartIndex(context.Background(), w.Log, w.Engine.DB(), slog.New(slog.DiscardHandler)); err != nil {
		w.T.Fatal(err)
	}
	w.Reader = readmodel.NewReader(readmodel.Config{DB: w.DB, Log: w.Log, Index: w.Index})
}

// BeforeClose makes Close call f before it closes the index and the log.
func (w *World) BeforeClose(f func()) { w.closers = append(w.closers, f) }

// Close closes the database.
func (w *World) Close() {
	w.T.Helper()
	for _, f := range w.closers {
		f()
	}
	if w.Index != nil {
		w.Index.Close()
	}
	if err := w.Log.Close(); err != nil {
		w.T.Errorf("close: %v", err)
	}
}

// Do runs a command as an actor; the test ends if it fails.
func (w *World) Do(actor domain.Actor, cmd command.Command) command.Result {
	w.T.Helper()
	done, err := w.Commands.Do(auth.WithActor(context.Background(), actor), cmd)
	if err != nil {
		w.T.Fatalf("%T: %v", cmd, err)
	}
	return done
}

// Actor makes a user with a role.
func (w *World) Actor(role domain.Role) domain.Actor {
	w.T.Helper()
	address := "user" + w.Log.Head().Position.String() + "@example.org"
	return domain.Actor{UserID: w.Do(domain.System, command.CreateUser{Email: address, DisplayName: "U", Role: role}).ID, Role: role}
}

// Content creates a published content with the tag red as the operator, and returns its id.
func (w *World) Content(title, text string) string {
	w.T.Helper()
	return w.Do(domain.System, command.CreateContent{Title: title, Content: text, Format: domain.Markdown, Status: domain.Published, Tags: []string{"red"}}).ID
}

// Search returns the number of contents that a search finds now.
func (w *World) Search(words string) (int, error) {
	c, err := w.Reader.Contents(context.Background(), w.Reader.Head(domain.System), readmodel.Page{}, readmodel.ContentFilter{}, nil, &words)
	if err != nil {
		return 0, err
	}
	return c.TotalCount(context.Background())
}

// Some returns an input field with a value.
func Some[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }
