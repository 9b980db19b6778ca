// Command flightdeck is an event-sourced backend for content and presentations:
// one binary, a GraphQL API, an embedded database.
//
// This file is main: configuration, wiring, and the server. Each further command
// is a file of its own and a row in the struct commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/graph"
	"flightdeck/readmodel"
	"flightdeck/resolvers"
	"flightdeck/vault"
	"flightdeck/web"

	"github.com/alecthomas/kong"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

//go:generate go run ./graph/generate

// commands is the command line: a row a command.
type commands struct {
	config

	Serve    serveCommand    `cmd:"" default:"withargs" help:"Serve the API and the playground. This is the default."`
	Import   importCommand   `cmd:"" help:"Import what was kept elsewhere into an empty log."`
	Export   exportCommand   `cmd:"" help:"Write the log as JSON Lines, each a CloudEvent. A server may be running on the same database."`
	Verify   verifyCommand   `cmd:"" help:"Check the log's hash chain, fold it, and compare every row."`
	Status   statusCommand   `cmd:"" help:"Say how large the log has grown."`
	Snapshot snapshotCommand `cmd:"" help:"Make the snapshots that are missing, after a new version folds events otherwise."`
	Rebuild  rebuildCommand  `cmd:"" help:"Make everything that is read anew from the log, and say what has changed."`
	Archive  archiveCommand  `cmd:"" help:"Move old events into the archive, where they take less room and answer as before."`
	Schema   schemaCommand   `cmd:"" help:"Print the API's schema, as schema.graphql."`
	User     userCommand     `cmd:"" help:"Manage users: the operator's way in."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Help     helpCommand     `cmd:"" help:"Print this help, or that of a command."`
}

// config is what all commands share.
type config struct {
	DB            string `name:"db" default:"flightdeck.db" placeholder:"FILE" help:"The database file; made when there is none."`
	MasterKeyFile string `placeholder:"FILE" help:"The key that wraps the keys of people's names and addresses; the database file with .key behind its name when left out, made when there is none. FLIGHTDECK_MASTER_KEY may hold the key itself instead."`
	LogLevel      string `env:"FLIGHTDECK_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level of what is logged: debug, info, warn or error."`
	LogFormat     string `env:"FLIGHTDECK_LOG_FORMAT" default:"text" enum:"text,json" help:"How it is logged: text or json."`
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit status: 0,
// 1 for a failure, 2 for a command line that is not understood.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	var all commands
	helped := false
	parser, err := kong.New(&all, kong.Name("flightdeck"), kong.DefaultEnvars("FLIGHTDECK"), kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.Description("An event-sourced backend for content and presentations. Every flag has an environment variable beside it."))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "flightdeck: %v\nflightdeck: run flightdeck --help for the commands and flags\n", err)
		return 2
	}
	env := &environment{ctx: ctx, config: all.config, logger: all.logger(stderr), stdout: stdout, stderr: stderr}
	if err := parsed.Run(env); err != nil {
		fmt.Fprintf(stderr, "flightdeck: %v\n", err)
		return 1
	}
	return 0
}

// environment is what a command runs in.
type environment struct {
	config
	ctx            context.Context
	logger         *slog.Logger
	stdout, stderr io.Writer
}

func (c config) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// helpCommand stands in the list of commands: help COMMAND is COMMAND --help.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// deck is an open FlightDeck: the log, what is read from it, and what writes to it.
type deck struct {
	log       *eventstore.Store
	index     *readmodel.Index
	reader    *readmodel.Reader
	commands  *command.Commands
	rebuilder *readmodel.Rebuilder
	master    vault.Master
	// issuer is whose web tokens are believed, nil for nobody's.
	issuer  *auth.Issuer
	holders *holders
	// latest says which answers have changed.
	latest *latest
	logger *slog.Logger
	// clock is the time by which tokens expire and tries are counted.
	clock func() time.Time
}

// migrations are those of the tables beside the log.
func migrations() []sqlite.Migrations {
	return []sqlite.Migrations{{Component: readmodel.Component, Files: readmodel.Migrations()}}
}

// open opens the database and wires everything but the server.
func (env *environment) open(options eventstore.Options) (*deck, error) {
	engine, err := sqlite.Open(env.ctx, env.DB, sqlite.Options{Migrations: migrations()})
	if err != nil {
		return nil, err
	}
	env.warnOfOpenFile()
	secrets, master, err := env.vault(engine.DB(), false)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	changed, holders := newLatest(), newHolders()
	log, err := eventstore.Open(env.ctx, engine, model{readmodel.Model{Vault: secrets}, changed, holders}, options)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	holders.log = log
	if err := env.keepMaster(log, master); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	d := &deck{log: log, latest: changed, holders: holders, master: master, logger: env.logger, clock: time.Now}
	if d.index, err = readmodel.StartIndex(env.ctx, log, engine.DB(), env.logger); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	d.reader = readmodel.NewReader(engine.DB(), sqlitedialect.New(), log, d.index)
	d.reader.Unseal(secrets)
	d.rebuilder = readmodel.NewRebuilder(log, engine.DB(), engine, env.logger)
	d.commands = &command.Commands{
		Log: log, Tables: tables{holders: holders}, Accounts: d.reader, Rebuilder: d.rebuilder, Watch: new(auth.Watch), Vault: secrets,
		Correlation: web.RequestID, SessionLife: 30 * 24 * time.Hour,
	}
	return d, nil
}

// warnOfOpenFile says that others may read the database. Its mode is the operator's,
// who may want that; a new one is made for its owner alone.
func (env *environment) warnOfOpenFile() {
	if info, err := os.Stat(env.DB); err == nil && info.Mode().Perm()&0o077 != 0 {
		env.logger.Warn("the database is open to others: run chmod 600", "db", env.DB, "mode", info.Mode().Perm())
	}
}

// Close writes what is queued and closes everything.
func (d *deck) Close() error {
	d.rebuilder.Close()
	d.index.Close()
	return d.log.Close()
}

// serveCommand serves the API.
type serveCommand struct {
	Addr       string        `env:"FLIGHTDECK_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen."`
	Playground bool          `env:"FLIGHTDECK_PLAYGROUND" default:"true" negatable:"" help:"Offer GraphiQL at /playground."`
	Origins    []string      `name:"allow-origin" placeholder:"ORIGIN" help:"Origins of web pages, beside the server's own, that may use the API; * for all."`
	Trusted    string        `name:"trusted-documents" placeholder:"FILE" help:"A manifest of documents that clients name by documentId: persisted-documents.json, as graphql-codegen writes it."`
	Only       bool          `name:"trusted-only" help:"Run nothing but trusted documents; the playground is off."`
	Drain      time.Duration `env:"FLIGHTDECK_DRAIN" default:"10s" help:"How long requests may take to finish when the server stops."`
	Register   string        `name:"registration" default:"open" enum:"open,closed" help:"Who makes accounts: open for everybody by registerUser, closed for the operator by flightdeck user create."`
	TLSCert    string        `name:"tls-cert" placeholder:"FILE" help:"The certificate in PEM, with those above it; with --tls-key, the server speaks TLS. SIGHUP reads both again."`
	TLSKey     string        `name:"tls-key" placeholder:"FILE" help:"The certificate's private key in PEM."`
	JWT        webTokens     `embed:"" prefix:"jwt-" group:"Sign-in by an outside issuer's JSON Web Tokens"`
	Limits     limits        `embed:"" prefix:"limit-" group:"Limits; 0 turns one off"`
	Proxies    []string      `name:"trusted-proxy" placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."`
	Introspect string        `name:"introspection" default:"all" enum:"all,signed-in,admin,off" help:"Who may ask for the schema, and is shown it in suggestions: all, signed-in, admin or off."`
	Remember   byteSize      `env:"FLIGHTDECK_REMEMBER" default:"16MiB" placeholder:"SIZE" help:"Memory for answers to queries, which are given again while nothing they depend on has changed, at most an eighth of GOMEMLIMIT; 0 for none; 16MiB by default."`
	Batch      int           `env:"FLIGHTDECK_BATCH" default:"256" help:"How many commands are committed together at most; 1 gives each a transaction of its own."`
}

