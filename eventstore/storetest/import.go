package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"

	"pgregory.net/rapid"
)

// importing is a command that imports events.
func importing(events ...eventstore.Event) func(*eventstore.Tx) error {
	return func(tx *eventstore.Tx) error { return tx.Import(events...) }
}

// importKeepsEverything imports a log that was written by several hands, a part of it archived, in
// commands of several sizes, and goes on from its end.
func importKeepsEverything(t *testing.T, s suite) {
	from := s.archivable(t, eventstore.Options{SnapshotEvery: 10})
	from.command(t, eventstore.Command{Metadata: eventstore.Metadata{Actor: "ann", CorrelationID: "c", CausationID: "e", TraceID: "t"}},
		appending("a", eventstore.NewEvent{ID: "odd", Type: noted, SchemaVersion: 7, Data: []byte(" {\"not\" : \n\"compact\"} ")}))
	if _, err := from.Archive(within(t), "d", 33); err != nil {
		t.Fatal(err)
	}
	want := from.all(t)
	for _, size := range []int{1, 7, len(want)} {
		l := s.start(t, eventstore.Options{SnapshotEvery: 10})
		for part := range slices.Chunk(want, size) {
			if r := l.do(t, importing(part...)); r.Position != part[len(part)-1].Position {
				t.Fatalf("imported up to %s, want %s", r.Position, part[len(part)-1].Position)
			}
		}
		for range 2 {
			l.mustBeAsBefore(t, want)
			l.mustHave(t, from.Head())
			mustBeRows(t, l, from.rows(t))
			l.restart(t)
		}
		mustReplayAnywhere(t, l, "b")
		theirs, err := from.engine.Snapshots(within(t), "d")
		if err != nil {
			t.Fatal(err)
		}
		ours, err := l.engine.Snapshots(within(t), "d")
		if err != nil || len(ours) != 4 {
			t.Errorf("%d snapshots of stream d, error %v; the original has %d", len(ours), err, len(theirs))
		}
		if l.Lineage() == from.Lineage() {
			t.Error("two logs have the same lineage")
		}
		l.do(t, appending("a", note("a way of its own")))
		mustBeInOrder(t, l.all(t))
	}
}

// importRefuses changes one thing of an event each, with a hash that follows where it is not about
// the hash.
func importRefuses(t *testing.T, s suite) {
	from := s.start(t, eventstore.Options{})
	from.do(t, appending("a", notes(3)...))
	from.do(t, appending("b", notes(2)...))
	want := from.all(t)
	relinked := func(change func(*eventstore.Event)) func(*eventstore.Event) {
		return func(e *eventstore.Event) {
			change(e)
			e.Hash = eventstore.Link(want[1].Hash, *e)
		}
	}
	for _, c := range []struct {
		reason string
		change func(*eventstore.Event)
	}{
		{"event 4 of stream a", relinked(func(e *eventstore.Event) { e.Version = 4 })},
		{"event 2 of stream a", relinked(func(e *eventstore.Event) { e.Version = 2 })},
		{"event 3 of stream b", relinked(func(e *eventstore.Event) { e.Stream.ID = "b" })},
		{"is of type NOTES", relinked(func(e *eventstore.Event) { e.Stream.Type = "OTHER" })},
		{"not after its", relinked(func(e *eventstore.Event) { e.RecordedAt = want[1].RecordedAt })},
		{"the next one is at 4", relinked(func(e *eventstore.Event) { e.Position = 4 })},
		{"the next one is at 2", relinked(func(e *eventstore.Event) { e.Position = 2 })},
		{"the hash", func(e *eventstore.Event) { e.Hash[31] ^= 1 }},
		{"the hash", func(e *eventstore.Event) { e.Data = []byte(`"other"`) }},
		{"the hash", func(e *eventstore.Event) { e.ID += "x" }},
		{"the hash", func(e *eventstore.Event) { e.Actor = "ann" }},
		{"the hash", func(e *eventstore.Event) { e.SchemaVersion++ }},
		{"the hash", func(e *eventstore.Event) { e.RecordedAt = e.RecordedAt.Add(time.Microsecond) }},
	} {
		l := s.start(t, eventstore.Options{})
		l.do(t, importing(want[0]))
		bad := want[2]
		c.change(&bad)
		err := l.importFails(t, want[1], bad)
		broken, ok := errors.AsType[*eventstore.BrokenError](err)
		if !ok || broken.Position != 3 || !strings.Contains(broken.Reason, c.reason) {
			t.Errorf("%s: error is %v", c.reason, err)
		}
		l.do(t, importing(want[1:]...))
		mustEqual(t, "the log", l.all(t), want)
	}
}

// importFails imports events, the last of which cannot be, and goes on as if nothing had happened:
// nothing has.
func (l *log) importFails(t *testing.T, events ...eventstore.Event) error {
	t.Helper()
	head, rows := l.Head(), l.rows(t)
	var first error
	_, err := l.Update(within(t), eventstore.Command{}, func(tx *eventstore.Tx) error {
		if first = tx.Import(events...); first == nil {
			return errors.New("it was imported")
		}
		if err := tx.Import(events...); !errors.Is(err, first) {
			return fmt.Errorf("imported again the error is %w", err)
		}
		return nil
	})
	if !errors.Is(err, first) {
		t.Errorf("error is %v, want %v", err, first)
	}
	l.mustHave(t, head)
	mustBeRows(t, l, rows)
	return first
}

// importOfWhatCannotBeFolded fails as an append of it does.
func importOfWhatCannotBeFolded(t *testing.T, s suite) {
	for eventType, want := range map[string]error{unfoldable: errFold, unprojectable: errProject} {
		e := eventstore.Event{
			Position: 1, NewEvent: eventOf(eventType, "x"), Stream: stream("a"), Version: 1, RecordedAt: noon,
		}
		e.Hash = eventstore.Link(eventstore.Hash{}, e)
		l := s.start(t, eventstore.Options{})
		if err := l.importFails(t, e); !errors.Is(err, want) || !strings.Contains(err.Error(), eventType+" at position 1") {
			t.Errorf("error is %v, want %v", err, want)
		}
	}
}

// anyImport imports random histories, archived in part or not, and compares the ends of both
// chains, and everything before them.
func anyImport(t *testing.T, s suite) {
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{outer: t, clock: &hand{now: noon}, oracle: oracle{keys: map[eventstore.Key]remembered{}}}
		every := eventstore.Options{SnapshotEvery: rapid.SampledFrom([]int{-1, 1, 3}).Draw(r, "snapshots")}
		m.log = s.start(t, eventstore.Options{Clock: m.clock.read, SnapshotEvery: every.SnapshotEvery})
		m.cursor.limit = 5
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			m.commands(r)
			m.tick(r)
			if rapid.Bool().Draw(r, "archive") {
				m.archive(r)
			}
		}
		in := m.tb(r)
		want := m.log.all(in)
		l := s.start(t, every)
		for len(want) > int(l.Head().Position) {
			rest := want[l.Head().Position:]
			l.do(in, importing(rest[:rapid.IntRange(1, len(rest)).Draw(r, "part")]...))
		}
		mustEqual(in, "the imported log", l.all(in), want)
		l.mustHave(in, m.log.Head())
		mustBeRows(in, l, m.log.rows(in))
		for _, closing := range []*log{l, m.log} {
			if err := closing.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
}
