package eventstore_test

import (
	"fmt"
	"strings"
	"testing"

	"flightdeck/eventstore"
)

func TestWhoIsUpToDateReadsFromMemory(t *testing.T) {
	t.Parallel()
	const tail = 3
	s, engine := start(t, eventstore.Options{Tail: tail})
	const length = 20
	for i := range eventstore.Position(length) {
		add(t, s, fmt.Sprint(i), i+1)
	}
	for after := range eventstore.Position(length + 2) {
		before := engine.asked()
		events, err := s.Read(within(t), after, 100)
		if err != nil || len(events) != max(0, int(length-after)) {
			t.Errorf("read after %d: %d events, error %v", after, len(events), err)
		}
		if fromMemory := engine.asked() == before; fromMemory != (after >= length-tail) {
			t.Errorf("read after %d: from memory is %t", after, fromMemory)
		}
	}
}

// TestMemoryOfTheFeedIsBounded writes more data than the feed may keep, in far fewer events.
func TestMemoryOfTheFeedIsBounded(t *testing.T) {
	t.Parallel()
	s, engine := start(t, eventstore.Options{})
	const kept, length = 2, 6 // of 4 MiB each; 8 MiB are kept
	data := []byte(`"` + strings.Repeat("x", 4<<20-2) + `"`)
	for i := range length {
		e := eventstore.NewEvent{ID: fmt.Sprint(i), Type: "Tested", SchemaVersion: 1, Data: data}
		if _, err := s.Append(within(t), stream, eventstore.Any, e); err != nil {
			t.Fatal(err)
		}
	}
	for after := range eventstore.Position(length) {
		before := engine.asked()
		events, err := s.Read(within(t), after, 1)
		if err != nil || len(events) != 1 || events[0].Position != after+1 || len(events[0].Data) != len(data) {
			t.Fatalf("read after %d: %d events, error %v", after, len(events), err)
		}
		if fromMemory := engine.asked() == before; fromMemory != (after >= length-kept) {
			t.Errorf("read after %d: from memory is %t", after, fromMemory)
		}
	}
	huge := eventstore.NewEvent{ID: "huge", Type: "Tested", SchemaVersion: 1, Data: []byte(`"` + strings.Repeat("x", 17<<20) + `"`)}
	if _, err := s.Append(within(t), stream, eventstore.Any, huge); err != nil {
		t.Fatal(err)
	}
	before := engine.asked()
	events, err := s.Read(within(t), length, 10)
	if err != nil || len(events) != 1 || len(events[0].Data) != len(huge.Data) || engine.asked() == before {
		t.Errorf("an event larger than the memory: %d events, error %v", len(events), err)
	}
	add(t, s, "after", length+2)
	if events, err = s.Read(within(t), length+1, 10); err != nil || len(events) != 1 || events[0].ID != "after" {
		t.Errorf("the event after it: %d events, error %v", len(events), err)
	}
}

func TestAFailingReadIsAnErrorAndNoEnd(t *testing.T) {
	t.Parallel()
	s, engine := start(t, eventstore.Options{Tail: 1})
	add(t, s, "1", 1)
	add(t, s, "2", 2)
	engine.next("Read", 1)
	if events, err := s.Read(within(t), 0, 10); err == nil {
		t.Errorf("%d events and no error", len(events))
	}
	if events, err := s.Read(within(t), 0, 10); err != nil || len(events) != 2 {
		t.Errorf("%d events, error %v", len(events), err)
	}
}

// Followers at the same place read the log once, and share the data of the events. The memory of
// the pages that they read is bounded.
func TestFollowersAtTheSamePlaceShareAPage(t *testing.T) {
	t.Parallel()
	s, engine := start(t, eventstore.Options{Tail: 1})
	const length, size = 40, 1 << 20
	data := []byte(`"` + strings.Repeat("x", size-2) + `"`)
	for i := range length {
		e := eventstore.NewEvent{ID: fmt.Sprint(i), Type: "Tested", SchemaVersion: 1, Data: data}
		if _, err := s.Append(within(t), stream, eventstore.Any, e); err != nil {
			t.Fatal(err)
		}
	}
	for after := eventstore.Position(0); after < length; {
		before := engine.asked()
		first, err := s.Follow(within(t), after, 10)
		if err != nil || len(first) == 0 || first[0].Position != after+1 {
			t.Fatalf("follow after %d: %d events, error %v", after, len(first), err)
		}
		alone := engine.asked() - before
		for range 5 {
			other, err := s.Follow(within(t), after, 10)
			if err != nil || len(other) != len(first) || &other[0].Data[0] != &first[0].Data[0] {
				t.Errorf("another follower after %d: %d events, error %v", after, len(other), err)
			}
		}
		if asked := engine.asked() - before; asked != alone || alone > 1 {
			t.Errorf("six followers after %d have asked %d times, one %d times", after, asked, alone)
		}
		after += eventstore.Position(len(first))
	}
	if cached := s.CachedBytes(); cached > 24<<20 {
		t.Errorf("%d bytes are in memory", cached)
	}
	one, err := s.Follow(within(t), 1, 1)
	if err != nil || len(one) != 1 || one[0].Position != 2 {
		t.Errorf("one event after 1: %d events, error %v", len(one), err)
	}
	if events, err := s.Follow(within(t), length, 10); err != nil || len(events) != 0 || !s.IsLive(length-1) || s.IsLive(0) {
		t.Errorf("at the end: %d events, error %v", len(events), err)
	}
}
