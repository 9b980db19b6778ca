package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// crowd is some authors, each with a public and a hidden content and deck, and
// others who listen.
type crowd struct {
	*desk
	authors []domain.Actor
	objects []string          // ids of what the authors have
	owner   map[string]string // of what is hidden
	actors  []domain.Actor    // who may listen; the first is a visitor
	tokens  []string
}

func startCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{desk: startDesk(t), owner: make(map[string]string), actors: []domain.Actor{{}}, tokens: []string{""}}
	for _, role := range []domain.Role{domain.Admin, domain.Editor, domain.Viewer, domain.Author, domain.Author, domain.Author} {
		actor, token := c.actor(role)
		c.actors, c.tokens = append(c.actors, actor), append(c.tokens, token)
		if role != domain.Author {
			continue
		}
		c.authors = append(c.authors, actor)
		hidden := c.content(actor, "hidden", domain.Draft).ID
		private := c.do(actor, command.CreatePresentation{Title: "private", Theme: "default"}).ID
		public := c.do(actor, command.CreatePresentation{Title: "public", Theme: "default", IsPublic: true}).ID
		c.objects = append(c.objects, c.content(actor, "public", domain.Published).ID, hidden, public, private)
		c.owner[hidden], c.owner[private] = actor.UserID, actor.UserID
	}
	return c
}

// write has the n-th author change things at random.
func (c *crowd) write(n, times int) {
	actor, random := c.authors[n], rand.New(rand.NewPCG(uint64(n), 2))
	mine := c.objects[4*n : 4*n+4]
	for i := range times {
		id, title := mine[random.IntN(4)], fmt.Sprintf("title %d", i)
		var cmd command.Command = command.UpdateContent{ID: id, Title: set(title)}
		if strings.HasPrefix(id, "presentation") {
			cmd = command.UpdatePresentation{ID: id, Title: set(title)}
			if random.IntN(2) == 0 {
				cmd = command.AddSlide{PresentationID: id, Content: title}
			}
		}
		if random.IntN(5) == 0 {
			cmd = command.UpdateUser{ID: actor.UserID, DisplayName: set(title)}
		}
		if _, err := c.commands.Do(auth.WithActor(c.t.Context(), actor), cmd); err != nil {
			c.t.Errorf("%T: %v", cmd, err)
			return
		}
	}
}

// filter is a filter of events at random: as a variable, and what it selects.
func (c *crowd) filter(random *rand.Rand) (map[string]any, func(eventstore.Event) bool) {
	filter := make(map[string]any)
	var tests []func(eventstore.Event) bool
	some := func(name string, all []string, of func(eventstore.Event) string) {
		if random.IntN(3) > 0 {
			return
		}
		all = slices.Clone(all)
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		chosen := all[:1+random.IntN(len(all))]
		filter[name] = chosen
		tests = append(tests, func(e eventstore.Event) bool { return slices.Contains(chosen, of(e)) })
	}
	var users []string
	for _, a := range c.authors {
		users = append(users, a.UserID)
	}
	some("streamIds", append(users, c.objects...), func(e eventstore.Event) string { return string(e.Stream.ID) })
	some("kinds", []string{"CONTENT", "PRESENTATION", "USER"}, func(e eventstore.Event) string { return e.Stream.Type })
	some("types", []string{"ContentUpdated", "SlideAdded", "PresentationUpdated", "UserUpdated"}, func(e eventstore.Event) string { return e.Type })
	some("actorIds", users, func(e eventstore.Event) string { return e.Actor })
	return filter, func(e eventstore.Event) bool {
		return !slices.ContainsFunc(tests, func(test func(eventstore.Event) bool) bool { return !test(e) })
	}
}

// sees is the policy of who may see an event, in other words than package policy.
func (c *crowd) sees(actor domain.Actor, e eventstore.Event) bool {
	if e.Stream.Type == string(domain.KindUser) {
		return actor.Role == domain.Admin || actor.Owns(string(e.Stream.ID))
	}
	owner, hidden := c.owner[string(e.Stream.ID)]
	return !hidden || actor.Role == domain.Editor || actor.Role == domain.Admin || actor.Owns(owner)
}

