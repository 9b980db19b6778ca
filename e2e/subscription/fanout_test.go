package subscription

import (
	"context"
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
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// crowd is some authors, each with a public and a hidden content and deck, and subscribers.
type crowd struct {
	*harness.Harness
	authors []domain.Actor
	objects []string          // ids of the authors' objects
	owner   map[string]string // the owners of hidden objects
	actors  []domain.Actor    // the subscribers; the first is a visitor
	tokens  []string
}

func startCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{Harness: harness.Start(t), owner: make(map[string]string), actors: []domain.Actor{{}}, tokens: []string{""}}
	for _, role := range []domain.Role{domain.Admin, domain.Editor, domain.Viewer, domain.Author, domain.Author, domain.Author} {
		actor, token := c.Actor(role)
		c.actors, c.tokens = append(c.actors, actor), append(c.tokens, token)
		if role != domain.Author {
			continue
		}
		c.authors = append(c.authors, actor)
		hidden := c.AppendContent(actor, "hidden", domain.Draft).ID
		private := c.Run(actor, command.CreatePresentation{Title: "private", Theme: "default"}).ID
		public := c.Run(actor, command.CreatePresentation{Title: "public", Theme: "default", IsPublic: true}).ID
		c.objects = append(c.objects, c.AppendContent(actor, "public", domain.Published).ID, hidden, public, private)
		c.owner[hidden], c.owner[private] = actor.UserID, actor.UserID
	}
	return c
}

// write changes objects of the n-th author at random.
func (c *crowd) write(n, times int) {
	actor, random := c.authors[n], rand.New(rand.NewPCG(uint64(n), 2))
	mine := c.objects[4*n : 4*n+4]
	for i := range times {
		id, title := mine[random.IntN(4)], fmt.Sprintf("title %d", i)
		var cmd command.Command = command.UpdateContent{ID: id, Title: harness.Given(title)}
		if strings.HasPrefix(id, "presentation") {
			cmd = command.UpdatePresentation{ID: id, Title: harness.Given(title)}
			if random.IntN(2) == 0 {
				cmd = command.AddSlide{PresentationID: id, Content: title}
			}
		}
		if random.IntN(5) == 0 {
			cmd = command.UpdateUser{ID: actor.UserID, DisplayName: harness.Given(title)}
		}
		if _, err := c.Commands.Do(auth.WithActor(c.T.Context(), actor), cmd); err != nil {
			c.T.Errorf("%T: %v", cmd, err)
			return
		}
	}
}

// filter draws a filter of events: the variable, and a function that reports whether it selects an
// event.
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

// sees is the rule for visible events, written without package policy.
func (c *crowd) sees(actor domain.Actor, e eventstore.Event) bool {
	if e.Stream.Type == string(domain.KindUser) {
		return actor.Role == domain.Admin || actor.Owns(string(e.Stream.ID))
	}
	owner, hidden := c.owner[string(e.Stream.ID)]
	return !hidden || actor.Role == domain.Editor || actor.Role == domain.Admin || actor.Owns(owner)
}

// member is one subscriber of a crowd.
type member struct {
	*harness.Harness
	protocol, token string
	vars            map[string]any
	selects         func(eventstore.Event) bool
	sees            domain.Actor
	after           eventstore.Position // where it began

	slow     bool
	restless *rand.Rand // hangs up at random and resumes; nil for most members

	heard chan eventstore.Position // the received positions; closed with the connection
	end   context.CancelFunc
}

// listenOn listens until ctx ends.
func (m *member) listenOn(ctx context.Context, written <-chan struct{}) {
	defer close(m.heard)
	last := m.after
	for ctx.Err() == nil {
		m.vars["after"] = last.String()
		l, err := harness.Dial(ctx, m.T, m.URL, m.protocol, m.token, listenToPositions, m.vars)
		if err != nil {
			if ctx.Err() == nil {
				m.T.Errorf("subscribe: %v", err)
			}
			return
		}
		if err := l.Conn.SetReadDeadline(time.Time{}); err != nil { // many have nothing to hear for long
			m.T.Error(err)
		}
		stop := context.AfterFunc(ctx, l.Close)
		for ctx.Err() == nil && (m.restless == nil || m.restless.IntN(20) > 0) {
			if m.slow {
				m.lag(ctx, last, written)
			}
			a, err := l.Result()
			if err != nil {
				if ctx.Err() == nil {
					m.T.Errorf("listen: %v", err)
				}
				return
			}
			last = a.Position()
			m.heard <- last
		}
		stop()
		l.Close()
	}
}

// lag waits until the log is well ahead, or no more events are written.
func (m *member) lag(ctx context.Context, last eventstore.Position, written <-chan struct{}) {
	ahead, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-written:
		case <-ahead.Done():
		}
	}()
	_ = m.Log.Wait(ahead, last+30)
}

