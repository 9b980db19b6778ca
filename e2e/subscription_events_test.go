package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

const listenToPositions = `subscription($after: Position, $filter: EventFilter, $lineage: ID) {
	eventAppended(after: $after, filter: $filter, lineage: $lineage) { position } }`

// write has as many writers append contents as it is told, each as many, and
// returns what waits for them.
func (h *desk) write(actor domain.Actor, writers, each int) (wait func()) {
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for i := range each {
				cmd := newContent(fmt.Sprintf("writer %d, content %d", n, i), domain.Draft)
				if _, err := h.Commands.Do(auth.WithActor(h.t.Context(), actor), cmd); err != nil {
					h.t.Errorf("write: %v", err)
					return
				}
			}
		})
	}
	return all.Wait
}

func TestSubscriptionBeginsNow(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{transportWS, legacyWS} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			h := startDesk(t)
			admin, token := h.actor(domain.Admin)
			h.contents(admin, 10)
			before := h.head()
			l := h.listenBy(protocol, token, listenToPositions, nil)
			// When it began nobody is told: write until it hears something.
			heard := make(chan eventstore.Position)
			go func() {
				defer close(heard)
				if a, err := l.result(); err == nil {
					heard <- a.position()
				}
			}()
			var first eventstore.Position
			for first == 0 {
				h.content(admin, "until it is heard", domain.Draft)
				select {
				case first = <-heard:
				default:
				}
			}
			if first <= before {
				t.Errorf("the first event is at %s, which was there before", first)
			}
			h.contents(admin, 10)
			wantPositions(t, "since then", l.positions(h.head()), span(first+1, h.head()))
		})
	}
}

// The events before the restart are in no memory: the subscription reads them from
// the table, and moves over to the tail.
func TestCatchingUpGoesLiveWithoutGapOrDuplicate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	var admin domain.Actor
	var token string
	t.Run("history", func(t *testing.T) {
		h := &desk{startOn(t, path)}
		admin, token = h.actor(domain.Admin)
		h.contents(admin, 700)
	})
	t.Run("live", func(t *testing.T) {
		h := &desk{startOn(t, path)}
		wait := h.write(admin, 4, 60)
		const until = 1 + 700 + 4*60
		var all sync.WaitGroup
		for n, after := range []eventstore.Position{0, 1, 255, 256, 257, 512, 650, 700, 701} {
			l := h.listenBy([]string{transportWS, legacyWS}[n%2], token, listenToPositions, map[string]any{"after": after.String()})
			all.Go(func() { wantPositions(t, "after "+after.String(), l.positions(until), span(after+1, until)) })
		}
		wait()
		all.Wait()
	})
}

func TestReconnectingMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	admin, token := h.actor(domain.Admin)
	h.contents(admin, 300)
	wait := h.write(admin, 4, 100)
	const until = 1 + 300 + 4*100
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			var seen []eventstore.Position
			for cuts := 0; len(seen) < until; cuts++ {
				after := fmt.Sprint(len(seen))
				l, err := open(t.Context(), t, h.url, []string{transportWS, legacyWS}[(n+cuts)%2], token, listenToPositions, map[string]any{"after": after})
				if err != nil {
					t.Errorf("subscribe: %v", err)
					return
				}
				for range random.IntN(200) {
					if len(seen) == until {
						break
					}
					a, err := l.result()
					if err != nil {
						t.Errorf("listen: %v", err)
						break
					}
					seen = append(seen, a.position())
				}
				l.close()
			}
			wantPositions(t, "over all connections", seen, span(1, until))
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
			h := &desk{startOn(t, path)}
			if life == 0 {
				admin, token = h.actor(domain.Admin)
				lineage = h.must(token, "{ log { lineage } }", nil).text("log", "lineage")
			}
			vars := map[string]any{"after": fmt.Sprint(len(seen)), "lineage": lineage}
			l := h.listen(token, listenToPositions, vars)
			wait := h.write(admin, 2, 50)
			// The last ones are left for the next life.
			seen = append(seen, l.positions(h.head()-eventstore.Position(life))...)
			wait()
		})
	}
	wantPositions(t, "over all lives", seen, span(1, eventstore.Position(len(seen))))
	if len(seen) < 200 {
		t.Errorf("only %d events were seen", len(seen))
	}
}