func TestEverySubscriberOfManyHearsExactlyItsEvents(t *testing.T) {
	t.Parallel()
	c := startCrowd(t)
	type subscriber struct {
		*listener
		who     int
		after   eventstore.Position
		selects func(eventstore.Event) bool
		heard   chan eventstore.Position // all that came; closed with the connection
	}
	random := rand.New(rand.NewPCG(1, 2))
	var subscribers []subscriber
	var writing, listening sync.WaitGroup
	for n := range 50 {
		s := subscriber{who: n % len(c.actors), after: eventstore.Position(random.IntN(int(c.head()))), heard: make(chan eventstore.Position, 1000)}
		var filter map[string]any
		filter, s.selects = c.filter(random)
		s.listener = c.listenBy([]string{transportWS, legacyWS}[n%2], c.tokens[s.who], listenToPositions,
			map[string]any{"after": s.after.String(), "filter": filter})
		subscribers = append(subscribers, s)
		listening.Go(func() {
			defer close(s.heard)
			for a, err := s.result(); err == nil; a, err = s.result() {
				s.heard <- a.position()
			}
		})
	}
	for n := range c.authors {
		writing.Go(func() { c.write(n, 40) })
	}
	writing.Wait()
	log, err := c.log.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for n, s := range subscribers {
		var want, got []eventstore.Position
		for _, e := range log {
			if e.Position > s.after && s.selects(e) && c.sees(c.actors[s.who], e) {
				want = append(want, e.Position)
				got = append(got, <-s.heard)
			}
		}
		wantPositions(t, fmt.Sprintf("subscriber %d, %v", n, c.actors[s.who]), got, want)
	}
	for n, s := range subscribers {
		s.close()
		for p := range s.heard {
			t.Errorf("subscriber %d: %s comes too often", n, p)
		}
	}
	listening.Wait()
}

func TestClientThatDoesNotReadStopsNobody(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	admin, token := h.actor(domain.Admin)
	const query = `subscription($after: Position) { eventAppended(after: $after) { position data } }`
	idle, busy := h.listen(token, query, nil), h.listen(token, listenToPositions, map[string]any{"after": "0"})
	text := strings.Repeat("-", 100_000) // together more than the sockets hold
	for n := range 6 {
		var batch command.Batch
		for i := range 10 {
			batch.Commands = append(batch.Commands, command.CreateContent{Title: fmt.Sprint(n, i), Content: text, Format: domain.Plaintext, Status: domain.Draft})
		}
		h.do(admin, batch)
	}
	wantPositions(t, "who reads", busy.positions(h.head()), span(1, h.head()))
	// What it has not read is still there, or it was cut and goes on from where it was.
	var last eventstore.Position
	for last < h.head() {
		a, err := idle.result()
		if err != nil {
			idle = h.listen(token, query, map[string]any{"after": last.String()})
			continue
		}
		if p := a.position(); last > 0 && p != last+1 {
			t.Fatalf("position %s follows %s", p, last)
		} else {
			last = p
		}
	}
}

// TestUnsubscribingLeavesNoGoroutine runs alone: it looks at all goroutines.
func TestUnsubscribingLeavesNoGoroutine(t *testing.T) { //nolint:paralleltest // see above
	h := startDesk(t)
	admin, token := h.actor(domain.Admin)
	id := h.content(admin, "watched", domain.Draft).ID
	const query = `subscription($id: ID!) { it: contentChanged(id: $id) { version } }`
	const streamQuery = `subscription { eventStream(after: "0") { ... on EventReceived { position } ... on CaughtUp { position } } }`
	for _, protocol := range []string{transportWS, legacyWS} {
		for _, cut := range []bool{false, true} {
			l := h.listenBy(protocol, token, query, map[string]any{"id": id})
			l.next()
			for n := range 40 {
				if err := l.subscribe(fmt.Sprint("more ", n), streamQuery, nil); err != nil {
					t.Fatal(err)
				}
				for range h.head() + 1 {
					l.next()
				}
			}
			if running("flightdeck/resolvers.") == 0 {
				t.Fatal("no goroutine of a subscription is found: the test looks for the wrong thing")
			}
			if cut {
				l.close()
			} else {
				for n := range 40 {
					if err := l.say(frame{ID: fmt.Sprint("more ", n), Type: l.word("complete", "stop")}); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.say(frame{ID: "1", Type: l.word("complete", "stop")}); err != nil {
					t.Fatal(err)
				}
			}
			for deadline := time.Now().Add(patience); running("flightdeck/resolvers.") > 0; runtime.Gosched() {
				if time.Now().After(deadline) {
					t.Fatalf("%s, cut %t: %d goroutines are left", protocol, cut, running("flightdeck/resolvers."))
				}
			}
			l.close()
		}
	}
}

// running counts the goroutines with a function whose name begins so.
func running(prefix string) (n int) {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "\n"+prefix) {
			n++
		}
	}
	return n
}
