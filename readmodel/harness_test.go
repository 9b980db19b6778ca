package readmodel_test

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
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// world is a database and what reads and writes it.
type world struct {
	t        testing.TB
	path     string
	engine   *sqlite.Engine
	log      *eventstore.Store
	db       *prepared.DB
	index    *readmodel.Index
	reader   *readmodel.Reader
	commands *command.Commands
	closers  []func() // called before the rest is closed
}

// open opens a new database until the test ends.
func open(t testing.TB) *world {
	t.Helper()
	w := openFile(t, filepath.Join(t.TempDir(), "flightdeck.db"))
	t.Cleanup(w.close)
	return w
}

// openFile opens a database until close.
func openFile(t testing.TB, path string) *world {
	t.Helper()
	w := openWithoutIndex(t, path)
	w.startIndex()
	return w
}

// openWithoutIndex opens a database until close; searching fails.
func openWithoutIndex(t testing.TB, path string) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{t: t, path: path}
	var err error
	if w.engine, err = sqlite.Open(ctx, path, sqlite.Options{Migrations: migrations()}); err != nil {
		t.Fatal(err)
	}
	if w.log, err = eventstore.Open(ctx, w.engine, readmodel.Model{}, eventstore.Options{}); err != nil {
		t.Fatal(errors.Join(err, w.engine.Close()))
	}
	w.db = prepared.New(w.engine.DB(), sqlitedialect.New(), w.log.IsRetryable)
	w.reader = readmodel.NewReader(readmodel.Config{DB: w.db, Log: w.log})
	w.commands = &command.Commands{
		Log: w.log, Lookup: readmodel.Lookup{}, Accounts: account.Tables{}, Passwords: account.NewReader(w.db), SessionLife: time.Hour,
	}
	return w
}

func migrations() []eventstore.Migrations {
	return []eventstore.Migrations{readmodel.Migrations(), account.Migrations()}
}

// startIndex starts the full-text index, and a reader that uses it.
func (w *world) startIndex() {
	w.t.Helper()
	var err error
	if w.index, err = readmodel.StartIndex(context.Background(), w.log, w.engine.DB(), slog.New(slog.DiscardHandler)); err != nil {
		w.t.Fatal(err)
	}
	w.reader = readmodel.NewReader(readmodel.Config{DB: w.db, Log: w.log, Index: w.index})
}

func (w *world) close() {
	w.t.Helper()
	for _, f := range w.closers {
		f()
	}
	if w.index != nil {
		w.index.Close()
	}
	if err := w.log.Close(); err != nil {
		w.t.Errorf("close: %v", err)
	}
}

// do runs a command as an actor.
func (w *world) do(actor domain.Actor, cmd command.Command) command.Result {
	w.t.Helper()
	done, err := w.commands.Do(auth.WithActor(context.Background(), actor), cmd)
	if err != nil {
		w.t.Fatalf("%T: %v", cmd, err)
	}
	return done
}

// actor makes a user with a role.
func (w *world) actor(role domain.Role) domain.Actor {
	w.t.Helper()
	address := "user" + w.log.Head().Position.String() + "@example.org"
	return domain.Actor{UserID: w.do(domain.System, command.CreateUser{Email: address, DisplayName: "U", Role: role}).ID, Role: role}
}

// content creates a content as the operator.
func (w *world) content(title, text string) string {
	w.t.Helper()
	return w.do(domain.System, command.CreateContent{Title: title, Content: text, Format: domain.Markdown, Status: domain.Published, Tags: []string{"red"}}).ID
}

// search returns how many contents are found now.
func (w *world) search(words string) (int, error) {
	c, err := w.reader.Contents(context.Background(), w.reader.Head(domain.System), readmodel.Page{}, readmodel.ContentFilter{}, nil, &words)
	if err != nil {
		return 0, err
	}
	return c.TotalCount(context.Background())
}

// ptr is a pointer to v.
func ptr[T any](v T) *T { return &v }

// some is an input field that is given.
func some[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }

func pageOf(n int) readmodel.Page { return readmodel.Page{First: &n} }

func viewAt(p eventstore.Position) readmodel.View {
	return readmodel.View{At: p, Actor: domain.System, Named: true}
}

var (
	noFilter     readmodel.ContentFilter
	noDeckFilter readmodel.PresentationFilter
)
