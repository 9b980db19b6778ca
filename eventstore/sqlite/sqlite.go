package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"flightdeck/eventstore"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Options configure the opening of a file.
type Options struct {
	// ReadOnly opens an existing database for reading, also beside a running server. Nothing is
	// created or migrated, and Begin fails.
	ReadOnly bool
	// Existing refuses to create a database, with a *MissingError. ReadOnly implies it.
	Existing bool
	// Migrations are those of the tables beside the log, applied after its own.
	Migrations []eventstore.Migrations
}

// Engine is a log in a SQLite file. It implements eventstore.Engine.
type Engine struct {
	queries
	pages   pool // for queries of many rows, or of an unknown cost
	points  pool // for queries that go straight to a row
	path    string
	lock    *lock
	writes  *sql.DB
	conn    *sql.Conn
	stmts   statements
	lineage string
}

var _ eventstore.Engine = (*Engine)(nil)

// Open opens the database at path, creates it if it is missing, and applies the missing migrations.
// It fails if another process has it open for writing, if the file is not FlightDeck's, or if a
// later version of FlightDeck wrote it; the error names the remedy.
func Open(ctx context.Context, path string, o Options) (_ *Engine, err error) {
	e := &Engine{path: path}
	migrations := append([]eventstore.Migrations{logMigrations()}, o.Migrations...)
	defer func() { //nolint:contextcheck // the engine is closed even after ctx has ended
		if err != nil {
			err = errors.Join(explain(path, err), e.Close())
		}
	}()
	if err := mustBeRegular(path); err != nil {
		return nil, err
	}
	if o.ReadOnly || o.Existing {
		if err := mustExist(path); err != nil {
			return nil, err
		}
	}
	if !o.ReadOnly {
		if err := e.openWriter(ctx, migrations); err != nil {
			return nil, err
		}
	}
	if err := e.openReaders(ctx); err != nil {
		return nil, err
	}
	if o.ReadOnly {
		if err := checkUpToDate(ctx, e.pages.db, migrations); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(e.pages.prepare(ctx, pageQueries), e.points.prepare(ctx, pointQueries)); err != nil {
		return nil, err
	}
	if err := e.points.db.QueryRowContext(ctx, "SELECT lineage FROM log").Scan(&e.lineage); err != nil {
		return nil, translate(err)
	}
	return e, nil
}

func (e *Engine) openWriter(ctx context.Context, migrations []eventstore.Migrations) (err error) {
	if e.lock, err = acquire(e.path); err != nil {
		return err
	}
	if err := touch(e.path); err != nil {
		return err
	}
	if err := removeLeftovers(e.path); err != nil {
		return err
	}
	if e.writes, err = sql.Open("sqlite", dsn(e.path, "rw",
		"busy_timeout(0)", "synchronous(FULL)", "foreign_keys(1)",
		// Without this, REPLACE deletes rows without firing the triggers.
		"recursive_triggers(1)",
		// Deleted data is overwritten: see PurgeDeleted.
		"secure_delete(1)",
		// A longer log needs fewer checkpoints, each of which writes fewer pages twice.
		"wal_autocheckpoint(8000)", "journal_size_limit(67108864)",
		// The pages take twice this size in memory, as for the readers below.
		"cache_size(-16000)",
		// The undo data of a savepoint stays in memory: on disk it would be written with every
		// command, a fifth of the writer's work.
		"temp_store(memory)")); err != nil {
		return err
	}
	e.writes.SetMaxOpenConns(1)
	if e.conn, err = e.writes.Conn(ctx); err != nil {
		return translate(err)
	}
	if err := checkLibrary(ctx, e.conn); err != nil {
		return err
	}
	if err := claim(ctx, e.conn); err != nil {
		return err
	}
	if err := logAhead(ctx, e.conn); err != nil {
		return err
	}
	e.stmts = statements{conn: e.conn}
	return migrate(ctx, e.conn, migrations)
}

// openReaders opens the pools of connections that cannot write.
func (e *Engine) openReaders(ctx context.Context) (err error) {
	if e.blocks, err = newBlocks(); err != nil {
		return err
	}
	e.ask = e.askPool
	if e.pages.db, err = openPool(e.path, 4000); err != nil {
		return err
	}
	if e.points.db, err = openPool(e.path, 2000); err != nil {
		return err
	}
	return checkOurs(ctx, e.pages.db)
}

// openPool opens a pool of connections that cannot write, each with a cache of pages in KiB. The
// driver's allocator takes 8 KiB for a page of 4 KiB, so that a cache takes twice its size; the
// system caches the pages too.
func openPool(path string, cache int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "ro", "busy_timeout(5000)", "query_only(1)", fmt.Sprintf("cache_size(-%d)", cache)))
	if err != nil {
		return nil, err
	}
	connections := max(4, 2*runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// touch creates the file with mode 0600; SQLite gives the files beside it the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// mustExist returns a *MissingError if there is no file at a path, or an empty one.
func mustExist(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return &MissingError{path}
	}
	return err
}

// mustBeRegular returns a plain error for a path at which there is something other than a file: the
// lock would be made beside it, and SQLite would report an I/O error.
func mustBeRegular(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return errNoFile
	}
	return nil
}

func dsn(path, mode string, pragmas ...string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	u := url.URL{Scheme: "file", Path: path}
	q := url.Values{"mode": {mode}, "_pragma": pragmas}
	u.RawQuery = q.Encode()
	return u.String()
}

// logAhead turns write-ahead logging on. The mode is written into the file, so that this runs after
// checkOurs.
func logAhead(ctx context.Context, conn *sql.Conn) error {
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return translate(err)
	}
	if mode != "wal" {
		return fmt.Errorf("the file system allows no write-ahead log (journal mode %s): choose a local disk with --db", mode)
	}
	return nil
}

// checkLibrary refuses the SQLite versions that can corrupt a database in WAL mode: 3.7.0 to 3.51.2
// (https://sqlite.org/wal.html#walresetbug).
func checkLibrary(ctx context.Context, conn *sql.Conn) error {
	var version string
	if err := conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return fmt.Errorf("read the version of SQLite %q: %w", version, err)
	}
	if major*1_000_000+minor*1000+patch < 3_051_003 {
		return fmt.Errorf("SQLite %s can corrupt this database: build with a driver that has 3.51.3 or newer", version)
	}
	return nil
}

// Lineage identifies this log.
func (e *Engine) Lineage() string { return e.lineage }

// DB is a pool of read-only connections, for queries on the tables beside the log. It belongs to
// the engine.
func (e *Engine) DB() *sql.DB { return e.pages.db }

// Points is another such pool, for queries that go straight to a row: they never wait for queries
// on DB.
func (e *Engine) Points() *sql.DB { return e.points.db }

// Close moves the write-ahead log into the file, as far as no other program reads older pages, and
// releases everything. The next Open finds the part that stays in the write-ahead log. Close may be
// called twice.
func (e *Engine) Close() error {
	var errs []error
	for _, p := range []pool{e.pages, e.points} {
		if p.db != nil {
			errs = append(errs, p.db.Close())
		}
	}
	if e.conn != nil {
		errs = append(errs, e.stmts.close())
		if _, err := e.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil && !errors.Is(err, sql.ErrConnDone) {
			errs = append(errs, translate(err))
		}
		if err := e.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
			errs = append(errs, err)
		}
	}
	if e.writes != nil {
		errs = append(errs, e.writes.Close())
	}
	if e.lock != nil {
		errs = append(errs, e.lock.release())
	}
	return errors.Join(errs...)
}
