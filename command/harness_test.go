package command_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
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

	"github.com/uptrace/bun/dialect/sqlitedialect"
	"pgregory.net/rapid"
)

// A check of this package runs a whole history on a database of its own, which has as many steps as
// many usual checks together. So few checks are enough.
func TestMain(m *testing.M) {
	given := false
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// world holds a database and the parts of the program that run on it.
type world struct {
	path     string
	engine   *sqlite.Engine
	log      *eventstore.Store
	index    *projection.Index
	reader   *readmodel.Reader
	accounts *account.Reader
	commands *command.Commands
}

// openWorld opens the database at path, or creates it.
func openWorld(t rapid.TB, path string) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{path: path}
	var err error
	if w.engine, err = sqlite.Open(ctx, path, sqlite.Options{Migrations: []eventstore.Migrations{projection.Migrations(), account.Migrations()}}); err != nil {
		t.Fatal(err)
	}
	if w.log, err = eventstore.Open(ctx, w.engine, projection.Model{}, eventstore.Options{Tail: 16, SnapshotEvery: 5}); err != nil {
		t.Fatal(errors.Join(err, w.engine.Close()))
	}
	if w.index, err = projection.StartIndex(ctx, w.log, w.engine.DB(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(errors.Join(err, w.log.Close()))
	}
	db := prepared.New(w.engine.DB(), sqlitedialect.New(), w.log.IsRetryable)
	w.reader = readmodel.NewReader(readmodel.Config{DB: db, Log: w.log, Index: w.index})
	w.accounts = account.NewReader(db)
	w.commands = &command.Commands{Log: w.log, Lookup: readmodel.Lookup{}, Accounts: account.Tables{}, Passwords: w.accounts, SessionLife: time.Hour}
	return w
}

func (w *world) close(t rapid.TB) {
	t.Helper()
	w.index.Close()
	if err := w.log.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// verify checks the chain of the log and every row.
func (w *world) verify(t rapid.TB) {
	t.Helper()
	ctx, head := context.Background(), w.log.Head().Position
	if _, err := eventstore.Verify(ctx, w.engine, head, nil); err != nil {
		t.Errorf("the log: %v", err)
	}
	if err := projection.VerifyRows(ctx, w.engine.DB(), sqlitedialect.New(), projection.Model{}, w.engine, head, func(d projection.Difference) {
		t.Errorf("a row: %s", d)
	}, nil); err != nil {
		t.Errorf("verify the rows: %v", err)
	}
}

// as returns the context of an actor.
func as(actor domain.Actor) context.Context { return auth.WithActor(context.Background(), actor) }
