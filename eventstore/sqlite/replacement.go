package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"flightdeck/durable"
	"flightdeck/eventstore"
)

// NotEmptyError says that a database has events where one without is needed.
type NotEmptyError struct {
	Path string
	Head eventstore.Position
}

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("%s has %s events already, and an import needs an empty log: choose a new file with --db", e.Path, e.Head)
}

// Replace puts a database that write makes in the place of the one at path, which is
// a log without events, or nothing yet. write is given the path of a file beside it,
// and has closed it when it returns. Until then path is what it was, and after an
// error or a crash it still is; what a crash leaves beside it, the next Replace
// removes. Meanwhile nobody else can open path for writing.
func Replace(ctx context.Context, path string, o Options, write func(path string) error) (err error) {
	l, err := acquire(path)
	if err != nil {
		return explain(path, err)
	}
	defer func() { err = errors.Join(err, l.release()) }()
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // the link stays, and leads to the new database
	}
	if err := mustBeEmpty(ctx, path, o); err != nil {
		return err
	}
	beside := path + ".importing"
	if err := removeAll(beside, "", "-wal", "-shm", ".lock"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(beside, "", "-wal", "-shm", ".lock")) }()
	if err := write(beside); err != nil {
		return err
	}
	return move(beside, path)
}

// mustBeEmpty fails when there are events in the database at path.
func mustBeEmpty(ctx context.Context, path string, o Options) (err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil
	}
	o.ReadOnly = true
	e, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }() //nolint:contextcheck // what was opened is closed whatever becomes of ctx
	head, err := e.Head(ctx)
	if err == nil && head.Position > 0 {
		err = &NotEmptyError{path, head.Position}
	}
	return err
}

// move puts a closed database in the place of an empty one, durably. The empty one's
// write-ahead log goes first: SQLite would take it for the new one's.
func move(from, to string) error {
	if info, err := os.Stat(from + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("%s was not closed: it still has a write-ahead log", from)
	}
	if err := durable.Sync(from); err != nil {
		return err
	}
	if err := removeAll(to, "-wal", "-shm"); err != nil {
		return err
	}
	return durable.Replace(from, to)
}

// removeAll removes files whose names begin alike, where they are there.
func removeAll(path string, endings ...string) error {
	for _, ending := range endings {
		if err := remove(path + ending); err != nil {
			return err
		}
	}
	return nil
}
