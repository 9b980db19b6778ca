package eventstore_test

import (
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"
)

// TestLinkIsFrozen holds the hash of one event: a log from yesterday must verify for ever. A change
// here changes the hashes of every log.
func TestLinkIsFrozen(t *testing.T) {
	t.Parallel()
	e := eventstore.Event{
		Position: 1042,
		NewEvent: eventstore.NewEvent{ID: "0190a8c2-7b1e-7000-8000-000000000000", Type: "ContentCreated", SchemaVersion: 1, Data: []byte(`{"title":"Ü"}`)},
		Metadata: eventstore.Metadata{Actor: "user-1", CorrelationID: "c-1", CausationID: "e-1", TraceID: "t-1"},
		Stream:   eventstore.Stream{ID: "content-1", Type: "CONTENT"}, Version: 7,
		RecordedAt: time.Date(2026, 3, 29, 12, 0, 0, 123456000, time.FixedZone("", 7200)),
	}
	first := eventstore.Link(eventstore.Hash{}, e)
	for want, got := range map[string]eventstore.Hash{
		"964959c45fa61c0cd8cbd89d4548669aee3e48ce6c50e047f0360bee1d4ce261": first,
		"b733c07f714ecbcd26f93317d05a3813055d437c6bd0e5c7eff25e95c8a3ce02": eventstore.Link(first, e),
		"b707241545a346265aab1ffb32ff64b55bf8f8dc1b56a46ef33ce3d15db11d33": eventstore.Link(eventstore.Hash{}, eventstore.Event{RecordedAt: time.UnixMicro(0)}),
	} {
		if got.String() != want {
			t.Errorf("hash is %s, want %s", got, want)
		}
	}
}

func TestPositionsAreDecimalNumbers(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]eventstore.Position{"0": 0, "1042": 1042, "9223372036854775807": eventstore.Forever} {
		if p, err := eventstore.ParsePosition(s); err != nil || p != want || p.String() != s {
			t.Errorf("%s is read as %d, error %v", s, p, err)
		}
	}
	for _, s := range []string{"", "-1", "1.5", "0x10", "9223372036854775808", "1 ", " 1", "one"} {
		if p, err := eventstore.ParsePosition(s); err == nil || !strings.Contains(err.Error(), "1042") {
			t.Errorf("%q is read as %d, error %v", s, p, err)
		}
	}
}

func TestAConflictSaysWhatWasExpected(t *testing.T) {
	t.Parallel()
	for words, expected := range map[string]eventstore.ExpectedVersion{
		"any version": {}, "no stream": eventstore.NoStream, "an existing stream": eventstore.StreamExists, "version 4": eventstore.Exactly(4),
	} {
		e := &eventstore.ConflictError{Stream: "content-1", Expected: expected, Actual: 7}
		if got, want := e.Error(), "stream content-1 is at version 7, expected "+words; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if eventstore.Any != (eventstore.ExpectedVersion{}) {
		t.Error("Any is not the zero value")
	}
}
