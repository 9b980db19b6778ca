package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"flightdeck/eventstore"
)

// PurgeDeleted returns once nothing on the disk holds deleted or replaced data any more. SQLite
// overwrites deleted data with zeros in its pages (secure_delete), but the write-ahead log holds
// older pages until it is moved into the file and cut. That has to wait for the programs that read
// older pages: half a minute at most, then the error is a *ReadersError.
func (e *Engine) PurgeDeleted(ctx context.Context) (err error) {
	if e.conn == nil {
		return eventstore.ErrReadOnly
	}
	if err := removeLeftovers(e.path); err != nil {
		return err
	}
	// The writer's own connection is in a transaction most of the time.
	db, err := sql.Open("sqlite", dsn(e.path, "rw", "busy_timeout(1000)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return e.cutLog(ctx, db)
}

const (
	// readersPatience bounds how long cutLog waits for programs that read.
	readersPatience = 30 * time.Second
	// readersPause is the time between two attempts.
	readersPause = 10 * time.Millisecond
)

// cutLog moves the write-ahead log into the database file and cuts it to length 0, see
// https://sqlite.org/pragma.html#pragma_wal_checkpoint. The file is then as long as its pages need.
func (e *Engine) cutLog(ctx context.Context, db queryer) error {
	ctx, cancel := context.WithTimeout(ctx, readersPatience)
	defer cancel()
	for {
		var busy, pages, moved int
		if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
			return fmt.Errorf("cut the write-ahead log: %w", translate(err))
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cut the write-ahead log: %w (%w)", &ReadersError{openers(e.path)}, ctx.Err())
		case <-time.After(readersPause):
		}
	}
}
