package resolvers_test

import (
	"context"
	"errors"
	"fmt"
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
	"flightdeck/resolvers"
	"flightdeck/vault"

	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// desk is FlightDeck without its HTTP edge.
type desk struct {
	t        testing.TB
	engine   *sqlite.Engine
	log      *eventstore.Store
	db       *prepared.DB
	index    *projection.Index
	rebuild  *projection.Rebuilder
	vault    *vault.Vault
	reader   *readmodel.Reader
	commands *command.Commands
	root     *resolvers.Resolver
}

// open opens a new database, which is closed at the end of the test.
func open(t testing.TB, options eventstore.Options) *desk {
	t.Helper()
	d := openFile(t, filepath.Join(t.TempDir(), "flightdeck.db"), options)
	t.Cleanup(d.close)
	return d
}

// openFile opens a database. The caller closes it.
func openFile(t testing.TB, path string, options eventstore.Options) *desk {
	t.Helper()
	ctx := context.Background()
	engine, err := sqlite.Open(ctx, path, sqlite.Options{Migrations: []eventstore.Migrations{projection.Migrations(), account.Migrations()}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, engine: engine}
	if d.vault, err = vault.New(vault.Master{1}, d.key); err != nil {
		t.Fatal(errors.Join(err, engine.Close()))
	}
	if d.log, err = eventstore.Open(ctx, engine, projection.Model{Vault: d.vault}, options); err != nil {
		t.Fatal(errors.Join(err, engine.Close()))
	}
	if d.index, err = projection.StartIndex(ctx, d.log, engine.DB(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(errors.Join(err, d.log.Close()))
	}
	d.db = prepared.New(engine.DB(), sqlitedialect.New(), d.log.IsRetryable)
	d.reader = readmodel.NewReader(readmodel.Config{DB: d.db, Log: d.log, Index: d.index, Vault: d.vault})
	d.rebuild = projection.NewRebuilder(d.log, engine.DB(), engine, slog.New(slog.DiscardHandler))
	d.commands = &command.Commands{
		Log: d.log, Lookup: readmodel.Lookup{}, Accounts: account.Tables{}, Passwords: account.NewReader(d.db),
		Rebuilder: d.rebuild, Vault: d.vault, SessionLife: time.Hour,
	}
	d.root = &resolvers.Resolver{
		Log: d.log, Reader: d.reader, Commands: d.commands, Rebuilder: d.rebuild,
		Logger: slog.New(slog.DiscardHandler), RequestID: nothing, Remote: nothing, LastEventID: nothing,
		NoStore: func(context.Context) {}, SetEventID: func(context.Context, string) {},
	}
	return d
}

func nothing(context.Context) string { return "" }

// key returns the wrapped key of a person, and nil after the person was forgotten.
func (d *desk) key(person string) (wrapped []byte, err error) {
	return account.PersonKey(context.Background(), d.engine.DB(), person)
}

func (d *desk) close() {
	d.rebuild.Close()
	d.index.Close()
	if err := d.log.Close(); err != nil {
		d.t.Errorf("close: %v", err)
	}
}

// do runs a command as an actor.
func (d *desk) do(actor domain.Actor, cmd command.Command) command.Result {
	d.t.Helper()
	done, err := d.commands.Do(as(actor), cmd)
	if err != nil {
		d.t.Fatalf("%T: %v", cmd, err)
	}
	return done
}

// contents appends a number of contents, in batches.
func (d *desk) contents(n int) {
	d.t.Helper()
	for n > 0 {
		var batch command.Batch
		for i := range min(n, command.MaxBatch) {
			batch.Commands = append(batch.Commands, newContent(fmt.Sprintf("content %s %d", d.log.Head().Position, i), domain.Draft))
		}
		n -= len(batch.Commands)
		d.do(domain.System, batch)
	}
}

func newContent(title string, status domain.ContentStatus) command.CreateContent {
	return command.CreateContent{Title: title, Content: "text of " + title, Format: domain.Markdown, Status: status}
}

// as returns a context of an actor.
func as(actor domain.Actor) context.Context { return auth.WithActor(context.Background(), actor) }

// ptr returns a pointer to v.
func ptr[T any](v T) *T { return &v }
