package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"flightdeck/eventstore"

	"modernc.org/sqlite"
)

// compacted ends the name of the copy that Compact makes.
const compacted = ".compacted"

// Compact gives the unused room in a database file back to the disk. It writes the used pages into
// a file beside the database and copies them back in one transaction of SQLite, so that the
// database stays the same file: programs that read it, links that lead to it and its write-ahead
// log all remain valid. Until it is done the disk holds the used pages two more times.
//
// Other programs may read meanwhile, but the file gets shorter only when none of them needs its old
// pages. Compact waits for them before it begins and after it has copied, half a minute each time,
// and fails with a *ReadersError if one stays. After a crash the database has its old or its new
// pages, and the next Open removes the copy.
func Compact(ctx context.Context, path string, o Options) (err error) {
	o.Existing = true
	e, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }() //nolint:contextcheck // an open engine is closed even if ctx has ended
	if err := e.copyUsedPages(ctx); err != nil {
		return fmt.Errorf("compact %s: %w: nothing was changed", path, err)
	}
	if err := e.cutLog(ctx, e.conn); err != nil {
		return fmt.Errorf("compact %s: the file holds only used pages now, but keeps its length while it is being read: %w", path, err)
	}
	return nil
}

// copyUsedPages replaces the pages of the database by those of a compacted copy.
func (e *Engine) copyUsedPages(ctx context.Context) (err error) {
	if err := e.cutLog(ctx, e.conn); err != nil {
		return err
	}
	from := behindLinks(e.path) + compacted
	defer func() { err = errors.Join(err, removeAll(from, "", "-journal")) }()
	if _, err := e.conn.ExecContext(ctx, "VACUUM INTO ?", from); err != nil {
		return translate(err)
	}
	return restore(ctx, e.conn, from)
}

// restorer is a connection of the driver.
type restorer interface {
	NewRestore(from string) (*sqlite.Backup, error)
}

// restoredPages is the number of pages that are copied before the context is asked again.
const restoredPages = 4096

// restore replaces the content of a database by that of a closed one, in one transaction.
func restore(ctx context.Context, to *sql.Conn, from string) error {
	from, err := filepath.Abs(from) // the first part of a relative path would be the host of the URL
	if err != nil {
		return err
	}
	source := url.URL{Scheme: "file", Path: from, RawQuery: url.Values{"mode": {"ro"}, "immutable": {"1"}}.Encode()}
	return to.Raw(func(conn any) (err error) {
		driver, ok := conn.(restorer)
		if !ok {
			return fmt.Errorf("the driver's %T cannot restore", conn)
		}
		backup, err := driver.NewRestore(source.String())
		if err != nil {
			return translate(err)
		}
		defer func() { err = errors.Join(err, translate(backup.Finish())) }() // it takes back a copy that is not complete
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				return err
			}
			if more, err = backup.Step(restoredPages); err != nil {
				return translate(err)
			}
		}
		return nil
	})
}

// ReadersError says that other programs read pages of the database that have to go.
type ReadersError struct {
	// Programs are the programs that have the database open, such as "4711 (sqlite3)", as far as
	// the system tells.
	Programs []string
}

func (e *ReadersError) Error() string {
	return fmt.Sprintf("the database is being read by %s: close it, then try again", processes(e.Programs))
}

// Unwrap makes the error an eventstore.ErrBusy.
func (e *ReadersError) Unwrap() error { return eventstore.ErrBusy }
