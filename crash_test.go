package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// TestAcknowledgedCommandsSurviveKill: a server is killed in the middle of 64
// writers, again and again, on one file. Whatever was acknowledged is there; every
// other command is absent or whole, and sent again with its key it happens once; the
// database verifies before anything recovered it; and a subscriber that resumes from
// its last position sees every event once, in order.
func TestAcknowledgedCommandsSurviveKill(t *testing.T) {
	t.Parallel()
	rounds := 20
	if testing.Short() {
		rounds = 3
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
	if n := len(c.events); n < rounds*50 {
		t.Errorf("only %d events were written: the rounds prove little", n)
	}
	t.Logf("%d events in %d rounds", len(c.events), rounds)
}

// crash is a database, those who write to it, and what is known of it.
type crash struct {
	t       *testing.T
	rand    *rand.Rand
	binary  string
	path    string
	token   string
	writers []*crashWriter
	// events are the log as the last check found it; byMark those of a command.
	events []eventstore.Event
	byMark map[string][]eventstore.Event
	// seen is what the subscriber saw, by place: position less one.
	seen []string
}

func newCrash(t *testing.T) *crash {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := &crash{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), binary: build(t), path: filepath.Join(t.TempDir(), "crash.db"),
		byMark: make(map[string][]eventstore.Event),
	}
	d, err := testEnvironment(t, c.path).open(eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &desk{&harness{deck: d, t: t}}
	admin, token := h.actor("ADMIN")
	shared := h.content(admin, "shared", "PUBLISHED").ID
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

// round starts the server, lets everybody write and one listen, and kills it after
// some acknowledgements, possibly none.
func (c *crash) round(n int) {
	c.t.Helper()
	after := int64(0)
	if n%5 != 4 {
		after = c.rand.Int64N(400)
	}
	p := startProcess(c.t, c.binary, c.path)
	var acknowledged atomic.Int64
	enough := make(chan struct{})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(c.writers)}}
	defer client.CloseIdleConnections()
	var writing, listening sync.WaitGroup
	for _, w := range c.writers {
		writing.Go(func() {
			w.write(client, p.url, func() {
				if acknowledged.Add(1) == after {
					close(enough)
				}
			})
		})
	}
	listening.Go(func() { c.listen(p.url, 0) })
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
	p.kill(c.t)
	writing.Wait()
	listening.Wait()
}

// recover starts the server once more, has every command that was not answered
// sent again, and the subscriber read to the end.
func (c *crash) recover() {
	c.t.Helper()
	p := startProcess(c.t, c.binary, c.path)
	client := &http.Client{}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for _, w := range c.writers {
		all.Go(func() {
			if w.resend(client, p.url); w.pending != nil {
				c.t.Errorf("writer %d: the last command was not answered", w.n)
			}
		})
	}
	all.Wait()
	c.read()
	c.listen(p.url, eventstore.Position(len(c.events)))
	p.kill(c.t)
}

// check looks at the database as the killed process left it.
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

// read reads what was appended since it was called last.
func (c *crash) read() {
	c.t.Helper()
	engine, err := sqlite.Open(c.t.Context(), c.path, sqlite.Options{ReadOnly: true, Migrations: migrations()})
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			c.t.Error(err)
		}
	}()
	page, err := engine.Read(c.t.Context(), eventstore.Position(len(c.events)), 1<<20)
	if err != nil {
		c.t.Fatal(err)
	}
	c.events = append(c.events, page...)
	for _, e := range page {
		m := mark.FindString(string(e.Data))
		c.byMark[m] = append(c.byMark[m], e)
	}
}

// listen subscribes after the last position seen, until the connection breaks or,
// when it is not 0, up to a position.
func (c *crash) listen(url string, until eventstore.Position) {
	const query = `subscription($after: Position) { eventAppended(after: $after) { id position } }`
	l, err := open(c.t.Context(), c.t, url, transportWS, c.token, query, map[string]any{"after": fmt.Sprint(len(c.seen))})
	if err != nil {
		if until != 0 {
			c.t.Errorf("subscribe: %v", err)
		}
		return
	}
	defer l.close()
	for until == 0 || len(c.seen) < int(until) {
		a, err := l.result()
		if err != nil {
			if until != 0 {
				c.t.Errorf("listen: %v", err)
			}
			return
		}
		if a.position() != eventstore.Position(len(c.seen)+1) {
			c.t.Errorf("after position %d came %s", len(c.seen), a.raw)
			return
		}
		c.seen = append(c.seen, a.text("eventAppended", "id"))
	}
}

// crashWriter sends one command after the other, each with a key of its own.
type crashWriter struct {
	*crash
	n        int
	rand     *rand.Rand
	count    int
	contents []string
	pending  *attempt // sent, and perhaps never answered
	answered []*attempt
	checked  int // of those answered
}

