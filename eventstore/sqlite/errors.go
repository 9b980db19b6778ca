package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"flightdeck/eventstore"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// errNotADatabase is the error for a file of another kind.
var errNotADatabase = errors.New("it is not a database")

// errCorrupt is the error for a damaged file.
var errCorrupt = errors.New("the database file is damaged")

// primary masks an extended result code, see https://sqlite.org/rescode.html.
const primary = 0xff

// translate turns an error of the driver into that of package eventstore with the same meaning, by
// its code. It returns all other errors unchanged.
func translate(err error) error {
	cause, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch cause.Code() & primary {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", eventstore.ErrBusy, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", eventstore.ErrFull, err)
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Errorf("%w: %w", eventstore.ErrReadOnly, err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", eventstore.ErrStorage, err)
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", errNotADatabase, err)
	case lib.SQLITE_CORRUPT:
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return err
}

// errNoFile is the error for a device, a pipe or a socket.
var errNoFile = errors.New("it is not a regular file")

// MissingError is the error for a database that should exist, and does not.
type MissingError struct{ Path string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no database at %s: name it with --db", e.Path)
}

// Unwrap makes the error an fs.ErrNotExist.
func (e *MissingError) Unwrap() error { return fs.ErrNotExist }

// explain adds the remedy to the error of a database that could not be opened.
func explain(path string, err error) error {
	if missing, ok := errors.AsType[*MissingError](err); ok {
		return missing
	}
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "create the folder first, or choose another file with --db"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, eventstore.ErrReadOnly):
		hint = "make the file and its folder writable for this user, or choose another file with --db"
	case errors.Is(err, errNotADatabase), errors.Is(err, errForeign):
		hint = "nothing was changed; choose another file with --db"
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR), errors.Is(err, errNoFile):
		hint = "choose a file in a folder with --db"
	case errors.Is(err, errNewer):
		hint = "nothing was changed; run the version that wrote it, or a later one"
	case errors.Is(err, errOlder):
		hint = "run flightdeck serve once to bring it up to date"
	case errors.Is(err, eventstore.ErrBusy):
		hint = "close the program that has it open, then try again"
	case errors.Is(err, eventstore.ErrFull):
		hint = "make room on the disk, then try again; nothing that was acknowledged is lost"
	case errors.Is(err, errCorrupt):
		hint = "restore a backup"
	default:
		return fmt.Errorf("open database %s: %w", path, err)
	}
	return fmt.Errorf("open database %s: %w: %s", path, err, hint)
}

// endsTransaction reports whether SQLite may have rolled the transaction back by itself
// (https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction).
func endsTransaction(err error) bool {
	cause, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch cause.Code() & primary {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_BUSY, lib.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// IsRetryable reports whether a query failed because the schema changed while SQLite prepared it.
// SQLite itself tries again, but only once for a virtual table.
func (e *Engine) IsRetryable(err error) bool { return schemaChanged(err) }

func schemaChanged(err error) bool {
	cause, ok := errors.AsType[*sqlite.Error](err)
	return ok && cause.Code()&primary == lib.SQLITE_SCHEMA
}

// noTransaction reports whether err is the error of a ROLLBACK without a transaction: a plain
// SQLITE_ERROR, which ROLLBACK returns for no other reason.
func noTransaction(err error) bool {
	cause, ok := errors.AsType[*sqlite.Error](err)
	return ok && cause.Code() == lib.SQLITE_ERROR
}
