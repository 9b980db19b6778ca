package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"flightdeck/eventstore"
)

// purgePatience is how long PurgeDeleted waits for those who read or write.
const purgePatience = 30 * time.Second

// PurgeDeleted leaves nothing on the disk of what was deleted or replaced. SQLite overwrites it
// with zeros in the pages (secure_delete), but old pages lie in the write-ahead log
// until it is brought into the file and cut, for which nobody may be reading them. See
// https://sqlite.org/pragma.html#pragma_wal_checkpoint.
func (e *Engine) PurgeDeleted(ctx context.Context) (err error) {
	if e.conn == nil {
		return eventstore.ErrReadOnly
	}
	ctx, cancel := context.WithTimeout(ctx, purgePatience)
	defer cancel()
	// The writer's connection is in its transaction, as often as not.
	db, err := sql.Open("sqlite", dsn(e.path, "rw", "busy_timeout(1000)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
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
			return fmt.Errorf("cut the write-ahead log: %w: somebody keeps reading it: %w", eventstore.ErrBusy, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
