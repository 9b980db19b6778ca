package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/eventstore"
)

// archivable is a log with streams of several lengths, written in turns.
func (s suite) archivable(t *testing.T, o eventstore.Options) *log {
	t.Helper()
	l := s.start(t, o)
	for round := range 40 {
		for i, id := range []eventstore.StreamID{"a", "b", "c", "d"} {
			if round < 10*(i+1) {
				l.do(t, appending(id, note(fmt.Sprint("round ", round, strings.Repeat(" and so on", 20)))))
			}
		}
	}
	return l
}

// mustBeAsBefore checks that every way to read the log returns the results from before.
func (l *log) mustBeAsBefore(t *testing.T, want []eventstore.Event) {
	t.Helper()
	mustEqual(t, "the log", l.all(t), want)
	mustBeInOrder(t, l.all(t))
	for _, limit := range []int{1, 7, 64} {
		var paged []eventstore.Event
		for after := eventstore.Position(0); ; {
			page := l.table(t, after, limit)
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
			after = page[len(page)-1].Position
		}
		mustEqual(t, fmt.Sprint("the log in pages of ", limit), paged, want)
	}
	for _, id := range []eventstore.StreamID{"a", "b", "c", "d"} {
		mustEqual(t, "stream "+string(id), l.of(t, id), streamIn(want, id))
	}
	var positions []eventstore.Position
	var some []eventstore.Event
	for i := 0; i < len(want); i += 3 {
		positions, some = append(positions, want[i].Position), append(some, want[i])
		if at, err := l.PositionAt(within(t), want[i].RecordedAt); at != want[i].Position || err != nil {
			t.Errorf("the position at the instant of %s is %s, error %v", want[i].Position, at, err)
		}
		version, err := l.engine.VersionAt(within(t), "d", want[i].Position)
		if before := len(streamIn(want[:i+1], "d")); version != before || err != nil {
			t.Errorf("stream d is at version %d as of %s, error %v, want %d", version, want[i].Position, err, before)
		}
	}
	for range 2 {
		events, err := l.At(within(t), positions)
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, "some positions", events, some)
		slices.Reverse(positions)
		slices.Reverse(some)
	}
}

// archiveKeepsAnswers moves a part of the log, then more of it, and reads it in every way after
// each, also after a restart.
func archiveKeepsAnswers(t *testing.T, s suite) {
	l := s.archivable(t, eventstore.Options{Tail: 8, SnapshotEvery: 10})
	want := l.all(t)
	if got, err := l.Archive(within(t), "d", 25); err != nil || got.Archived != 25 || got.Version != 40 || got.Type != "NOTES" {
		t.Fatalf("archive: %+v, error %v", got, err)
	}
	l.mustBeAsBefore(t, want)
	if got, err := l.Archive(within(t), "d", 10); err != nil || got.Archived != 25 {
		t.Errorf("archive what is archived: %+v, error %v", got, err)
	}
	moved, err := l.ArchiveAll(within(t), eventstore.ArchiveRule{Before: want[len(want)-1].RecordedAt, Keep: 3}, nil)
	if err != nil || moved != 7+17+27+12 {
		t.Fatalf("archive all: %d events, error %v", moved, err)
	}
	for range 2 {
		l.mustBeAsBefore(t, want)
		l.restart(t)
	}
	mustReplayAnywhere(t, l, "b")
	var archived []int
	if err := eventstore.EachStream(within(t), l.engine, func(s eventstore.StreamStatus) error {
		archived = append(archived, s.Archived)
		return nil
	}); err != nil || !slices.Equal(archived, []int{7, 17, 27, 37}) {
		t.Errorf("archived are %v, error %v", archived, err)
	}
	l.do(t, appending("a", note("more")))
	l.mustBeAsBefore(t, append(want, l.table(t, want[len(want)-1].Position, 1)...))
}

// archiveHonoursTheRule checks that events recorded later, and the last events of a stream, stay.
func archiveHonoursTheRule(t *testing.T, s suite) {
	l := s.archivable(t, eventstore.Options{})
	half := l.all(t)[49]
	if _, err := l.ArchiveAll(within(t), eventstore.ArchiveRule{Before: half.RecordedAt}, nil); err != nil {
		t.Fatal(err)
	}
	if err := eventstore.EachStream(within(t), l.engine, func(s eventstore.StreamStatus) error {
		before, err := l.engine.VersionAt(within(t), s.ID, half.Position)
		if want := min(before, s.Version-1); s.Archived != want {
			t.Errorf("%s is archived up to %d, want %d", s.ID, s.Archived, want)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// archiveRefuses checks that the end of a stream, and events that a checkpoint is not past, are not
// archived.
func archiveRefuses(t *testing.T, s suite) {
	l := s.archivable(t, eventstore.Options{})
	want := l.all(t)
	for through, words := range map[int]string{40: "up to 39", 41: "up to 39", 0: "begin with 1", -1: "begin with 1"} {
		_, err := l.Archive(within(t), "d", through)
		if _, ok := errors.AsType[*eventstore.RefusedError](err); !ok || !strings.Contains(err.Error(), words) {
			t.Errorf("archive through %d: error is %v", through, err)
		}
	}
	if _, err := l.Archive(within(t), "none", 1); !isNoStream(err) {
		t.Errorf("archive no stream: error is %v", err)
	}
	checkpoint := func(statement string, args ...any) {
		l.do(t, func(tx *eventstore.Tx) error {
			_, err := tx.Exec(tx.Context(), statement, args...)
			return err
		})
	}
	fifth := streamIn(want, "a")[4].Position
	checkpoint("INSERT INTO checkpoints (name, position) VALUES ('slow', ?)", int64(fifth))
	_, err := l.Archive(within(t), "a", 6)
	if _, ok := errors.AsType[*eventstore.RefusedError](err); !ok || !strings.Contains(err.Error(), "slow") {
		t.Errorf("archive above a checkpoint: error is %v", err)
	}
	if got, err := l.ArchiveAll(within(t), eventstore.ArchiveRule{Before: want[len(want)-1].RecordedAt, Keep: 1}, nil); err != nil || got != int(fifth) {
		t.Errorf("archive all up to a checkpoint: %d events, error %v, want %s", got, err, fifth)
	}
	checkpoint("DELETE FROM checkpoints")
	if got, err := l.Archive(within(t), "a", 6); err != nil || got.Archived != 6 {
		t.Errorf("archive once nobody is behind: %+v, error %v", got, err)
	}
	l.mustBeAsBefore(t, want)
}

func isNoStream(err error) bool {
	_, ok := errors.AsType[*eventstore.NoStreamError](err)
	return ok
}

// archiveBesideReaders moves everything while it is read: no read sees an event in neither place,
// or in both.
func archiveBesideReaders(t *testing.T, s suite) {
	l := s.archivable(t, eventstore.Options{})
	want := l.all(t)
	ctx, stop := context.WithCancel(within(t))
	done := make(chan error, 1)
	reads := make(chan struct{}, 1)
	go func() {
		for ctx.Err() == nil {
			events, err := l.engine.Read(context.WithoutCancel(ctx), 0, 1<<30)
			if err == nil && len(events) != len(want) {
				err = fmt.Errorf("%d events are read, want %d", len(events), len(want))
			}
			if err != nil {
				done <- err
				return
			}
			select {
			case reads <- struct{}{}:
			default:
			}
		}
		done <- nil
	}()
	for through := range 39 {
		select {
		case <-reads:
		case <-ctx.Done():
		}
		if _, err := l.Archive(within(t), "d", through+1); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := receive(t, done); err != nil {
		t.Error(err)
	}
}
