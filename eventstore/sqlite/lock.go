package sqlite

import (
	"fmt"
	"os"
	"strings"

	"github.com/gofrs/flock"
)

// lock keeps a second process from writing to the same database. The operating system releases it
// at the end of the process.
type lock struct{ file *flock.Flock }

// LockedError is the error for a database that another process has opened for writing.
type LockedError struct {
	Path string
	// Holder is the description that the other process wrote into the lock file; it may be empty.
	Holder string
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.Holder != "" {
		who = "process " + e.Holder
	}
	return fmt.Sprintf("%s is in use by %s: stop it first, or choose another file with --db", e.Path, who)
}

// acquire takes the lock of a database, or fails at once with a *LockedError.
func acquire(path string) (*lock, error) {
	name := path + ".lock"
	file := flock.New(name, flock.SetPermissions(0o600))
	ok, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if !ok {
		holder, _ := os.ReadFile(name) //nolint:errcheck // the holder only improves the message
		return nil, &LockedError{path, strings.TrimSpace(string(holder))}
	}
	if err := os.WriteFile(name, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o600); err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return &lock{file}, nil
}

func (l *lock) release() error { return l.file.Unlock() }
