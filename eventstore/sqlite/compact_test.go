package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// newCompactable returns a closed database with unused room, and its log.
func newCompactable(t *testing.T) (path string, log []eventstore.Event) {
	t.Helper()
	path = newPath(t)
	s := start(t, path, sqlite.Options{})
	var events []eventstore.NewEvent
	for i := range 1000 {
		events = append(events, event(fmt.Sprint("event ", i), `"`+strings.Repeat("x", 500)+`"`))
	}
	if _, err := s.Append(within(t), stream, eventstore.NoStream, events...); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Archive(within(t), stream.ID, 990); err != nil {
		t.Fatal(err)
	}
	log = wholeLog(t, s)
	closeNow(t, s)
	return path, log
}

// TestCompactingBesideAReaderKeepsTheLog has a reader in each state: with the file open, inside a
// transaction, and gone again. The write-ahead log of before never meets other pages.
func TestCompactingBesideAReaderKeepsTheLog(t *testing.T) {
	t.Parallel()
	path, want := newCompactable(t)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	reader := sqlOf(t, path)
	exec(t, reader, "BEGIN")
	if n := count(t, reader, "SELECT count(*) FROM archived_events"); n != 990 {
		t.Fatalf("%d events are archived", n)
	}
	s := start(t, path, sqlite.Options{})
	add(t, s, "after the reader began")
	want = append(want, wholeLog(t, s)[len(want):]...)
	closeNow(t, s)

	ctx, cancel := context.WithTimeout(within(t), time.Second)
	defer cancel()
	err = sqlite.Compact(ctx, path, sqlite.Options{})
	if _, ok := errors.AsType[*sqlite.ReadersError](err); !ok || !errors.Is(err, eventstore.ErrBusy) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("beside a reader that stays, the error is %v", err)
	}
	if n := count(t, reader, "SELECT count(*) FROM archived_events"); n != 990 {
		t.Errorf("the reader sees %d archived events", n)
	}
	exec(t, reader, "COMMIT")
	if err := sqlite.Compact(within(t), path, sqlite.Options{}); err != nil { // the reader still has the file open
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) || after.Size()*2 > before.Size() {
		t.Errorf("the file has %d bytes, it had %d; the same file: %t (%v)", after.Size(), before.Size(), os.SameFile(before, after), err)
	}
	if n := count(t, reader, "SELECT count(*) FROM archived_events"); n != 990 {
		t.Errorf("the reader sees %d archived events", n)
	}
	again := start(t, path, sqlite.Options{})
	mustBeSame(t, wholeLog(t, again), want)
}

func TestCompactingFollowsALink(t *testing.T) {
	t.Parallel()
	path, want := newCompactable(t)
	link := newPath(t)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Compact(within(t), link, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); err != nil || target != path {
		t.Errorf("the link leads to %q, error %v", target, err)
	}
	if after, err := os.Stat(path); err != nil || after.Size()*2 > before.Size() {
		t.Errorf("the file behind the link has %v bytes, error %v", after, err)
	}
	mustBeSame(t, wholeLog(t, start(t, path, sqlite.Options{})), want)
}

// TestLeftoversAreRemoved at start and before forgetting is answered: they hold data that may have
// been deleted since.
func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	leave := func() {
		for _, name := range []string{".compacted", ".compacted-journal", ".importing", ".importing-wal", ".importing-shm"} {
			mustWrite(t, path+name, []byte("a name"))
		}
	}
	mustBeAlone := func(when string) {
		t.Helper()
		for _, name := range filesIn(t, filepath.Dir(path)) {
			if strings.Contains(name, ".compacted") || strings.Contains(name, ".importing") {
				t.Errorf("%s, %s is left", when, name)
			}
		}
	}
	leave()
	engine := open(t, path, sqlite.Options{})
	defer closeNow(t, engine)
	mustBeAlone("after the start")
	leave()
	if err := engine.PurgeDeleted(within(t)); err != nil {
		t.Fatal(err)
	}
	mustBeAlone("after deleted data was purged")
}
