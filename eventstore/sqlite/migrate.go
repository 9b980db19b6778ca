package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"flightdeck/eventstore"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// applicationID marks a SQLite file as FlightDeck's: "FDck" in ASCII.
const applicationID = 0x4644636b

func logMigrations() eventstore.Migrations {
	files, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return eventstore.Migrations{Component: "log", Files: files}
}

// queryer is the common part of a connection and a pool.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// errForeign is the error for a SQLite database of another program.
var errForeign = errors.New("it is a SQLite database of another program")

// errNewer is the error for a database that a later version of FlightDeck wrote.
var errNewer = errors.New("a later version of FlightDeck has written it")

// errOlder is the error for a database that an older version of FlightDeck wrote.
var errOlder = errors.New("an older version of FlightDeck has written it")

// checkOurs returns errForeign unless FlightDeck made the database.
func checkOurs(ctx context.Context, db queryer) error {
	var id int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return translate(err)
	}
	if id != applicationID {
		return errForeign
	}
	return nil
}

// claim marks an empty database as FlightDeck's, or returns errForeign.
func claim(ctx context.Context, conn *sql.Conn) error {
	var tables int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return translate(err)
	}
	if tables > 0 {
		return checkOurs(ctx, conn)
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	return translate(err)
}

// migrate applies the missing steps, each in a transaction that records it. If a later version of
// any component has been applied, it applies none and fails.
func migrate(ctx context.Context, conn *sql.Conn, all []eventstore.Migrations) error {
	const ddl = `CREATE TABLE IF NOT EXISTS migrations (
		component TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, applied_at INTEGER NOT NULL,
		PRIMARY KEY (component, number)) STRICT, WITHOUT ROWID`
	if _, err := conn.ExecContext(ctx, ddl); err != nil {
		return translate(err)
	}
	if err := checkUpToDate(ctx, conn, all); err != nil && !errors.Is(err, errOlder) {
		return err
	}
	for _, m := range all {
		if err := apply(ctx, conn, m); err != nil {
			return fmt.Errorf("migrate the tables of the %s: %w", m.Component, err)
		}
	}
	return begin(ctx, conn)
}

// begin gives a new log its lineage.
func begin(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "INSERT INTO log (lineage, created_at) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM log)",
		rand.Text(), time.Now().UnixMicro())
	return translate(err)
}

func apply(ctx context.Context, conn *sql.Conn, m eventstore.Migrations) error {
	names, err := fs.Glob(m.Files, "*.sql")
	if err != nil {
		return err
	}
	applied, err := applied(ctx, conn, m)
	if err != nil {
		return err
	}
	for number := applied + 1; number <= len(names); number++ {
		if err := step(ctx, conn, m, number, names[number-1]); err != nil {
			return fmt.Errorf("%s: %w", names[number-1], err)
		}
	}
	return nil
}

// applied returns the number of the last step of a component that was applied, 0 for none.
func applied(ctx context.Context, db queryer, m eventstore.Migrations) (number int, err error) {
	row := db.QueryRowContext(ctx, `SELECT coalesce(max(number), EXISTS (SELECT 1 FROM migrations WHERE component = ? AND number = ?))
		FROM migrations WHERE component = ?`, m.Adopts.Component, m.Adopts.Number, m.Component)
	return number, translate(row.Scan(&number))
}

func step(ctx context.Context, conn *sql.Conn, m eventstore.Migrations, number int, name string) (err error) {
	ddl, err := fs.ReadFile(m.Files, name)
	if err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := tx.ExecContext(ctx, string(ddl)); err != nil {
		return translate(err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO migrations (component, number, name, applied_at) VALUES (?, ?, ?, ?)",
		m.Component, number, name, time.Now().UnixMicro()); err != nil {
		return translate(err)
	}
	return translate(tx.Commit())
}

// checkUpToDate returns errNewer if an applied migration is unknown, or errOlder if a known one is
// missing.
func checkUpToDate(ctx context.Context, db queryer, all []eventstore.Migrations) error {
	var older error
	for _, m := range all {
		names, err := fs.Glob(m.Files, "*.sql")
		if err != nil {
			return err
		}
		applied, err := applied(ctx, db, m)
		switch {
		case err != nil:
			return err
		case applied > len(names):
			return errNewer
		case applied < len(names):
			older = errOlder
		}
	}
	return older
}
