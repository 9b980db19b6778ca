package subscription

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

const listenToPositions = `subscription($after: Position, $filter: EventFilter, $lineage: ID) {
	eventAppended(after: $after, filter: $filter, lineage: $lineage) { position } }`

// write appends contents by several concurrent writers, so many each. wait waits for them.
func write(h *harness.Harness, actor domain.Actor, writers, each int) (wait func()) {
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for i := range each {
				cmd := harness.NewContent(fmt.Sprintf("writer %d, content %d", n, i), domain.Draft)
				if _, err := h.Commands.Do(auth.WithActor(h.T.Context(), actor), cmd); err != nil {
					h.T.Errorf("write: %v", err)
					return
				}
			}
		})
	}
	return all.Wait
}

// TestSubscriptionBeginsNow: without a position, a subscription begins at the head. The server does
// not tell when it has begun, so the test writes until it receives an event.
func TestSubscriptionBeginsNow(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			h := harness.Start(t)
			admin, token := h.Actor(domain.Admin)
			h.AppendContents(admin, 10)
			before := h.Head()
			l := h.ListenBy(protocol, token, listenToPositions, nil)
			// The server does not tell when the subscription has begun.
			heard := make(chan eventstore.Position)
			go func() {
				defer close(heard)
				if a, err := l.Result(); err == nil {
					heard <- a.Position()
				}
			}()
			var first eventstore.Position
			for first == 0 {
				h.AppendContent(admin, "until it is heard", domain.Draft)
				select {
				case first = <-heard:
				default:
				}
			}
			if first <= before {
				t.Errorf("the first event is at %s, which was there before", first)
			}
			h.AppendContents(admin, 10)
			harness.WantPositions(t, "since then", l.Positions(h.Head()), harness.Span(first+1, h.Head()))
		})
	}
}

// TestCatchingUpGoesLiveWithoutGapOrDuplicate: after the restart the earlier events are in no
// memory, so the subscription reads them from the table and then moves over to the tail.
func TestCatchingUpGoesLiveWithoutGapOrDuplicate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	var admin domain.Actor
	var token string
	t.Run("history", func(t *testing.T) {
		h := harness.StartOn(t, path)
		admin, token = h.Actor(domain.Admin)
		h.AppendContents(admin, 700)
	})
	t.Run("live", func(t *testing.T) {
		h := harness.StartOn(t, path)
		wait := write(h, admin, 4, 60)
		const until = 1 + 700 + 4*60
		var all sync.WaitGroup
		for n, after := range []eventstore.Position{0, 1, 255, 256, 257, 512, 650, 700, 701} {
			l := h.ListenBy([]string{harness.TransportWS, harness.LegacyWS}[n%2], token, listenToPositions, map[string]any{"after": after.String()})
			all.Go(func() {
				harness.WantPositions(t, "after "+after.String(), l.Positions(until), harness.Span(after+1, until))
			})
		}
		wait()
		all.Wait()
	})
}

func TestReconnectingMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	h.AppendContents(admin, 300)
	wait := write(h, admin, 4, 100)
	const until = 1 + 300 + 4*100
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			var seen []eventstore.Position
			for cuts := 0; len(seen) < until; cuts++ {
				after := fmt.Sprint(len(seen))
				l, err := harness.Dial(t.Context(), t, h.URL, []string{harness.TransportWS, harness.LegacyWS}[(n+cuts)%2], token, listenToPositions, map[string]any{"after": after})
				if err != nil {
					t.Errorf("subscribe: %v", err)
					return
				}
				for range random.IntN(200) {
					if len(seen) == until {
						break
					}
					a, err := l.Result()
					if err != nil {
						t.Errorf("listen: %v", err)
						break
					}
					seen = append(seen, a.Position())
				}
				l.Close()
			}
			harness.WantPositions(t, "over all connections", seen, harness.Span(1, until))
		})
	}
	wait()
	all.Wait()
}

