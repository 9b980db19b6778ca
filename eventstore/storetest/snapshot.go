package storetest

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"flightdeck/eventstore"
)

// otherwise is concat as a later program might have it, which folds otherwise.
type otherwise struct{ concat }

func (otherwise) Fingerprint() string { return "otherwise" }

func (o otherwise) Apply(before any, e eventstore.Event) (any, error) {
	e.Data = append([]byte("!"), e.Data...)
	return o.concat.Apply(before, e)
}

// counted is an engine that counts the events that are read of streams.
type counted struct {
	eventstore.Engine
	events atomic.Int64
}

func (c *counted) ReadStream(ctx context.Context, id eventstore.StreamID, after, limit int) ([]eventstore.Event, error) {
	events, err := c.Engine.ReadStream(ctx, id, after, limit)
	c.events.Add(int64(len(events)))
	return events, err
}

// snapshotVersions returns the versions of a stream that have a snapshot.
func (l *log) snapshotVersions(t *testing.T, id eventstore.StreamID) (versions []int) {
	t.Helper()
	all, err := l.engine.Snapshots(within(t), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		versions = append(versions, s.Version)
	}
	return versions
}

// snapshotsComeWithTheirEvents, and with no event that was taken back.
func snapshotsComeWithTheirEvents(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{SnapshotEvery: 3})
	l.do(t, appending("a", notes(2)...))
	l.refused(t, errRefused, eventstore.Command{}, refusing(appending("a", notes(2)...)))
	if got := l.snapshotVersions(t, "a"); len(got) != 0 {
		t.Errorf("snapshots are at %v", got)
	}
	l.do(t, appending("a", notes(5)...))
	if got := l.snapshotVersions(t, "a"); !slices.Equal(got, []int{3, 6}) {
		t.Errorf("snapshots are at %v", got)
	}
	taken, err := l.Snapshot(within(t), "a")
	if err != nil || taken.Version != 7 || taken.Position != 7 || taken.Stream != stream("a") {
		t.Errorf("the snapshot of now is %+v, error %v", taken, err)
	}
	if _, err := l.Snapshot(within(t), "none"); !isNoStream(err) {
		t.Errorf("a snapshot of no stream: error is %v", err)
	}
	mustReplayAnywhere(t, l, "a")
}

// replaysAreBounded: a state at any version needs no more events than lie between two snapshots,
// from the archive as well.
func replaysAreBounded(t *testing.T, s suite) {
	const every, length = 10, 107
	l := s.start(t, eventstore.Options{SnapshotEvery: every})
	l.do(t, appending("long", notes(length)...))
	want := l.of(t, "long")
	for _, through := range []int{0, 55} {
		if through > 0 {
			if _, err := l.Archive(within(t), "long", through); err != nil {
				t.Fatal(err)
			}
		}
		l.restart(t)
		engine := &counted{Engine: l.engine}
		reader, err := eventstore.Open(within(t), engine, concat{}, eventstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for version := 1; version <= length; version++ {
			engine.events.Store(0)
			got, v, err := reader.State(within(t), "long", eventstore.Until{Version: version})
			if got != fold(t, want[:version]) || v != version || err != nil {
				t.Errorf("the state at version %d is of version %d, error %v", version, v, err)
			}
			if n := engine.events.Load(); n >= every {
				t.Errorf("the state at version %d needs %d events", version, n)
			}
		}
		if err := reader.Close(); err != nil { // it closes the engine of l, too
			t.Fatal(err)
		}
		l.restart(t)
	}
}

// snapshotsOfAnotherFoldAreDiscarded, and are made anew by SnapshotAll.
func snapshotsOfAnotherFoldAreDiscarded(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{SnapshotEvery: 3})
	l.do(t, appending("a", notes(8)...))
	l.do(t, appending("b", notes(2)...))
	events := l.of(t, "a")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	later, err := eventstore.Open(within(t), s.open(t, l.dir), otherwise{}, eventstore.Options{SnapshotEvery: 4})
	if err != nil {
		t.Fatal(err)
	}
	var want any
	for _, e := range events {
		if want, err = (otherwise{}).Apply(want, e); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if got, version, err := later.State(within(t), "a", eventstore.Until{}); got != want || version != 8 || err != nil {
			t.Errorf("the state is %+v at version %d, error %v, want %+v", got, version, err, want)
		}
		if _, err := later.SnapshotAll(within(t), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := later.Close(); err != nil {
		t.Fatal(err)
	}
	l.begin(t)
	if got := l.snapshotVersions(t, "a"); !slices.Equal(got, []int{4, 8}) {
		t.Errorf("snapshots are at %v", got)
	}
	if made, err := l.SnapshotAll(within(t), nil); made != 2 || err != nil {
		t.Errorf("%d snapshots are made, error %v", made, err)
	}
	if made, err := l.SnapshotAll(within(t), nil); made != 0 || err != nil {
		t.Errorf("%d snapshots are made again, error %v", made, err)
	}
	mustReplayAnywhere(t, l, "a")
}

// aDamagedSnapshotIsAsGoodAsNone.
func aDamagedSnapshotIsAsGoodAsNone(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{SnapshotEvery: 3})
	l.do(t, appending("a", notes(7)...))
	l.do(t, func(tx *eventstore.Tx) error {
		_, err := tx.Exec(tx.Context(), "UPDATE snapshots SET data = ?", []byte("damaged"))
		return err
	})
	mustReplayAnywhere(t, l, "a")
	l.restart(t)
	l.do(t, appending("a", note("more")))
	mustReplayAnywhere(t, l, "a")
}
