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

// NotEmptyError is the error for a database that should be empty and has events.
type NotEmptyError struct {
	Path string
	Head eventstore.Position
}

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("%s has %s events already, and an import needs an empty log: choose a new file with --db", e.Path, e.Head)
}

// Replace replaces the database at path, which is a log without events or does not exist, by the
// database that write makes. write receives the path of a file beside it, and must close the file
// before it returns. Until the end, and after an error or a crash, path keeps its old state; the
// next Replace removes the leftovers of a crash. Meanwhile no other process can open path for
// writing.
func Replace(ctx context.Context, path string, o Options, write func(path string) error) (err error) {
	l, err := acquire(path)
	if err != nil {
		return explain(path, err)
	}
	defer func() { err = errors.Join(err, l.release()) }()
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // the link stays, and points to the new database
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

// mustBeEmpty returns a *NotEmptyError if the database at path has events.
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
	defer func() { err = errors.Join(err, e.Close()) }() //nolint:contextcheck // the engine is closed even after ctx has ended
	head, err := e.Head(ctx)
	if err == nil && head.Position > 0 {
		err = &NotEmptyError{path, head.Position}
	}
	return err
}

// move replaces an empty database by a closed one, durably. It first removes the write-ahead log of
// the empty one, which SQLite would take for that of the new one.
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

// removeAll removes the existing ones of the files with this path and these endings.
func removeAll(path string, endings ...string) error {
	for _, ending := range endings {
		if err := remove(path + ending); err != nil {
			return err
		}
	}
	return nil
}
