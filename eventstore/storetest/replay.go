package storetest

import (
	"fmt"
	"testing"

	"flightdeck/eventstore"
)

func stateUntil(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	for i := range 4 {
		l.do(t, appending("a", notes(i)...))
		l.do(t, appending("b", notes(2)...))
	}
	for range 2 {
		for _, id := range []eventstore.StreamID{"a", "b", "none"} {
			mustReplayAnywhere(t, l, id)
		}
		l.restart(t)
	}
}

// mustReplayAnywhere compares State with folds by hand, for every version and position that there
// is, and some more.
func mustReplayAnywhere(t *testing.T, l *log, id eventstore.StreamID) {
	t.Helper()
	events := l.of(t, id)
	for version := range len(events) + 2 {
		for position := range l.Head().Position + 2 {
			until := eventstore.Until{Version: version, Position: position}
			var part []eventstore.Event
			for _, e := range events {
				if (version == 0 || e.Version <= version) && (position == 0 || e.Position <= position) {
					part = append(part, e)
				}
			}
			s, v, err := l.State(within(t), id, until)
			if want := fold(t, part); s != want || v != len(part) || err != nil {
				t.Fatalf("state of %s until %+v is %+v at version %d, error %v, want %+v at %d", id, until, s, v, err, want, len(part))
			}
		}
	}
}

// longStream has more events than are read at a time.
func longStream(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	const length = 1003
	l.do(t, appending("long", notes(length)...))
	events := l.of(t, "long")
	want := fold(t, events)
	for range 2 {
		for _, version := range []int{0, 499, 500, 501, length} {
			part := events
			if version > 0 {
				part = part[:version]
			}
			got, v, err := l.State(within(t), "long", eventstore.Until{Version: version})
			if got != fold(t, part) || v != len(part) || err != nil {
				t.Errorf("state until version %d is at version %d, error %v", version, v, err)
			}
		}
		l.restart(t)
		l.do(t, func(tx *eventstore.Tx) error {
			if got, version, err := tx.State("long"); got != want || version != length || err != nil {
				return fmt.Errorf("the writer's state is at version %d, error %w", version, err)
			}
			return nil
		})
	}
}