// TestEverySubscriberOfManyHearsExactlyItsEvents runs 500 subscribers with filters and rights of
// all kinds. Half of them read slowly, and a tenth hang up at random. Each receives exactly the
// events that its filter selects and its rights show, once.
func TestEverySubscriberOfManyHearsExactlyItsEvents(t *testing.T) {
	t.Parallel()
	c := startCrowd(t)
	random := rand.New(rand.NewPCG(1, 2))
	written := make(chan struct{})
	var members []*member
	var writing, listening sync.WaitGroup
	for n := range 500 {
		who := n % len(c.actors)
		m := &member{
			Harness: c.Harness, protocol: []string{harness.TransportWS, harness.LegacyWS}[n/2%2], token: c.tokens[who], sees: c.actors[who],
			after: eventstore.Position(random.IntN(int(c.Head()))), slow: n%2 == 0, heard: make(chan eventstore.Position, 1000),
		}
		if n%10 == 3 {
			m.restless = rand.New(rand.NewPCG(uint64(n), 3))
		}
		m.vars = map[string]any{}
		m.vars["filter"], m.selects = c.filter(random)
		var ctx context.Context
		ctx, m.end = context.WithCancel(t.Context())
		members = append(members, m)
		listening.Go(func() { m.listenOn(ctx, written) })
	}
	for n := range c.authors {
		writing.Go(func() { c.write(n, 40) })
	}
	writing.Wait()
	close(written)
	log, err := c.Log.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for n, m := range members {
		var want, got []eventstore.Position
		for _, e := range log {
			if e.Position > m.after && m.selects(e) && c.sees(m.sees, e) {
				want = append(want, e.Position)
				select {
				case p := <-m.heard:
					got = append(got, p)
				case <-time.After(harness.Patience):
					t.Fatalf("subscriber %d: nothing comes after %v, want %v", n, got, want)
				}
			}
		}
		harness.WantPositions(t, fmt.Sprintf("subscriber %d, %v", n, m.sees), got, want)
	}
	for n, m := range members {
		m.end()
		for p := range m.heard {
			t.Errorf("subscriber %d: %s comes too often", n, p)
		}
	}
	listening.Wait()
}

func TestAClientThatDoesNotReadStopsNoOther(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	const query = `subscription($after: Position) { eventAppended(after: $after) { position data } }`
	idle, busy := h.Listen(token, query, nil), h.Listen(token, listenToPositions, map[string]any{"after": "0"})
	text := strings.Repeat("-", 100_000) // together more than the sockets hold
	for n := range 6 {
		var batch command.Batch
		for i := range 10 {
			batch.Commands = append(batch.Commands, command.CreateContent{Title: fmt.Sprint(n, i), Content: text, Format: domain.Plaintext, Status: domain.Draft})
		}
		h.Run(admin, batch)
	}
	harness.WantPositions(t, "who reads", busy.Positions(h.Head()), harness.Span(1, h.Head()))
	// Its unread events are still there, or the server has cut it and it resumes.
	var last eventstore.Position
	for last < h.Head() {
		a, err := idle.Result()
		if err != nil {
			idle = h.Listen(token, query, map[string]any{"after": last.String()})
			continue
		}
		if p := a.Position(); last > 0 && p != last+1 {
			t.Fatalf("position %s follows %s", p, last)
		} else {
			last = p
		}
	}
}

// TestUnsubscribingLeavesNoGoroutine runs alone, because it counts the goroutines of the process.
func TestUnsubscribingLeavesNoGoroutine(t *testing.T) { //nolint:paralleltest // see above
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	id := h.AppendContent(admin, "watched", domain.Draft).ID
	const query = `subscription($id: ID!) { it: contentChanged(id: $id) { version } }`
	const streamQuery = `subscription { eventStream(after: "0") { ... on EventReceived { position } ... on CaughtUp { position } } }`
	for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
		for _, cut := range []bool{false, true} {
			l := h.ListenBy(protocol, token, query, map[string]any{"id": id})
			l.Next()
			for n := range 40 {
				if err := l.Subscribe(fmt.Sprint("more ", n), streamQuery, nil); err != nil {
					t.Fatal(err)
				}
				for range h.Head() + 1 {
					l.Next()
				}
			}
			if running("flightdeck/web/fanout.(*broadcast).run") == 0 {
				t.Fatal("no goroutine of a subscription is found: the test looks for the wrong thing")
			}
			if cut {
				l.Close()
			} else {
				for n := range 40 {
					if err := l.Say(harness.Frame{ID: fmt.Sprint("more ", n), Type: l.Word("complete", "stop")}); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.Say(harness.Frame{ID: "1", Type: l.Word("complete", "stop")}); err != nil {
					t.Fatal(err)
				}
			}
			left := func() int {
				return running("flightdeck/web/fanout.(*broadcast).run") + running("flightdeck/resolvers.")
			}
			for deadline := time.Now().Add(harness.Patience); left() > 0; runtime.Gosched() {
				if time.Now().After(deadline) {
					t.Fatalf("%s, cut %t: %d goroutines are left", protocol, cut, left())
				}
			}
			l.Close()
		}
	}
}

// running counts the goroutines with a function of this prefix on their stack.
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
