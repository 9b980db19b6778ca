package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/eventstore"
)

func contiguity(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{Batch: 4})
	const writers, each = 6, 8
	write(t, l, writers, each)
	log := l.all(t)
	if len(log) != writers*each*3 {
		t.Fatalf("%d events, want %d", len(log), writers*each*3)
	}
	mustBeInOrder(t, log)
	streams := map[eventstore.StreamID][]eventstore.Event{}
	for _, e := range log {
		streams[e.Stream.ID] = append(streams[e.Stream.ID], e)
	}
	for id, events := range streams {
		mustEqual(t, "stream "+string(id), l.of(t, id), events)
	}
}

// write has several writers append to two streams at a time, one of which they share: a command is
// one event of the shared stream and two of the writer's own.
func write(t *testing.T, l *log, writers, each int) {
	t.Helper()
	var wait sync.WaitGroup
	ctx := within(t)
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				if err := writeOnce(ctx, l, fmt.Sprintf("writer %d", w), i); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func writeOnce(ctx context.Context, l *log, writer string, i int) error {
	_, err := l.Update(ctx, eventstore.Command{}, func(tx *eventstore.Tx) error {
		if _, err := tx.Append(stream("shared"), eventstore.Any, note(writer)); err != nil {
			return err
		}
		_, err := tx.Append(stream(eventstore.StreamID(writer)), eventstore.Exactly(2*i), note("a"), note("b"))
		return err
	})
	return err
}

// mustBeInOrder checks a part of the log: positions, versions, instants and hashes follow one
// another.
func mustBeInOrder(t testing.TB, events []eventstore.Event) {
	t.Helper()
	versions := map[eventstore.StreamID]int{}
	for i, e := range events {
		if known, ok := versions[e.Stream.ID]; ok && e.Version != known+1 {
			t.Fatalf("stream %s goes from version %d to %d", e.Stream.ID, known, e.Version)
		}
		versions[e.Stream.ID] = e.Version
		if i == 0 {
			continue
		}
		before := events[i-1]
		switch {
		case e.Position != before.Position+1:
			t.Fatalf("position %d comes after %d", e.Position, before.Position)
		case !e.RecordedAt.After(before.RecordedAt):
			t.Fatalf("position %d is recorded at %s, the one before at %s", e.Position, e.RecordedAt, before.RecordedAt)
		case e.Hash != eventstore.Link(before.Hash, e):
			t.Fatalf("position %d does not link to the one before", e.Position)
		}
	}
}

func fidelity(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	meta := eventstore.Metadata{Actor: "user-1 ü", CorrelationID: "c-1", CausationID: "e-0", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736"}
	datas := []string{
		`{}`, `null`, `""`, `"\u0000 \ud800 <&>"`, `"snow ☃, clef 𝄞, quote '' \" and \\"`, "{\n\t\"spaced\" :  1e400\r\n}",
		`"` + strings.Repeat("long ", 50_000) + `"`,
	}
	var events []eventstore.NewEvent
	for i, data := range datas {
		events = append(events, eventstore.NewEvent{ID: fmt.Sprintf("event'%d\"ü", i), Type: "Tést'ed", SchemaVersion: i + 1, Data: []byte(data)})
	}
	odd := eventstore.Stream{ID: "stream/'ü' \"1\"", Type: "Tÿpe"}
	result := l.command(t, eventstore.Command{Metadata: meta}, func(tx *eventstore.Tx) error {
		_, err := tx.Append(odd, eventstore.NoStream, events...)
		return err
	})
	for i, e := range result.Events {
		want := eventstore.Event{
			Position: eventstore.Position(i + 1), NewEvent: events[i], Metadata: meta, Stream: odd, Version: i + 1,
			RecordedAt: e.RecordedAt, Hash: e.Hash,
		}
		mustEqual(t, "the result", []eventstore.Event{e}, []eventstore.Event{want})
	}
	if len(result.Events) != len(datas) {
		t.Fatalf("%d events in the result, want %d", len(result.Events), len(datas))
	}
	for range 2 {
		mustEqual(t, "the log", l.all(t), result.Events)
		mustEqual(t, "the stream", l.of(t, odd.ID), result.Events)
		mustEqual(t, "two of the stream", pageOf(t, l, odd.ID, 3, 2), result.Events[3:5])
		l.restart(t)
	}
	if n := len(l.of(t, "stream/'ü' \"1")); n != 0 {
		t.Errorf("a stream that does not exist has %d events", n)
	}
}

func pageOf(t *testing.T, l *log, id eventstore.StreamID, after, limit int) []eventstore.Event {
	t.Helper()
	events, err := l.ReadStream(within(t), id, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func results(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	nothing := func(*eventstore.Tx) error { return nil }
	mustResult(t, "nothing on an empty log", l.do(t, nothing), 1, 0)
	mustResult(t, "three events", l.do(t, appending("a", notes(3)...)), 1, 3)
	mustResult(t, "one event", l.do(t, appending("b", note("x"))), 4, 4)
	mustResult(t, "no events", l.do(t, appending("b")), 5, 4)
	l.restart(t)
	mustResult(t, "nothing", l.do(t, nothing), 5, 4)
	position, err := l.Append(within(t), stream("a"), eventstore.Exactly(3), notes(2)...)
	if position != 6 || err != nil {
		t.Errorf("append: position %d, error %v", position, err)
	}
}

func mustResult(t testing.TB, what string, r eventstore.Result, first, last eventstore.Position) {
	t.Helper()
	if r.First != first || r.Position != last || r.Replayed {
		t.Errorf("%s: %d to %d, replayed %t, want %d to %d", what, r.First, r.Position, r.Replayed, first, last)
	}
	if len(r.Events) != int(last-first+1) {
		t.Errorf("%s: %d events, want %d", what, len(r.Events), last-first+1)
	}
}

func hashChain(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	write(t, l, 3, 4)
	l.restart(t)
	l.do(t, appending("after the restart", note("x")))
	var hash eventstore.Hash
	seen := map[eventstore.Hash]bool{}
	for _, e := range l.all(t) {
		if hash = eventstore.Link(hash, e); hash != e.Hash {
			t.Fatalf("position %d has hash %s, want %s", e.Position, e.Hash, hash)
		}
		seen[hash] = true
	}
	if l.Head().Hash != hash || len(seen) != 37 {
		t.Errorf("the head has hash %s, want %s; %d hashes", l.Head().Hash, hash, len(seen))
	}
	for name, changed := range alterations(l.all(t)[4]) {
		if eventstore.Link(l.all(t)[3].Hash, changed) == l.all(t)[4].Hash {
			t.Errorf("the hash does not depend on %s", name)
		}
	}
}

// alterations are the event with one thing changed, each by its name.
func alterations(e eventstore.Event) map[string]eventstore.Event {
	changes := map[string]func(*eventstore.Event){
		"position":         func(e *eventstore.Event) { e.Position++ },
		"id":               func(e *eventstore.Event) { e.ID += "x" },
		"stream":           func(e *eventstore.Event) { e.Stream.ID += "x" },
		"stream type":      func(e *eventstore.Event) { e.Stream.Type += "x" },
		"version":          func(e *eventstore.Event) { e.Version++ },
		"type":             func(e *eventstore.Event) { e.Type += "x" },
		"schema":           func(e *eventstore.Event) { e.SchemaVersion++ },
		"instant":          func(e *eventstore.Event) { e.RecordedAt = e.RecordedAt.Add(1000) },
		"actor":            func(e *eventstore.Event) { e.Actor += "x" },
		"correlation":      func(e *eventstore.Event) { e.CorrelationID += "x" },
		"causation":        func(e *eventstore.Event) { e.CausationID += "x" },
		"trace":            func(e *eventstore.Event) { e.TraceID += "x" },
		"data":             func(e *eventstore.Event) { e.Data = append(slices.Clone(e.Data), ' ') },
		"where they end":   func(e *eventstore.Event) { e.Actor, e.CorrelationID = "x", "" },
		"where they start": func(e *eventstore.Event) { e.Actor, e.CorrelationID = "", "x" },
	}
	altered := maps.Collect(func(yield func(string, eventstore.Event) bool) {
		for name, change := range changes {
			other := e
			change(&other)
			if !yield(name, other) {
				return
			}
		}
	})
	return altered
}
