package operator

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"flightdeck/app"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// TestAcknowledgedCommandsSurviveKill kills a server in the middle of 64 writers, again and again,
// on one database. Every acknowledged command is there. Every other command is absent or whole, and
// happens once if it is sent again with its key. The database verifies before a server recovers it.
// A subscriber that resumes from its last position receives every event once and in order.
func TestAcknowledgedCommandsSurviveKill(t *testing.T) {
	t.Parallel()
	rounds := 3
	if harness.Long() {
		rounds = 20
	}
	c := newCrash(t)
	for round := range rounds {
		c.round(round)
		c.check()
		if t.Failed() {
			return
		}
	}
	c.recover()
	c.check()
	if len(c.seen) != len(c.events) {
		t.Errorf("the subscriber saw %d of %d events", len(c.seen), len(c.events))
	}
	t.Logf("%d events in %d rounds; of the commands that were cut off %d are absent, %d whole", len(c.events), rounds, c.absent, c.whole)
}

// crash is a database, its writers, and the test's knowledge of its log.
type crash struct {
	t       *testing.T
	rand    *rand.Rand
	binary  string
	path    string
	token   string
	writers []*crashWriter
	// events is the log at the last check; byMark has the events of each command.
	events []eventstore.Event
	byMark map[string][]eventstore.Event
	// absent and whole count the commands that a kill cut off: those that it prevented, and those
	// that were already committed.
	absent, whole int
	// seen has the ids of the events that the subscriber received, in the order of positions
	// from 1.
	seen []string
}

func newCrash(t *testing.T) *crash {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := &crash{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), binary: harness.Binary(t), path: filepath.Join(t.TempDir(), "crash.db"),
		byMark: make(map[string][]eventstore.Event),
	}
	d, err := app.Open(t.Context(), harness.AppOptions(c.path))
	if err != nil {
		t.Fatal(err)
	}
	h := &harness.Harness{App: d, T: t}
	admin, token := h.Actor("ADMIN")
	shared := h.AppendContent(admin, "shared", "PUBLISHED").ID
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	c.token = token
	for n := range 64 {
		c.writers = append(c.writers, &crashWriter{
			crash: c, n: n, contents: []string{shared}, rand: rand.New(rand.NewPCG(seed, uint64(n)+1)),
		})
	}
	return c
}

// round starts the server with its writers and a subscriber, and kills it after some
// acknowledgements, possibly none.
func (c *crash) round(n int) {
	c.t.Helper()
	after := int64(0)
	if n%5 != 4 {
		after = 50 + c.rand.Int64N(350)
	}
	p := harness.StartProcess(c.t, c.path)
	var acknowledged atomic.Int64
	enough := make(chan struct{})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(c.writers)}}
	defer client.CloseIdleConnections()
	var writing, listening sync.WaitGroup
	for _, w := range c.writers {
		writing.Go(func() {
			w.write(client, p.URL, func() {
				if acknowledged.Add(1) == after {
					close(enough)
				}
			})
		})
	}
	listening.Go(func() { c.listen(p.URL, 0) })
	failed := make(chan struct{})
	go func() {
		writing.Wait()
		close(failed) // or the server was killed
	}()
	if after > 0 {
		select {
		case <-enough:
		case <-failed:
		}
	}
	p.Kill(c.t)
	writing.Wait()
	listening.Wait()
}

// recover starts the server once more, sends every unanswered command again, and lets the
// subscriber read to the end.
func (c *crash) recover() {
	c.t.Helper()
	p := harness.StartProcess(c.t, c.path)
	client := &http.Client{}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for _, w := range c.writers {
		all.Go(func() {
			if w.resend(client, p.URL); w.pending != nil {
				c.t.Errorf("writer %d: the last command was not answered", w.n)
			}
		})
	}
	all.Wait()
	c.read()
	c.listen(p.URL, eventstore.Position(len(c.events)))
	p.Kill(c.t)
}

// check examines the database as the killed process left it.
func (c *crash) check() {
	c.t.Helper()
	c.verify()
	c.read()
	for _, w := range c.writers {
		w.check()
	}
	if len(c.seen) > len(c.events) {
		c.t.Fatalf("the subscriber saw %d events, the log has %d", len(c.seen), len(c.events))
	}
	for i, id := range c.seen {
		if id != c.events[i].ID {
			c.t.Fatalf("the subscriber saw %s at position %d, the log has %s", id, i+1, c.events[i].ID)
		}
	}
}

func (c *crash) verify() {
	c.t.Helper()
	if out, err := exec.CommandContext(c.t.Context(), c.binary, "verify", "--json", "--db", c.path).CombinedOutput(); err != nil {
		c.t.Fatalf("verify: %v: %s", err, out)
	}
}

var mark = regexp.MustCompile(`w\d+n\d+e`)

// read reads the events since the last call.
func (c *crash) read() {
	c.t.Helper()
	engine, err := sqlite.Open(c.t.Context(), c.path, sqlite.Options{ReadOnly: true, Migrations: app.Migrations()})
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			c.t.Error(err)
		}
	}()
	for { // a page is shorter when its data is long, and empty only at the end of the log
		page, err := engine.Read(c.t.Context(), eventstore.Position(len(c.events)), 1<<20)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(page) == 0 {
			return
		}
		c.events = append(c.events, page...)
		for _, e := range page {
			m := mark.FindString(string(e.Data))
			c.byMark[m] = append(c.byMark[m], e)
		}
	}
}

// listen subscribes after the last position seen, until the connection breaks or, if until is not
// 0, up to that position.
func (c *crash) listen(url string, until eventstore.Position) {
	const query = `subscription($after: Position) { eventAppended(after: $after) { id position } }`
	l, err := harness.Dial(c.t.Context(), c.t, url, harness.TransportWS, c.token, query, map[string]any{"after": fmt.Sprint(len(c.seen))})
	if err != nil {
		if until != 0 {
			c.t.Errorf("subscribe: %v", err)
		}
		return
	}
	defer l.Close()
	for until == 0 || len(c.seen) < int(until) {
		a, err := l.Result()
		if err != nil {
			if until != 0 {
				c.t.Errorf("listen: %v", err)
			}
			return
		}
		if a.Position() != eventstore.Position(len(c.seen)+1) {
			c.t.Errorf("after position %d came %s", len(c.seen), a.Raw)
			return
		}
		c.seen = append(c.seen, a.Text("eventAppended", "id"))
	}
}