// attempt is a command that a writer sends until it is answered.
type attempt struct {
	mark   string
	body   []byte
	events int    // that it appends
	answer string // its payload, once it was answered
}

// write sends commands until the server is gone: first what was not answered, then
// again something that was, then new ones.
func (w *crashWriter) write(client *http.Client, url string, acknowledge func()) {
	w.resend(client, url)
	if n := len(w.answered); w.pending == nil && n > 0 {
		again := *w.answered[w.rand.IntN(n)]
		payload, err := w.send(client, url, again.body)
		if err == nil && payload != again.answer {
			w.t.Errorf("%s was answered with %s, and again with %s", again.mark, again.answer, payload)
		}
	}
	for w.pending == nil && !w.t.Failed() {
		w.count++
		w.pending = w.next()
		w.resend(client, url)
		if w.pending == nil {
			acknowledge()
		}
	}
}

// resend sends what is pending, and notes the answer if one comes.
func (w *crashWriter) resend(client *http.Client, url string) {
	if w.pending == nil {
		return
	}
	payload, err := w.send(client, url, w.pending.body)
	if err != nil {
		return
	}
	w.pending.answer = payload
	if m := contentID.FindString(payload); m != "" {
		w.contents = append(w.contents, m)
	}
	w.answered = append(w.answered, w.pending)
	w.pending = nil
}

var contentID = regexp.MustCompile(`content-[0-9a-f-]{36}`)

// next makes up a command.
func (w *crashWriter) next() *attempt {
	a := &attempt{mark: fmt.Sprintf("w%dn%de", w.n, w.count), events: 1}
	key := "key of " + a.mark
	filler := strings.Repeat("x", w.rand.IntN(6000))
	create := map[string]any{"title": a.mark, "content": filler}
	update := map[string]any{"id": w.contents[w.rand.IntN(len(w.contents))], "title": a.mark, "content": filler}
	var name, about string
	var input map[string]any
	switch w.rand.IntN(8) {
	case 0:
		name, about = "createPresentation", "presentation { id version slides { content } }"
		a.events = 4
		input = map[string]any{"title": a.mark, "markdown": strings.Join([]string{a.mark, a.mark, filler + a.mark}, "\n\n---\n\n")}
	case 1:
		name, about = "applyBatch", "results { id }"
		a.events = 3
		input = map[string]any{"commands": []any{
			map[string]any{"createContent": create}, map[string]any{"updateContent": update}, map[string]any{"createContent": create},
		}}
	case 2, 3, 4:
		name, about, input = "updateContent", "content { id version title }", update
	default:
		name, about, input = "createContent", "content { id version title }", create
	}
	input["idempotencyKey"] = key
	var err error
	a.body, err = json.Marshal(map[string]any{
		"query": fmt.Sprintf(`mutation($input: %sInput!) { %s(input: $input) { errors { message } position events { id position data } %s } }`,
			strings.ToUpper(name[:1])+name[1:], name, about),
		"variables": map[string]any{"input": input},
	})
	if err != nil {
		w.t.Error(err)
	}
	return a
}

// send returns the payload of the answer; an error means that there was none.
func (w *crashWriter) send(client *http.Client, url string, body []byte) (payload string, err error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token)
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }() //nolint:errcheck // it was read, or the server is gone
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if !bytes.Contains(raw, []byte(`"errors":[],`)) || response.StatusCode != http.StatusOK {
		w.t.Errorf("writer %d: status %d: %s", w.n, response.StatusCode, raw)
	}
	return string(raw), nil
}

// check compares what the writer was told with the log.
func (w *crashWriter) check() {
	w.t.Helper()
	for _, a := range w.answered[w.checked:] {
		var said struct {
			Data map[string]struct {
				Position string
				Events   []struct{ ID, Position string }
			}
		}
		if err := json.Unmarshal([]byte(a.answer), &said); err != nil {
			w.t.Fatal(err)
		}
		found := w.byMark[a.mark]
		for _, payload := range said.Data {
			if len(found) != a.events || len(payload.Events) != a.events {
				w.t.Fatalf("%s has %d events, its answer %d, want %d", a.mark, len(found), len(payload.Events), a.events)
			}
			for i, e := range payload.Events {
				if e.ID != found[i].ID || e.Position != found[i].Position.String() {
					w.t.Fatalf("%s: event %d was said to be %v, the log has %v", a.mark, i, e, found[i])
				}
			}
			if last := found[a.events-1].Position.String(); payload.Position != last {
				w.t.Errorf("%s landed at %s, its answer says %s", a.mark, last, payload.Position)
			}
		}
	}
	w.checked = len(w.answered)
	if w.pending == nil {
		return
	}
	if n := len(w.byMark[w.pending.mark]); n != 0 && n != w.pending.events {
		w.t.Errorf("%s was done by half: %d of %d events", w.pending.mark, n, w.pending.events)
	}
}