func TestRestartingTheServerLosesNoSubscriberItsPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	var admin domain.Actor
	var token, lineage string
	var seen []eventstore.Position
	for life := range 4 {
		t.Run(fmt.Sprintf("life %d", life), func(t *testing.T) {
			h := harness.StartOn(t, path)
			if life == 0 {
				admin, token = h.Actor(domain.Admin)
				lineage = h.Must(token, "{ log { lineage } }", nil).Text("log", "lineage")
			}
			vars := map[string]any{"after": fmt.Sprint(len(seen)), "lineage": lineage}
			l := h.Listen(token, listenToPositions, vars)
			wait := write(h, admin, 2, 50)
			// The last events are left for the next life.
			seen = append(seen, l.Positions(h.Head()-eventstore.Position(life))...)
			wait()
		})
	}
	harness.WantPositions(t, "over all lives", seen, harness.Span(1, eventstore.Position(len(seen))))
	if len(seen) < 200 {
		t.Errorf("only %d events were seen", len(seen))
	}
}

func TestCursorOfAnotherLogIsRefused(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	h.AppendContents(admin, 3)
	lineage := h.Must(token, "{ log { lineage } }", nil).Text("log", "lineage")
	const listenToStream = `subscription($after: Position, $lineage: ID) { eventStream(after: $after, lineage: $lineage) {
		__typename ... on StreamReset { position reason } ... on CaughtUp { position } } }`
	for name, vars := range map[string]map[string]any{
		"future":                     {"after": (h.Head() + 1).String()},
		"future of the log":          {"after": (h.Head() + 1).String(), "lineage": lineage},
		"lineage":                    {"after": "1", "lineage": "another"},
		"lineage without a position": {"lineage": "another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := h.In(t)
			for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
				if code := h.ListenBy(protocol, token, listenToPositions, vars).Refused(); code != string(domain.Invalid) {
					t.Errorf("eventAppended was refused with %s", code)
				}
				l := h.ListenBy(protocol, token, listenToStream, vars)
				item := l.Next()
				if item.Text("eventStream", "__typename") != "StreamReset" || item.Text("eventStream", "reason") == "" || item.Position() != h.Head() {
					t.Errorf("eventStream answered %s", item.Raw)
				}
				if err := l.Await("complete"); err != nil {
					t.Errorf("after the reset: %v", err)
				}
			}
		})
	}
	// After a reset at the head the stream goes on from there.
	l := h.Listen(token, listenToStream, map[string]any{"after": h.Head().String(), "lineage": lineage})
	if item := l.Next(); item.Text("eventStream", "__typename") != "CaughtUp" || item.Position() != h.Head() {
		t.Errorf("at the head: %s", item.Raw)
	}
}

// TestCaughtUpComesOncePerSubscription: a subscription over a websocket catches up by itself and
// then listens to results that it shares.
func TestCaughtUpComesOncePerSubscription(t *testing.T) {
	t.Parallel()
	const query = `subscription($after: Position) { eventStream(after: $after) {
		__typename ... on EventReceived { position } ... on CaughtUp { position } ... on Checkpoint { position } } }`
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	h.AppendContents(admin, 600) // more than a page of the log
	for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
		for _, after := range []eventstore.Position{h.Head(), 0} {
			l := h.ListenBy(protocol, token, query, map[string]any{"after": after.String()})
			said := map[string]int{}
			hear := func(through eventstore.Position) {
				for at := after; at < through || said["CaughtUp"] == 0; {
					item := l.Next()
					said[item.Text("eventStream", "__typename")]++
					at = item.Position()
				}
			}
			hear(h.Head())
			for range 3 {
				hear(h.AppendContent(admin, "live", domain.Draft).Position)
			}
			if want := int(h.Head() - after); said["CaughtUp"] != 1 || said["EventReceived"] != want {
				t.Errorf("%s after %s: %v, want %d events and CaughtUp once", protocol, after, said, want)
			}
		}
	}
}

