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
	if err := mustBeRegular(path); err != nil {
		return explain(path, err)
	}
	l, err := acquire(path)
	if err != nil {
		return explain(path, err)
	}
	defer func() { err = errors.Join(err, l.release()) }()
	path = behindLinks(path) // a link stays, and leads to the new database
	if err := mustBeEmpty(ctx, path, o); err != nil {
		return err
	}
	beside := path + importing
	if err := removeAll(beside, databaseFiles...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(beside, databaseFiles...)) }()
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

// importing ends the name of the database that Replace has made.
const importing = ".importing"

// databaseFiles are the endings of the files that belong to a database, itself among them.
var databaseFiles = []string{"", "-wal", "-shm", "-journal", ".lock"}

// Files returns the paths of all files that belong to the database at a path: itself, those that
// SQLite keeps beside it, the lock, and those that Compact and Replace make for a time. Not all of
// them exist.
func Files(path string) (all []string) {
	for _, name := range []string{path, behindLinks(path)} {
		for _, own := range []string{name, name + compacted, name + importing} {
			for _, ending := range databaseFiles {
				all = append(all, own+ending)
			}
		}
	}
	return all
}

// removeLeftovers removes the files that a killed Compact or Replace has left beside a database.
// They hold data that may have been deleted since. The caller has the lock of the database, without
// which neither of the two runs.
func removeLeftovers(path string) error {
	var errs []error
	for _, name := range []string{path, behindLinks(path)} {
		errs = append(errs, removeAll(name+compacted, databaseFiles...), removeAll(name+importing, databaseFiles...))
	}
	return errors.Join(errs...)
}

// behindLinks returns the path of the file that symbolic links lead to, or path if there is no
// file.
func behindLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// removeAll removes files whose names begin alike, where they are there.
func removeAll(path string, endings ...string) error {
	for _, ending := range endings {
		if err := os.Remove(path + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
