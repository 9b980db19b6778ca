package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"flightdeck/eventstore"

	"pgregory.net/rapid"
)

// anyHistory does random things to a log and to a plain list, and compares them after each. It is
// about contiguity (I1, I2), idempotency keys (I4), the feed (I5) and instants (I8), all at the
// same time.
func anyHistory(t *testing.T, s suite) {
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{outer: t, clock: &hand{now: noon}, oracle: oracle{keys: map[eventstore.Key]remembered{}}}
		tail := rapid.IntRange(1, 20).Draw(r, "tail")
		m.log = s.start(t, eventstore.Options{
			Clock: m.clock.read, Tail: tail, Batch: rapid.IntRange(1, 5).Draw(r, "batch"),
			SnapshotEvery: rapid.SampledFrom([]int{-1, 1, 2, 3}).Draw(r, "snapshots"),
		})
		m.cursor.limit = rapid.IntRange(1, 5).Draw(r, "page")
		r.Cleanup(func() { // in time, and again when the test ends
			if err := m.log.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		r.Repeat(map[string]func(*rapid.T){
			"commands": m.commands,
			"tick":     m.tick,
			"restart":  m.restart,
			"read":     m.read,
			"replay":   m.replay,
			"instant":  m.instant,
			"archive":  m.archive,
			"snapshot": m.snapshot,
			"":         m.follow,
		})
		m.settle(r)
	})
}

// machine is a log, the list it must equal, and a subscriber.
type machine struct {
	outer  *testing.T
	log    *log
	oracle oracle
	clock  *hand
	cursor cursor
	events int // made so far
}

// inRapid lets helpers fail the random run, not the test around it.
type inRapid struct {
	testing.TB
	r *rapid.T
}

func (t inRapid) Helper()                           { t.r.Helper() }
func (t inRapid) Cleanup(f func())                  { t.r.Cleanup(f) }
func (t inRapid) Errorf(format string, args ...any) { t.r.Errorf(format, args...) }
func (t inRapid) Fatalf(format string, args ...any) { t.r.Fatalf(format, args...) }
func (t inRapid) Fatal(args ...any)                 { t.r.Fatal(args...) }

func (m *machine) tb(r *rapid.T) testing.TB { return inRapid{m.outer, r} }

var streams = []eventstore.StreamID{"a", "b", "c"}

// commands sends a few commands, which share a transaction where the batch allows.
func (m *machine) commands(r *rapid.T) {
	t := m.tb(r)
	commands := make([]command, rapid.IntRange(1, 6).Draw(r, "commands"))
	for i := range commands {
		commands[i] = m.command(r)
	}
	release := m.log.hold(t)
	outcomes := make([]<-chan outcome, len(commands))
	for i, c := range commands {
		outcomes[i] = m.log.queue(within(t), c.Command, c.run)
	}
	release()
	for i, c := range commands {
		got := receive(t, outcomes[i])
		want, expected := m.oracle.do(c, m.clock.read())
		if !expected(got.err) {
			t.Fatalf("command %d: %+v: error is %v", i, c, got.err)
		}
		if got.First != want.First || got.Position != want.Position || got.Replayed != want.Replayed {
			t.Fatalf("command %d: %+v: result is %+v, want %+v", i, c, got.Result, want)
		}
		if err := equal(got.Events, want.Events); err != nil {
			t.Fatalf("command %d: %+v: %v", i, c, err)
		}
	}
}

// command draws a command. Whether it will succeed is for the oracle to say.
func (m *machine) command(r *rapid.T) command {
	c := command{
		goesOn: rapid.Bool().Draw(r, "goes on"),
		ending: rapid.SampledFrom([]ending{succeeds, succeeds, succeeds, succeeds, refuses, panicking}).Draw(r, "ending"),
	}
	c.Metadata.Actor = rapid.SampledFrom([]string{"ann", "bob"}).Draw(r, "actor")
	if rapid.Bool().Draw(r, "has a key") {
		c.Key = eventstore.Key{Actor: c.Metadata.Actor, Value: rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(r, "key")}
		c.Input = []byte(rapid.SampledFrom([]string{"", "1", "2"}).Draw(r, "input"))
	}
	if rapid.IntRange(0, 4).Draw(r, "import") == 0 {
		c.At = noon.Add(drift(r))
	}
	for range rapid.IntRange(0, 3).Draw(r, "steps") {
		c.steps = append(c.steps, m.step(r))
	}
	return c
}

func (m *machine) step(r *rapid.T) step {
	s := step{id: rapid.SampledFrom(streams).Draw(r, "stream")}
	near := len(streamIn(m.oracle.events, s.id)) + rapid.IntRange(-1, 2).Draw(r, "off by")
	s.expected = rapid.SampledFrom([]expectation{expectAny, expectAny, expectNone, expectExists, expectExactly(max(0, near))}).Draw(r, "expected")
	for range rapid.IntRange(0, 3).Draw(r, "events") {
		m.events++
		s.events = append(s.events, eventstore.NewEvent{
			ID: fmt.Sprint("event ", m.events), Type: noted, SchemaVersion: 1, Data: fmt.Append(nil, m.events),
		})
	}
	return s
}

func drift(r *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(r, "drift"))
}

