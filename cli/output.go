package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"flightdeck/durable"
	"flightdeck/eventstore/sqlite"
)

// This file writes the files that flags name, and keeps them apart from the program's own.

// toFile writes the file that a flag has named. An older file of that name is replaced once the new
// one is complete.
func toFile(out, flag string, write func(io.Writer) error) error {
	f, err := durable.Begin(out)
	if err != nil {
		return fmt.Errorf("%w: choose another file with %s", err, flag)
	}
	if err = write(f); err == nil {
		err = f.Commit()
	} else {
		err = errors.Join(err, f.Abort())
	}
	if err == nil || errors.Is(err, durable.ErrUnsynced) {
		return err
	}
	return fmt.Errorf("%w: %s is as it was", err, out)
}

// mustBeForeign returns an error if the file that a flag has named, or the one in which it is
// written, is one of the program's own, under any name.
func (env *environment) mustBeForeign(out, flag string) error {
	for _, name := range []string{out, durable.PartOf(out)} {
		if what := env.ownFile(func(own string) bool { return sameFile(name, own) }); what != "" {
			return fmt.Errorf("%s is %s: choose another file with %s", name, what, flag)
		}
	}
	return nil
}

// mustNotWriteOver returns an error if standard output or standard error is one of the program's
// own files.
func (env *environment) mustNotWriteOver(streams ...io.Writer) error {
	for _, stream := range streams {
		f, ok := stream.(*os.File)
		if !ok {
			continue
		}
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if what := env.ownFile(func(own string) bool {
			other, err := os.Stat(own)
			return err == nil && os.SameFile(info, other)
		}); what != "" {
			return fmt.Errorf("the output would be written into %s: redirect it to another file", what)
		}
	}
	return nil
}

// ownFile describes the first file of the program for which is returns true; "" if there is none.
func (env *environment) ownFile(is func(path string) bool) string {
	if is(env.DB) {
		return "the database"
	}
	if is(env.options().MasterKeyPath()) {
		return "the file of the master key"
	}
	for _, path := range sqlite.Files(env.DB) {
		if is(path) {
			return "a file of the database"
		}
	}
	return ""
}

// sameFile reports whether two paths lead to one file, or would if there were one.
func sameFile(one, other string) bool {
	a, errA := os.Stat(one)
	b, errB := os.Stat(other)
	if errA == nil && errB == nil {
		return os.SameFile(a, b)
	}
	return place(one) == place(other)
}

// place returns an absolute path, without links in its folder.
func place(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	return path
}
