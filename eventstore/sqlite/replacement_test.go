package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// writing makes a database with n events and closes it.
func writing(t *testing.T, n int) func(string) error {
	return func(path string) error {
		s, err := eventstore.Open(within(t), open(t, path, sqlite.Options{}), plain{}, eventstore.Options{})
		if err != nil {
			return err
		}
		for i := range n {
			add(t, s, fmt.Sprint(i))
		}
		return s.Close()
	}
}

func replace(t *testing.T, path string, write func(string) error) error {
	t.Helper()
	return sqlite.Replace(within(t), path, sqlite.Options{}, write)
}

// filesIn lists a folder, but for lock files.
func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// emptyPlaces are what a new database may take the place of.
var emptyPlaces = map[string]func(t *testing.T, path string){
	"nothing":         func(*testing.T, string) {},
	"an empty file":   func(t *testing.T, path string) { mustWrite(t, path, nil) },
	"a log of none":   func(t *testing.T, path string) { closeNow(t, open(t, path, sqlite.Options{})) },
	"what is left":    func(t *testing.T, path string) { leave(t, path) },
	"an old attempt":  func(t *testing.T, path string) { mustWrite(t, path+".importing", []byte("half a database")) },
	"and its old log": func(t *testing.T, path string) { mustWrite(t, path+".importing-wal", []byte("half a log")) },
}

func mustWrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// leave leaves an empty log as a process does that is killed: with a write-ahead log that is not in
// the file yet.
func leave(t *testing.T, path string) {
	t.Helper()
	running := newPath(t)
	engine := open(t, running, sqlite.Options{})
	for _, ending := range []string{"", "-wal"} {
		data, err := os.ReadFile(running + ending)
		if err != nil || len(data) == 0 {
			t.Fatalf("%d bytes of %s, error %v", len(data), ending, err)
		}
		mustWrite(t, path+ending, data)
	}
	closeNow(t, engine)
}

func TestAReplacementTakesThePlaceOfAnEmptyLog(t *testing.T) {
	t.Parallel()
	for name, prepare := range emptyPlaces {
		path := newPath(t)
		prepare(t, path)
		if err := replace(t, path, writing(t, 3)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := filesIn(t, filepath.Dir(path)); !slices.Equal(got, []string{filepath.Base(path)}) {
			t.Errorf("%s: there are %q", name, got)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, error %v", name, info, err)
		}
		mustHave(t, start(t, path, sqlite.Options{}), 3)
	}
}

func TestAFailedReplacementLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	failure := errors.New("no more")
	for name, prepare := range emptyPlaces {
		path := newPath(t)
		prepare(t, path)
		before, beforeErr := os.ReadFile(path)
		for range 2 {
			err := replace(t, path, func(beside string) error { return errors.Join(writing(t, 3)(beside), failure) })
			if !errors.Is(err, failure) {
				t.Errorf("%s: error is %v", name, err)
			}
		}
		after, afterErr := os.ReadFile(path)
		if string(after) != string(before) || errors.Is(afterErr, os.ErrNotExist) != errors.Is(beforeErr, os.ErrNotExist) {
			t.Errorf("%s: %d bytes, error %v; there were %d, error %v", name, len(after), afterErr, len(before), beforeErr)
		}
		if _, err := os.Stat(path + ".importing"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: what was written is still there: %v", name, err)
		}
		mustHave(t, start(t, path, sqlite.Options{}), 0)
	}
}

func TestAReplacementIsRefusedWhereSomethingIs(t *testing.T) {
	t.Parallel()
	never := func(string) error {
		t.Error("it was written")
		return nil
	}
	path := newPath(t)
	engine := open(t, path, sqlite.Options{})
	if _, ok := errors.AsType[*sqlite.LockedError](replace(t, path, never)); !ok {
		t.Error("the database of a running server is not locked")
	}
	closeNow(t, engine)
	if err := writing(t, 2)(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	notEmpty, ok := errors.AsType[*sqlite.NotEmptyError](replace(t, path, never))
	if !ok || *notEmpty != (sqlite.NotEmptyError{Path: path, Head: 2}) {
		t.Errorf("error is %v", notEmpty)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the database was changed, error %v", err)
	}
	mustHave(t, start(t, path, sqlite.Options{}), 2)
	for _, bad := range []string{t.TempDir(), filepath.Join(path, "x.db"), filepath.Join(t.TempDir(), "none", "x.db")} {
		if err := replace(t, bad, never); err == nil {
			t.Errorf("%s was replaced", bad)
		}
	}
	text := newPath(t)
	mustWrite(t, text, []byte("text"))
	if err := replace(t, text, never); err == nil {
		t.Error("a text was replaced")
	}
	mustHold(t, text, []byte("text"))
}

func TestALinkLeadsToTheReplacement(t *testing.T) {
	t.Parallel()
	path, link := newPath(t), newPath(t)
	closeNow(t, open(t, path, sqlite.Options{}))
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := replace(t, link, writing(t, 3)); err != nil {
		t.Fatal(err)
	}
	mustHave(t, start(t, path, sqlite.Options{}), 3)
}

func TestADatabaseThatIsStillOpenReplacesNothing(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var left *sqlite.Engine
	err := replace(t, path, func(beside string) error {
		left = open(t, beside, sqlite.Options{})
		return nil
	})
	if err == nil {
		t.Error("it took the place")
	}
	if left != nil {
		closeNow(t, left)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file, error %v", err)
	}
}