func TestCursorOfAnotherLogIsRefused(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	admin, token := h.actor(domain.Admin)
	h.contents(admin, 3)
	lineage := h.must(token, "{ log { lineage } }", nil).text("log", "lineage")
	const listenToStream = `subscription($after: Position, $lineage: ID) { eventStream(after: $after, lineage: $lineage) {
		__typename ... on StreamReset { position reason } ... on CaughtUp { position } } }`
	for name, vars := range map[string]map[string]any{
		"future":                     {"after": (h.head() + 1).String()},
		"future of the log":          {"after": (h.head() + 1).String(), "lineage": lineage},
		"lineage":                    {"after": "1", "lineage": "another"},
		"lineage without a position": {"lineage": "another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := h.in(t)
			for _, protocol := range []string{transportWS, legacyWS} {
				if code := h.listenBy(protocol, token, listenToPositions, vars).refused(); code != string(domain.Invalid) {
					t.Errorf("eventAppended was refused with %s", code)
				}
				l := h.listenBy(protocol, token, listenToStream, vars)
				item := l.next()
				if item.text("eventStream", "__typename") != "StreamReset" || item.text("eventStream", "reason") == "" || item.position() != h.head() {
					t.Errorf("eventStream answered %s", item.raw)
				}
				if err := l.await("complete"); err != nil {
					t.Errorf("after the reset: %v", err)
				}
			}
		})
	}
	// After a reset at the head the stream goes on from there.
	l := h.listen(token, listenToStream, map[string]any{"after": h.head().String(), "lineage": lineage})
	if item := l.next(); item.text("eventStream", "__typename") != "CaughtUp" || item.position() != h.head() {
		t.Errorf("at the head: %s", item.raw)
	}
}

// oneOfEach appends at least one event of every kind and returns what is named in
// filters.
func (h *desk) oneOfEach(author, admin domain.Actor) (content, deck string) {
	h.t.Helper()
	content = h.content(author, "A content", domain.Draft).ID
	deck = h.do(author, command.CreatePresentation{Title: "A deck", Theme: "default"}).ID
	slide := h.do(author, command.AddSlide{PresentationID: deck, Content: "# Slide", Notes: ptr("psst")}).SlideID
	target := command.ContentTarget{ID: content}
	for _, cmd := range []command.Command{
		command.UpdateContent{ID: content, Title: set("Another title")},
		command.PublishContent{ContentTarget: target}, command.UnpublishContent{ContentTarget: target}, command.ArchiveContent{ContentTarget: target},
		command.DeleteContent{ContentTarget: target}, command.RestoreContent{Restore: command.Restore{ID: content, ToVersion: 1}},
		command.UpdatePresentation{ID: deck, Theme: set("dark")},
		command.AddSlide{PresentationID: deck, Content: "# First", At: &command.Placement{Before: &slide}},
		command.UpdateSlide{PresentationID: deck, SlideID: slide, Notes: set("hush")},
		command.MoveSlide{PresentationID: deck, SlideID: slide, To: command.Placement{Order: ptr(1)}},
		command.RemoveSlide{PresentationID: deck, SlideID: slide},
		command.DeletePresentation{ID: deck},
		command.RestorePresentation{Restore: command.Restore{ID: deck, ToVersion: 2}},
	} {
		h.do(author, cmd)
	}
	h.do(author, command.UpdateUser{ID: author.UserID, DisplayName: set("Somebody else")})
	h.do(admin, command.ChangeRole{ID: author.UserID, Role: domain.Editor})
	if _, err := h.Commands.Begin(h.t.Context(), author.UserID, true); err != nil {
		h.t.Fatal(err)
	}
	return content, deck
}
