package resolvers_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
)

// These tests run in bubbles of package synctest. Time stands still until all goroutines of a
// bubble wait, so a test can tell that no further item comes. A bubble does not end while one of
// its goroutines is running.

// bubble runs a test in a bubble, on a database of its own.
func bubble(t *testing.T, options eventstore.Options, test func(t *testing.T, d *desk)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, open(t, options)) })
}

// quiet fails if an item comes.
func quiet[T any](t *testing.T, from <-chan T) {
	t.Helper()
	synctest.Wait()
	select {
	case item, ok := <-from:
		t.Fatalf("%v came (%t), want nothing", item, ok)
	default:
	}
}

// ends fails unless a cancelled subscription ends without another item.
func ends[T any](t *testing.T, from <-chan T) {
	t.Helper()
	synctest.Wait()
	if item, ok := <-from; ok {
		t.Fatalf("%v came after the end", item)
	}
}

func TestSlowClientGetsTheLatestChangeOnce(t *testing.T) {
	bubble(t, eventstore.Options{}, func(t *testing.T, d *desk) {
		ctx, cancel := context.WithCancel(as(domain.System))
		t.Cleanup(cancel)
		id := d.do(domain.System, newContent("title", domain.Draft)).ID
		update := func(n int) {
			var all []command.Command
			for i := range n {
				title := fmt.Sprintf("after %s and %d", d.log.Head().Position, i)
				all = append(all, command.UpdateContent{ID: id, Title: graphql.OmittableOf(&title)})
			}
			for commands := range slices.Chunk(all, command.MaxBatch) {
				d.do(domain.System, command.Batch{Commands: commands})
			}
		}
		changed, err := d.root.Subscription().ContentChanged(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		update(600) // several pages of the log
		if first := <-changed; first.Version != 1 {
			t.Errorf("first comes version %d, want 1", first.Version)
		}
		if next := <-changed; next.Version != 601 {
			t.Errorf("then comes version %d, want 601", next.Version)
		}
		quiet(t, changed)
		d.contents(300) // of other streams
		quiet(t, changed)
		update(1)
		if next := <-changed; next.Version != 602 {
			t.Errorf("then comes version %d, want 602", next.Version)
		}
		quiet(t, changed)
		cancel()
		ends(t, changed)
	})
}

func TestObjectsThatStayHiddenAreNotMentioned(t *testing.T) {
	bubble(t, eventstore.Options{}, func(t *testing.T, d *desk) {
		ctx, cancel := context.WithCancel(as(domain.Actor{}))
		t.Cleanup(cancel)
		id := d.do(domain.System, newContent("title", domain.Draft)).ID
		target := command.ContentTarget{ID: id}
		changed, err := d.root.Subscription().ContentChanged(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		next := func(what string, visible bool) {
			t.Helper()
			if c := <-changed; (c != nil) != visible {
				t.Errorf("%s: %v came", what, c)
			}
			quiet(t, changed)
		}
		next("at first", false)
		title := "another title"
		d.do(domain.System, command.UpdateContent{ID: id, Title: graphql.OmittableOf(&title)})
		quiet(t, changed)
		d.do(domain.System, command.PublishContent{ContentTarget: target})
		next("published", true)
		d.do(domain.System, command.UnpublishContent{ContentTarget: target})
		next("unpublished", false)
		d.do(domain.System, command.ArchiveContent{ContentTarget: target})
		quiet(t, changed)
		d.do(domain.System, command.PublishContent{ContentTarget: target})
		next("published again", true)
		d.do(domain.System, command.DeleteContent{ContentTarget: target})
		next("deleted", false)
		d.do(domain.System, command.RestoreContent{Restore: command.Restore{ID: id, ToVersion: 1}})
		quiet(t, changed)
		cancel()
		ends(t, changed)
	})
}

func TestCancelledSubscriptionsEndAtAnyPoint(t *testing.T) {
	bubble(t, eventstore.Options{}, func(t *testing.T, d *desk) {
		id := d.do(domain.System, newContent("title", domain.Draft)).ID
		d.contents(10)
		zero := eventstore.Position(0)
		for range 2 { // while events are being sent, and after the last one
			ctx, cancel := context.WithCancel(as(domain.System))
			t.Cleanup(cancel)
			events, err := d.root.Subscription().EventAppended(ctx, &zero, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			items, err := d.root.Subscription().EventStream(ctx, &zero, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			future := d.log.Head().Position + 1
			reset, err := d.root.Subscription().EventStream(ctx, &future, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			changed, err := d.root.Subscription().ContentChanged(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			cancel()
			ends(t, events)
			ends(t, items)
			ends(t, reset)
			ends(t, changed)
			zero = d.log.Head().Position
		}
	})
}

// stream subscribes to eventStream. next returns the next item as a text.
func stream(t *testing.T, d *desk, after eventstore.Position, types ...string) (next func() string, rest <-chan model.EventStreamItem) {
	t.Helper()
	ctx, cancel := context.WithCancel(as(domain.System))
	t.Cleanup(cancel)
	items, err := d.root.Subscription().EventStream(ctx, &after, &readmodel.EventFilter{Types: types}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() string {
		switch item := (<-items).(type) {
		case model.EventReceived:
			return "event " + item.Position.String()
		case model.Checkpoint:
			return "checkpoint " + item.Position.String()
		case model.CaughtUp:
			return "caught up " + item.Position.String()
		}
		return "something else"
	}, items
}

func TestCaughtUpComesOnceBetweenHistoryAndLive(t *testing.T) {
	bubble(t, eventstore.Options{Tail: 8}, func(t *testing.T, d *desk) {
		d.contents(600)
		next, rest := stream(t, d, 343) // one event more than a page before the end
		for p := 344; p <= 600; p++ {
			if got := next(); got != fmt.Sprint("event ", p) {
				t.Fatalf("heard %s, want event %d", got, p)
			}
		}
		if got := next(); got != "caught up 600" {
			t.Errorf("heard %s, want caught up 600", got)
		}
		quiet(t, rest)
		d.contents(300)
		for p := 601; p <= 900; p++ {
			if got := next(); got != fmt.Sprint("event ", p) {
				t.Fatalf("heard %s, want event %d", got, p)
			}
		}
		quiet(t, rest)

		next, rest = stream(t, d, 900)
		if got := next(); got != "caught up 900" {
			t.Errorf("at the head: heard %s, want caught up 900", got)
		}
		quiet(t, rest)

		next, rest = stream(t, d, 0, "ContentDeleted")
		if got := next(); got != "caught up 900" {
			t.Errorf("where nothing matches: heard %s, want caught up 900", got)
		}
		quiet(t, rest)
	})
}

func TestCheckpointsTellOfProgressWithoutMatches(t *testing.T) {
	bubble(t, eventstore.Options{}, func(t *testing.T, d *desk) {
		next, rest := stream(t, d, 0, "ContentDeleted")
		if got := next(); got != "caught up 0" {
			t.Errorf("heard %s", got)
		}
		d.contents(900)
		quiet(t, rest)
		d.contents(100)
		if got := next(); got != "checkpoint 1000" {
			t.Errorf("after a thousand positions: heard %s", got)
		}
		quiet(t, rest)
		// Time without an event causes no checkpoint. Time after one event does.
		<-time.After(time.Minute)
		quiet(t, rest)
		d.contents(1)
		if got := next(); got != "checkpoint 1001" {
			t.Errorf("after a minute: heard %s", got)
		}
		d.contents(1)
		quiet(t, rest)

		// Checkpoints also come on the way through a long history.
		d.contents(1100)
		next, _ = stream(t, d, 0, "ContentDeleted")
		var last int
		for item := ""; item != "caught up 2102"; item = next() {
			var at int
			if item != "" {
				if n, err := fmt.Sscanf(item, "checkpoint %d", &at); n != 1 || err != nil || at < last+1000 {
					t.Fatalf("heard %s after %d", item, last)
				}
				last = at
			}
		}
		if last == 0 {
			t.Errorf("the last checkpoint was at %d", last)
		}
	})
}
