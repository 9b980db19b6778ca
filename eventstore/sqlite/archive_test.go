package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// TestADiskThatFillsUpDuringAnArchiveLosesNothing, and the rest is archived once there is room.
func TestADiskThatFillsUpDuringAnArchiveLosesNothing(t *testing.T) {
	t.Parallel()
	const length = 2000
	path := newPath(t)
	s := start(t, path, sqlite.Options{})
	text := `"` + strings.Repeat("x", 500) + `"`
	var events []eventstore.NewEvent
	for i := range length {
		events = append(events, event(fmt.Sprint("event ", i), text))
	}
	if _, err := s.Append(within(t), stream, eventstore.NoStream, events...); err != nil {
		t.Fatal(err)
	}
	want := wholeLog(t, s)
	limit := func(pages int) {
		do(t, s, func(tx *eventstore.Tx) error {
			_, err := tx.Exec(tx.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		})
	}
	limit(1) // SQLite takes the size of the file for it
	if _, err := s.Archive(within(t), stream.ID, length-1); !errors.Is(err, eventstore.ErrFull) {
		t.Fatalf("error is %v", err)
	}
	mustBeSame(t, wholeLog(t, s), want)
	limit(1_000_000)
	if got, err := s.Archive(within(t), stream.ID, length-1); err != nil || got.Archived != length-1 {
		t.Fatalf("once there is room: %+v, error %v", got, err)
	}
	mustBeSame(t, wholeLog(t, s), want)
	closeNow(t, s)
	mustBeSame(t, wholeLog(t, start(t, path, sqlite.Options{})), want)
}

// wholeLog reads a log from its table, page by page.
func wholeLog(t *testing.T, s *eventstore.Store) (all []eventstore.Event) {
	t.Helper()
	for version := 0; ; {
		page, err := s.ReadStream(within(t), stream.ID, version, 300)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		version = page[len(page)-1].Version
	}
}

func mustBeSame(t *testing.T, got, want []eventstore.Event) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d events are not the %d that were there", len(got), len(want))
	}
}

// TestACompactedFileIsTheSameLog in less room, for its owner's eyes only, whatever a crash has left
// beside it.
func TestACompactedFileIsTheSameLog(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := start(t, path, sqlite.Options{})
	var events []eventstore.NewEvent
	for i := range 1000 {
		events = append(events, event(fmt.Sprint("event ", i), `"`+strings.Repeat("x", 500)+`"`))
	}
	if _, err := s.Append(within(t), stream, eventstore.NoStream, events...); err != nil {
		t.Fatal(err)
	}
	want, head, lineage := wholeLog(t, s), s.Head(), s.Lineage()
	if err := sqlite.Compact(within(t), path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Errorf("compacting what is in use: error is %v", err)
	}
	if _, err := s.Archive(within(t), stream.ID, 990); err != nil {
		t.Fatal(err)
	}
	closeNow(t, s)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".compacted", []byte("half of a file"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Compact(within(t), path, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || after.Size()*2 > before.Size() || after.Mode().Perm() != 0o600 {
		t.Errorf("the file has %d bytes, it had %d; its mode is %s (%v)", after.Size(), before.Size(), after.Mode(), err)
	}
	if _, err := os.Stat(path + ".compacted"); !os.IsNotExist(err) {
		t.Errorf("something is left beside it: %v", err)
	}
	again := start(t, path, sqlite.Options{})
	if again.Head() != head || again.Lineage() != lineage {
		t.Errorf("head %+v of %s, was %+v of %s", again.Head(), again.Lineage(), head, lineage)
	}
	mustBeSame(t, wholeLog(t, again), want)
}
