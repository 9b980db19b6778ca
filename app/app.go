// Package app is an open FlightDeck without a command line: the log, the tables that follow from
// it, the commands that write to it, and the HTTP server over all three.
//
// Start with [Open]. serve.go wires the server; authenticate.go finds the actor behind a token;
// freshness.go and dependency.go decide how long an answer stays right.
package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"flightdeck/account"
	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/prepared"
	"flightdeck/projection"
	"flightdeck/readmodel"
	"flightdeck/resolvers"
	"flightdeck/vault"
	"flightdeck/web"

	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// sessionLife is how long a session lasts after a log-in.
const sessionLife = 30 * 24 * time.Hour

// Options say which database to open, and how.
type Options struct {
	// DB is the database file. Open creates it if it is missing.
	DB string
	// Existing refuses to create a database; the error is a *sqlite.MissingError.
	Existing bool
	// MasterKeyFile is the file of the master key; see [Options.MasterKeyPath] for the default.
	MasterKeyFile string
	// MasterKey is the master key itself, in base64. If it is not empty, no file is read.
	MasterKey string
	// Log tunes the event store.
	Log eventstore.Options
	// RegistrationClosed refuses registerUser: only operators create accounts.
	RegistrationClosed bool
	// Clock is the time by which tokens expire and attempts are counted. Nil: time.Now.
	Clock func() time.Time
	// Logger receives the messages for the operator. Nil: slog's default.
	Logger *slog.Logger
}

// App is an open FlightDeck. Its methods may be called concurrently.
type App struct {
	Log       *eventstore.Store
	DB        *prepared.DB // runs the queries of Reader and Accounts
	Reader    *readmodel.Reader
	Accounts  *account.Reader
	Commands  *command.Commands
	Rebuilder *projection.Rebuilder

	index      *projection.Index
	master     vault.Master
	principals *principalCache
	changes    *changeIndex
	rendered   resolvers.Rendered
	clock      func() time.Time
	logger     *slog.Logger
}

// Migrations returns the migrations of the tables that lie beside the log.
func Migrations() []eventstore.Migrations {
	return []eventstore.Migrations{projection.Migrations(), account.Migrations()}
}

// Open opens the database, creates it if it may and it is missing, and migrates it. ctx bounds the
// opening, not the life of the App. The caller must call Close.
func Open(ctx context.Context, options Options) (*App, error) {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	engine, err := sqlite.Open(ctx, options.DB, sqlite.Options{Existing: options.Existing, Migrations: Migrations()})
	if err != nil {
		return nil, err
	}
	secrets, master, err := openVault(ctx, engine.DB(), options, false)
	if err != nil {
		return nil, errors.Join(err, engine.Close()) //nolint:contextcheck // it closes also when ctx has ended
	}
	changes, principals := newChangeIndex(), newPrincipalCache()
	log, err := eventstore.Open(ctx, engine, watchedModel{projection.Model{Vault: secrets}, changes, principals}, options.Log)
	if err != nil {
		return nil, errors.Join(err, engine.Close()) //nolint:contextcheck // it closes also when ctx has ended
	}
	principals.log = log
	if err := recordMasterKey(ctx, log, master); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	index, err := projection.StartIndex(ctx, log, engine.DB(), options.Logger)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	db := prepared.New(engine.DB(), sqlitedialect.New(), log.IsRetryable)
	db.Points(engine.Points())
	reader := readmodel.NewReader(readmodel.Config{DB: db, Log: log, Index: index, Vault: secrets})
	accounts := account.NewReader(db)
	rebuilder := projection.NewRebuilder(log, engine.DB(), engine, options.Logger)
	return &App{
		Log:       log,
		DB:        db,
		Reader:    reader,
		Accounts:  accounts,
		Rebuilder: rebuilder,
		Commands: &command.Commands{
			Log: log, Lookup: readmodel.Lookup{}, Accounts: watchedAccounts{principals: principals}, Passwords: accounts,
			Rebuilder: rebuilder, Watch: new(auth.Watch), Vault: secrets, Correlation: web.RequestID, SessionLife: sessionLife,
			Closed: options.RegistrationClosed,
		},
		index:      index,
		master:     master,
		principals: principals,
		changes:    changes,
		rendered:   resolvers.NewRendered(),
		clock:      options.Clock,
		logger:     options.Logger,
	}, nil
}

// WaitForIndex blocks until the search index has followed the log to the head that the log has now.
// It returns an error of ctx, or of an index that cannot be written.
func (a *App) WaitForIndex(ctx context.Context) error {
	return a.index.Wait(ctx, a.Log.Head().Position)
}

// CachedBytes estimates the memory of the caches in bytes: latest events, states of streams, and
// rendered texts.
func (a *App) CachedBytes() int { return a.Log.CachedBytes() + a.rendered.CachedBytes() }

// Close commits the queued commands and closes the database. It may be called twice.
func (a *App) Close() error {
	a.Rebuilder.Close()
	a.index.Close()
	return a.Log.Close()
}
