package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"flightdeck/durable"
)

// Compact gives the room in a database file that is not in use back to the disk: it
// writes the file anew beside the old one, which it then replaces. Meanwhile both are
// on the disk, and nobody else can write. After a crash the old file is as it was, or
// the new one is there.
func Compact(ctx context.Context, path string, o Options) (err error) {
	e, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	compacted := path + ".compacted"
	defer func() { //nolint:contextcheck // what was opened is closed whatever becomes of ctx
		if err != nil {
			err = fmt.Errorf("compact %s: %w: nothing was changed", path, errors.Join(err, e.Close(), remove(compacted)))
		}
	}()
	if err := remove(compacted); err != nil { // what a crash left behind
		return err
	}
	if _, err := e.conn.ExecContext(ctx, "VACUUM INTO ?", compacted); err != nil {
		return translate(err)
	}
	if err := os.Chmod(compacted, 0o600); err != nil {
		return err
	}
	if err := durable.Sync(compacted); err != nil {
		return err
	}
	lock := e.lock
	e.lock = nil                                                                     // it is held until the new file is in place
	if err := errors.Join(e.Close(), durable.Replace(compacted, path)); err != nil { //nolint:contextcheck // as above
		return errors.Join(err, lock.release())
	}
	return lock.release()
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