// Run serves until the process is told to stop, then lets what was begun finish.
func (c *serveCommand) Run(env *environment) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(env.ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address with --addr", c.Addr, err)
	}
	certificate, err := openCertificate(c.TLSCert, c.TLSKey)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer certificate.follow(env)()
	d, err := env.open(eventstore.Options{Batch: c.Batch})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.rebuilder.Resume(env.ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	edge, err := c.edge(env, d)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	spendMemory(func() int { return edge.Remembered() + d.log.CachedBytes() })
	server := edge.HTTPServer()
	failed := make(chan error, 1)
	go func() { failed <- certificate.serve(server, listener) }()
	c.greet(env, listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-env.ctx.Done():
	}
	env.logger.Info("stopping: requests and queued commands finish")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(env.ctx), c.Drain)
	defer cancel()
	return errors.Join(edge.Shutdown(ctx), server.Shutdown(ctx))
}

// playground reports whether there is one: it runs what people write, which is not
// trusted.
func (c *serveCommand) playground() bool { return c.Playground && !c.Only }

// trusted reads the manifest of trusted documents, if there is one.
func (c *serveCommand) trusted() (d web.Documents, err error) {
	if c.Trusted == "" && c.Only {
		return d, errors.New("--trusted-only runs what is in a manifest: name it with --trusted-documents FILE")
	}
	if c.Trusted == "" {
		return d, nil
	}
	file, err := os.Open(c.Trusted)
	if err != nil {
		return d, fmt.Errorf("trusted documents: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if d, err = web.ReadDocuments(file); err != nil {
		return d, fmt.Errorf("trusted documents in %s: %w", c.Trusted, err)
	}
	return d, nil
}

func (c *serveCommand) greet(env *environment, address string) {
	env.logger.Info("serving", "db", env.DB, "addr", address, "version", version())
	scheme, page := "http", "graphql"
	if c.TLSCert != "" {
		scheme = "https"
	}
	if c.playground() {
		page = "playground"
	}
	fmt.Fprintf(env.stdout, "FlightDeck is at %s://%s/%s\n", scheme, address, page)
}

// edge wires the resolvers into the HTTP edge.
func (c *serveCommand) edge(env *environment, d *deck) (*web.Server, error) {
	config, err := c.wiring(env, d)
	if err != nil {
		return nil, err
	}
	return web.New(config), nil
}

// wiring is what edge makes the HTTP edge of.
func (c *serveCommand) wiring(env *environment, d *deck) (w web.Config, err error) {
	proxies, err := c.trustedProxies()
	if err != nil {
		return w, err
	}
	trusted, err := c.trusted()
	if err != nil {
		return w, err
	}
	if d.issuer, err = c.JWT.open(env, d.clock); err != nil {
		return w, err
	}
	d.commands.Closed = c.Register == "closed"
	root := &resolvers.Resolver{
		Log: d.log, Reader: d.reader, Commands: d.commands, Rebuilder: d.rebuilder, Logger: env.logger,
		RequestID: web.RequestID, Volatile: web.Volatile, LastEventID: web.LastEventID, SetEventID: web.SetEventID,
	}
	return web.Config{
		Schema:          graph.New(graph.Config{Resolvers: root}),
		Authenticate:    d.authenticate,
		Watch:           d.watch,
		Ready:           d.ready,
		ErrorPresenter:  root.Present,
		Recover:         root.Recover,
		AroundOperation: root.AroundOperation,
		Feed:            feed{d.log, root},
		AllowedOrigins:  c.Origins,
		Playground:      c.playground(),
		Remember:        capped(int(c.Remember), debug.SetMemoryLimit(-1)),
		State:           d.state,
		Lasts:           d.lasts,
		Trusted:         trusted,
		TrustedOnly:     c.Only,
		MaxBody:         c.Limits.body(),
		Limits:          c.Limits.Limits,
		Tries:           c.Limits.tries(),
		Actor:           actorID,
		TrustedProxies:  proxies,
		Introspect:      c.mayIntrospect,
		Clock:           d.clock,
		Logger:          env.logger,
		Version:         version(),
	}, nil
}

// ready reports whether the database answers.
func (d *deck) ready(ctx context.Context) error {
	_, err := d.log.PositionAt(ctx, time.Now())
	return err
}