// restart happens now and then only: nothing else takes as long.
func (m *machine) restart(r *rapid.T) {
	if rapid.IntRange(0, 3).Draw(r, "restart") == 0 {
		m.log.restart(m.outer)
	}
}

// tick sets the clock, forward or back.
func (m *machine) tick(r *rapid.T) { m.clock.set(noon.Add(drift(r))) }

func (m *machine) read(r *rapid.T) {
	t := m.tb(r)
	after := eventstore.Position(rapid.Int64Range(0, int64(m.oracle.head())+1).Draw(r, "after"))
	limit := rapid.IntRange(0, 20).Draw(r, "limit")
	events, err := m.log.Read(within(t), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	if err := equal(events, m.oracle.after(after, limit)); err != nil {
		t.Fatalf("read %d after %d: %v", limit, after, err)
	}
}

func (m *machine) replay(r *rapid.T) {
	t := m.tb(r)
	id := rapid.SampledFrom(streams).Draw(r, "stream")
	until := eventstore.Until{
		Version:  rapid.IntRange(0, 10).Draw(r, "version"),
		Position: eventstore.Position(rapid.Int64Range(0, int64(m.oracle.head())+1).Draw(r, "position")),
	}
	got, version, err := m.log.State(within(t), id, until)
	if want, at := m.oracle.state(id, until); got != want || version != at || err != nil {
		t.Fatalf("state of %s until %+v is %+v at %d, error %v, want %+v at %d", id, until, got, version, err, want, at)
	}
}

func (m *machine) instant(r *rapid.T) {
	t := m.tb(r)
	at := noon.Add(drift(r))
	if i := rapid.IntRange(0, len(m.oracle.events)).Draw(r, "of"); i > 0 {
		at = m.oracle.events[i-1].RecordedAt.Add(time.Duration(rapid.IntRange(-1, 1).Draw(r, "off by")))
	}
	if got, err := m.log.PositionAt(within(t), at); got != m.oracle.at(at) || err != nil {
		t.Fatalf("position at %s is %d, error %v, want %d", at, got, err, m.oracle.at(at))
	}
}

// archive moves a part of a stream, or of all, into the archive. Nothing that can be read changes.
func (m *machine) archive(r *rapid.T) {
	t := m.tb(r)
	if rapid.Bool().Draw(r, "all") {
		rule := eventstore.ArchiveRule{Before: noon.Add(drift(r)), Keep: rapid.IntRange(0, 3).Draw(r, "keep")}
		if _, err := m.log.ArchiveAll(within(t), rule, nil); err != nil {
			t.Fatalf("archive %+v: %v", rule, err)
		}
		return
	}
	id := rapid.SampledFrom(streams).Draw(r, "stream")
	through, version := rapid.IntRange(0, 8).Draw(r, "through"), len(streamIn(m.oracle.events, id))
	got, err := m.log.Archive(within(t), id, through)
	_, none := errors.AsType[*eventstore.NoStreamError](err)
	_, refused := errors.AsType[*eventstore.RefusedError](err)
	switch {
	case version == 0 && none, version > 0 && (through < 1 || through >= version) && refused:
	case err != nil || version == 0 || through < 1 || through >= version || got.Archived < through || got.Version != version:
		t.Fatalf("archive %s at version %d through %d: %+v, error %v", id, version, through, got, err)
	}
}

// snapshot makes snapshots, which change nothing that can be read.
func (m *machine) snapshot(r *rapid.T) {
	t := m.tb(r)
	if rapid.Bool().Draw(r, "all") {
		if _, err := m.log.SnapshotAll(within(t), nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	id := rapid.SampledFrom(streams).Draw(r, "stream")
	version := len(streamIn(m.oracle.events, id))
	got, err := m.log.Snapshot(within(t), id)
	if _, none := errors.AsType[*eventstore.NoStreamError](err); none && version == 0 {
		return
	}
	if err != nil || got.Version != version {
		t.Fatalf("snapshot of %s is of version %d, error %v, want %d", id, got.Version, err, version)
	}
}

// follow lets the subscriber catch up.
func (m *machine) follow(r *rapid.T) {
	t := m.tb(r)
	if err := m.cursor.follow(within(t), m.log, m.oracle.head()); err != nil {
		t.Fatal(err)
	}
	if err := equal(m.cursor.seen, m.oracle.events); err != nil {
		t.Fatalf("the subscriber: %v", err)
	}
	if head := m.log.Head().Position; head != m.oracle.head() {
		t.Fatalf("head is %d, want %d", head, m.oracle.head())
	}
}

// settle compares everything there is.
func (m *machine) settle(r *rapid.T) {
	t := m.tb(r)
	log := m.log.all(t)
	if err := equal(log, m.oracle.events); err != nil {
		t.Fatalf("the log: %v", err)
	}
	mustBeInOrder(t, log)
	mustEqual(t, "the subscriber", m.cursor.seen, log)
	want := map[eventstore.StreamID]state{}
	for _, id := range streams {
		if s, _ := m.oracle.state(id, eventstore.Until{}); s != nil {
			want[id] = stateOf(s)
		}
		if err := equal(m.log.of(t, id), slices.Clone(streamIn(m.oracle.events, id))); err != nil {
			t.Fatalf("stream %s: %v", id, err)
		}
	}
	mustBeRows(t, m.log, want)
}
