package storetest

import (
	"slices"
	"testing"

	"flightdeck/eventstore"
)

// forgottenStream expects that a forgotten stream loses its snapshots, the keys of its actor and
// the keys of the commands that wrote to it, in the archive as well, and that nothing else changes.
func forgottenStream(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{SnapshotEvery: 2})
	byAnn, byBob := keyed("ann", "mine", "input"), keyed("bob", "about ann", "input")
	archived := keyed("bob", "about ann, archived", "input")
	other, nothing := keyed("bob", "about bob", "input"), keyed("bob", "no events", "input")
	as := func(c eventstore.Command) eventstore.Command { // its events have its actor
		c.Metadata.Actor = c.Key.Actor
		return c
	}
	l.command(t, as(archived), appending("ann", notes(2)...))
	l.command(t, as(byAnn), appending("bob", notes(2)...))
	l.command(t, as(byBob), appending("ann", notes(3)...))
	l.command(t, as(other), appending("bob", notes(3)...))
	l.command(t, as(nothing), func(*eventstore.Tx) error { return nil })
	if _, err := l.Archive(within(t), "ann", 2); err != nil {
		t.Fatal(err)
	}
	before := l.all(t)
	l.do(t, func(tx *eventstore.Tx) error { return tx.ForgetStream("ann") })

	if got := l.snapshotVersions(t, "ann"); len(got) != 0 {
		t.Errorf("the forgotten stream has snapshots of the versions %v", got)
	}
	if got, want := l.snapshotVersions(t, "bob"), []int{2, 4}; !slices.Equal(got, want) {
		t.Errorf("the other stream has snapshots of the versions %v, want %v", got, want)
	}
	mustEqual(t, "the log after forgetting a stream", l.all(t), before)
	mustReplay(t, l, other, 8, 10)
	mustReplay(t, l, nothing, 11, 10)
	for _, c := range []eventstore.Command{byAnn, byBob, archived} {
		if r := l.command(t, c, appending("again", note("x"))); r.Replayed {
			t.Errorf("the key %q of %s is still known", c.Key.Value, c.Key.Actor)
		}
	}
	mustReplayAnywhere(t, l, "ann")
	l.do(t, func(tx *eventstore.Tx) error { return tx.ForgetStream("none") })
}

// forgettingIsTakenBack expects a refused command that forgot a stream to change nothing.
func forgettingIsTakenBack(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{SnapshotEvery: 2})
	c := keyed("ann", "k", "input")
	l.command(t, c, appending("ann", notes(2)...))
	l.refused(t, errRefused, eventstore.Command{}, refusing(func(tx *eventstore.Tx) error { return tx.ForgetStream("ann") }))
	if got := l.snapshotVersions(t, "ann"); !slices.Equal(got, []int{2}) {
		t.Errorf("the snapshots are of the versions %v, want [2]", got)
	}
	mustReplay(t, l, c, 1, 2)
}
