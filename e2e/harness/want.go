package harness

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"flightdeck/eventstore"
)

// WantList compares a list with the wanted elements.
func WantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// WantText compares two texts.
func WantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// WantNull checks that a value is null.
func WantNull(t *testing.T, what string, got any) {
	t.Helper()
	if got != nil {
		t.Errorf("%s: got %v, want null", what, got)
	}
}

// FirstDifference describes the place at which two long texts part.
func FirstDifference(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	around := func(s string) string { return s[max(0, i-100):min(len(s), i+100)] }
	return fmt.Sprintf("at byte %d: got …%s…, want …%s…", i, around(got), around(want))
}

// Span returns the positions from first to last.
func Span(first, last eventstore.Position) (all []eventstore.Position) {
	for p := first; p <= last; p++ {
		all = append(all, p)
	}
	return all
}

// WantPositions compares two lists of positions.
func WantPositions(t testing.TB, what string, got, want []eventstore.Position) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: heard %v, want %v", what, got, want)
	}
}

// Await waits until a condition holds, and fails the test after Patience.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(Patience); !holds(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within %s", what, Patience)
		}
	}
}
