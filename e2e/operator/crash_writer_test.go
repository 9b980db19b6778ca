package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"

	"flightdeck/e2e/harness"
)

// crashWriter sends one command after the other, each with a key of its own.
type crashWriter struct {
	*crash
	n        int
	rand     *rand.Rand
	count    int
	contents []string
	pending  *attempt // sent, and not answered yet
	answered []*attempt
	checked  int // how many of answered were checked
}

// attempt is a command that a writer sends until it is answered.
type attempt struct {
	mark   string
	body   []byte
	events int    // how many it appends
	answer string // its payload, once it is answered
}

// write sends commands until the server is gone: first the unanswered command, then an answered one
// again, then new ones.
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

// resend sends the pending command, and records its answer.
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

// next draws a command.
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

// send returns the payload of the answer. An error means that there was no answer.
func (w *crashWriter) send(client *http.Client, url string, body []byte) (payload string, err error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), harness.Patience)
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

// check compares the answers to the writer with the log.
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
	switch n := len(w.byMark[w.pending.mark]); n {
	case 0:
		w.absent++
	case w.pending.events:
		w.whole++
	default:
		w.t.Errorf("%s was done by half: %d of %d events", w.pending.mark, n, w.pending.events)
	}
}
