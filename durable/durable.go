// Package durable writes files so that a power failure leaves either the old file or the new one,
// and leaves the new one once the call that completes it has returned.
//
// Start with [Begin].
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// File is a file that is not complete yet. Until Commit it has another name.
type File struct {
	part *os.File
	path string
}

// PartOf returns the path under which Begin writes the file at a path.
func PartOf(path string) string { return path + ".part" }

// Begin starts to write the file at path, under the name of PartOf. Only the owner may
// read it. The caller must call Commit or Abort.
func Begin(path string) (*File, error) {
	part, err := os.OpenFile(PartOf(path), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &File{part, path}, nil
}

// Write appends to the file.
func (f *File) Write(data []byte) (int, error) { return f.part.Write(data) }

// ErrUnsynced reports that the file has its name, and that a power failure may undo the renaming.
var ErrUnsynced = errors.New("the file has its name, which a power failure may take back")

// Commit gives the file its name, and replaces an older file of that name. After an error that is
// not ErrUnsynced the older file is as it was.
func (f *File) Commit() error {
	err := errors.Join(f.part.Sync(), f.part.Close())
	if err != nil {
		return errors.Join(err, os.Remove(f.part.Name()))
	}
	if err := os.Rename(f.part.Name(), f.path); err != nil {
		return errors.Join(err, os.Remove(f.part.Name()))
	}
	if err := Sync(filepath.Dir(f.path)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsynced, err)
	}
	return nil
}

// Abort closes and removes the incomplete file.
func (f *File) Abort() error {
	return errors.Join(f.part.Close(), os.Remove(f.part.Name()))
}

// Create writes a new file, which only the owner may read. The error is [io/fs.ErrExist] if there
// is a file of that name.
func Create(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// Replace gives a closed, synced file another name, and replaces an older file of that name.
func Replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return Sync(filepath.Dir(to))
}

// Sync makes a file durable, or the names in a folder.
func Sync(path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Sync()
}