// TestASubscriptionOfAWebsocketResumesAfterTheLastEvent: a client that reconnects sends its
// operations again with the variables that they began with, and tells in connection_init what it
// has seen.
func TestASubscriptionOfAWebsocketResumesAfterTheLastEvent(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	h.AppendContents(admin, 9)
	for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
		for _, test := range []struct {
			params string
			after  any
			first  eventstore.Position
		}{
			{`{}`, "2", 3},
			{`{"lastEventId": "5"}`, "2", 6},
			{`{"lastEventId": 5}`, "2", 6},
			{`{"lastEventId": "5"}`, nil, 6},
			{`{"lastEventId": "5"}`, "7", 8},
			{`{"lastEventId": null, "lastEventIds": null}`, "2", 3},
			{`{"lastEventIds": {"1": "6"}}`, "2", 7},
			{`{"lastEventId": "5", "lastEventIds": {"1": "6", "2": "8"}}`, "2", 7},
			{`{"lastEventId": "5", "lastEventIds": {"2": "8"}}`, "2", 6},
		} {
			l, err := harness.DialWith(t.Context(), t, h.URL, protocol, token, json.RawMessage(test.params))
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Subscribe("1", listenToPositions, map[string]any{"after": test.after}); err != nil {
				t.Fatal(err)
			}
			harness.WantPositions(t, protocol+test.params, l.Positions(h.Head()), harness.Span(test.first, h.Head()))
			l.Close()
		}
	}
	for _, params := range []string{`{"lastEventId": {}}`, `{"lastEventIds": "5"}`, `{"lastEventIds": {"1": true}}`} {
		if _, err := harness.DialWith(t.Context(), t, h.URL, harness.TransportWS, token, json.RawMessage(params)); err == nil || !strings.Contains(err.Error(), "4400") {
			t.Errorf("%s: %v", params, err)
		}
	}
}

// oneOfEach appends at least one event of every kind, and returns the ids of a content and a deck.
func oneOfEach(h *harness.Harness, author, admin domain.Actor) (content, deck string) {
	h.T.Helper()
	content = h.AppendContent(author, "A content", domain.Draft).ID
	deck = h.Run(author, command.CreatePresentation{Title: "A deck", Theme: "default"}).ID
	slide := h.Run(author, command.AddSlide{PresentationID: deck, Content: "# Slide", Notes: harness.Pointer("psst")}).SlideID
	target := command.ContentTarget{ID: content}
	for _, cmd := range []command.Command{
		command.UpdateContent{ID: content, Title: harness.Given("Another title")},
		command.PublishContent{ContentTarget: target}, command.UnpublishContent{ContentTarget: target}, command.ArchiveContent{ContentTarget: target},
		command.DeleteContent{ContentTarget: target}, command.RestoreContent{Restore: command.Restore{ID: content, ToVersion: 1}},
		command.UpdatePresentation{ID: deck, Theme: harness.Given("dark")},
		command.AddSlide{PresentationID: deck, Content: "# First", At: &command.Placement{Before: &slide}},
		command.UpdateSlide{PresentationID: deck, SlideID: slide, Notes: harness.Given("hush")},
		command.MoveSlide{PresentationID: deck, SlideID: slide, To: command.Placement{Order: harness.Pointer(1)}},
		command.RemoveSlide{PresentationID: deck, SlideID: slide},
		command.DeletePresentation{ID: deck},
		command.RestorePresentation{Restore: command.Restore{ID: deck, ToVersion: 2}},
	} {
		h.Run(author, cmd)
	}
	h.Run(author, command.UpdateUser{ID: author.UserID, DisplayName: harness.Given("Somebody else")})
	h.Run(admin, command.ChangeRole{ID: author.UserID, Role: domain.Editor})
	if _, err := h.Commands.Begin(h.T.Context(), author.UserID, true); err != nil {
		h.T.Fatal(err)
	}
	return content, deck
}
