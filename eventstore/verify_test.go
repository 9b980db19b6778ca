package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"

	"pgregory.net/rapid"
)

// list is a log that a test can tamper with, like a file on a disk.
type list struct {
	eventstore.Reader
	events []eventstore.Event
	err    error
}

func (l *list) Read(_ context.Context, after eventstore.Position, limit int) ([]eventstore.Event, error) {
	i := slices.IndexFunc(l.events, func(e eventstore.Event) bool { return e.Position > after })
	if i < 0 || l.err != nil {
		return nil, l.err
	}
	return l.events[i:min(len(l.events), i+limit)], nil
}

// whole returns a whole log of n events.
func whole(n int) *list {
	l := &list{}
	var hash eventstore.Hash
	for i := range n {
		e := eventstore.Event{
			Position: eventstore.Position(i + 1), NewEvent: event(fmt.Sprint("event ", i)), Stream: stream, Version: i + 1,
			Metadata:   eventstore.Metadata{Actor: "ann", CorrelationID: "c", CausationID: "e", TraceID: "t"},
			RecordedAt: time.UnixMicro(int64(i)).UTC(),
		}
		hash = eventstore.Link(hash, e)
		e.Hash = hash
		l.events = append(l.events, e)
	}
	return l
}

func TestVerifyFindsNothingInAWholeLog(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 999, 1000, 1001, 2500} {
		l := whole(n)
		var steps []eventstore.Position
		head, err := eventstore.Verify(t.Context(), l, eventstore.Position(n), func(p eventstore.Position) { steps = append(steps, p) })
		if err != nil || int(head.Position) != n || n > 0 && head.Hash != l.events[n-1].Hash {
			t.Errorf("%d events: %+v, error %v", n, head, err)
		}
		if !slices.IsSorted(steps) || n > 0 && int(steps[len(steps)-1]) != n {
			t.Errorf("%d events: progress is %v", n, steps)
		}
		if head, err := eventstore.Verify(t.Context(), l, eventstore.Position(n/2), nil); err != nil || int(head.Position) != n/2 {
			t.Errorf("half of %d events: %+v, error %v", n, head, err)
		}
	}
}

// TestVerifyFindsAnyChange makes one change anywhere: to a bit of a text, to a number, or to the
// set of events.
func TestVerifyFindsAnyChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		const length = 20
		l := whole(length)
		i := rapid.IntRange(0, length-1).Draw(r, "event")
		e := &l.events[i]
		flip := func(text []byte) {
			text[rapid.IntRange(0, len(text)-1).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		}
		flipText := func(text *string) {
			b := []byte(*text)
			flip(b)
			*text = string(b)
		}
		change, names := changes(e, flip, flipText, func() { l.events = slices.Delete(l.events, i, i+1) })
		name := rapid.SampledFrom(names).Draw(r, "change")
		change[name]()
		head, err := eventstore.Verify(t.Context(), l, length, nil)
		broken, ok := errors.AsType[*eventstore.BrokenError](err)
		if !ok || int(broken.Position) != i+1 || int(head.Position) != i {
			r.Fatalf("%s of position %d was changed: fits up to %d, error %v", name, i+1, head.Position, err)
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("position %d: ", i+1)) {
			r.Fatalf("error is %v", err)
		}
	})
}

// changes lists the changes of an event by name, and the names in order.
func changes(e *eventstore.Event, flip func([]byte), flipText func(*string), remove func()) (map[string]func(), []string) {
	all := map[string]func(){
		"id":          func() { flipText(&e.ID) },
		"type":        func() { flipText(&e.Type) },
		"data":        func() { e.Data = slices.Clone(e.Data); flip(e.Data) },
		"actor":       func() { flipText(&e.Actor) },
		"correlation": func() { flipText(&e.CorrelationID) },
		"causation":   func() { flipText(&e.CausationID) },
		"trace":       func() { flipText(&e.TraceID) },
		"stream type": func() { flipText(&e.Stream.Type) },
		"schema":      func() { e.SchemaVersion++ },
		"version":     func() { e.Version-- },
		"instant":     func() { e.RecordedAt = e.RecordedAt.Add(-time.Microsecond) },
		"later":       func() { e.RecordedAt = e.RecordedAt.Add(time.Hour) },
		"hash":        func() { flip(e.Hash[:]) },
		"all of it":   remove,
		"stream": func() {
			id := string(e.Stream.ID)
			flipText(&id)
			e.Stream.ID = eventstore.StreamID(id)
		},
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return all, names
}

func TestVerifyFailsWhereItCannotRead(t *testing.T) {
	t.Parallel()
	l := whole(3)
	l.err = errFault
	if _, err := eventstore.Verify(t.Context(), l, 3, nil); !errors.Is(err, errFault) {
		t.Errorf("verify: error is %v", err)
	}
	if _, _, err := eventstore.Find(t.Context(), l, 3, l.events[1].Hash); !errors.Is(err, errFault) {
		t.Errorf("find: error is %v", err)
	}
}

func TestAHeadThatWasSeenIsFoundAgain(t *testing.T) {
	t.Parallel()
	l := whole(1500)
	for _, at := range []int{1, 2, 1000, 1001, 1400} {
		got, found, err := eventstore.Find(t.Context(), l, 1400, l.events[at-1].Hash)
		if err != nil || !found || int(got) != at {
			t.Errorf("the hash of %d is found at %d, %t, error %v", at, got, found, err)
		}
	}
	if got, found, err := eventstore.Find(t.Context(), l, 1400, eventstore.Hash{}); got != 0 || !found || err != nil {
		t.Errorf("the head of the empty log is at %d, %t, error %v", got, found, err)
	}
	for name, hash := range map[string]eventstore.Hash{"one that never was": {1}, "one past the end": l.events[1400].Hash} {
		if got, found, err := eventstore.Find(t.Context(), l, 1400, hash); found || err != nil {
			t.Errorf("%s is found at %d, error %v", name, got, err)
		}
	}
}

func TestHashesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	hash := whole(1).events[0].Hash
	if got, err := eventstore.ParseHash(hash.String()); err != nil || got != hash {
		t.Errorf("%s is read as %s, error %v", hash, got, err)
	}
	for _, s := range []string{"", "00", hash.String() + "00", hash.String()[1:], "x" + hash.String()[1:]} {
		if got, err := eventstore.ParseHash(s); err == nil || !strings.Contains(err.Error(), "64") {
			t.Errorf("%q is read as %s, error %v", s, got, err)
		}
	}
}
