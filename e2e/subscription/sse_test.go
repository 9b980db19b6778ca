package subscription

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// sseClient reads one event stream, as EventSource would.
type sseClient struct {
	t    *testing.T
	resp *http.Response
	r    *bufio.Reader
	hang context.CancelFunc
}

// listenSSE opens an event stream. last is the id of the last event seen, "" for none.
func listenSSE(h *harness.Harness, token, query, last string) *sseClient {
	h.T.Helper()
	ctx, cancel := context.WithTimeout(h.T.Context(), harness.Patience)
	h.T.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+"/graphql?query="+url.QueryEscape(query), nil)
	if err != nil {
		h.T.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.T.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		h.T.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return &sseClient{h.T, resp, bufio.NewReader(resp.Body), cancel}
}

// cut hangs up.
func (c *sseClient) cut() {
	c.hang()
	_ = c.resp.Body.Close()
}

// next returns the id, the kind and the data of the next event; all are empty at the end.
func (c *sseClient) next() (id, kind, data string) {
	c.t.Helper()
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return "", "", ""
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			data = value
		case "":
			if kind != "" {
				return id, kind, data
			}
		}
	}
}

// TestEventStreamResumesWhereItWasCut reads the log in pieces while others write. A client that
// returns with its last id misses no event and receives none twice, although its query still names
// the first position.
func TestEventStreamResumesWhereItWasCut(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	const each = 60
	write := func() {
		for range each {
			h.Ask(admin, `mutation { createContent(input: {title: "T", content: "x"}) { position } }`, nil)
		}
	}
	write()
	done := make(chan struct{})
	go func() { defer close(done); write() }()
	for name, query := range map[string]string{
		"eventAppended": `subscription { eventAppended(after: "1", filter: {types: ["ContentCreated"]}) { position } }`,
		"eventStream":   `subscription { eventStream(after: "1") { ... on EventReceived { position } } }`,
	} {
		last, seen := "", 1
		for piece := 1; seen < 1+2*each; piece++ {
			c := listenSSE(h, admin, query, last)
			for n := 0; n < piece && seen < 1+2*each; n++ {
				id, kind, data := c.next()
				if kind != "next" || id == "" {
					t.Fatalf("%s: after %q: %q %q %q", name, last, id, kind, data)
				}
				last = id
				var result struct {
					Data map[string]struct{ Position string }
				}
				if err := json.Unmarshal([]byte(data), &result); err != nil {
					t.Fatal(err)
				}
				at := result.Data[name].Position
				if at == "" {
					continue // where the past ends, or how far things are
				}
				seen++
				if at != strconv.Itoa(seen) || at != id {
					t.Fatalf("%s: position %s with the id %s, where %d comes next", name, at, id, seen)
				}
			}
			c.cut()
		}
	}
	<-done
}

func TestEventStreamBeginsAfterTheLaterOfBoth(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	for range 5 {
		h.Must(admin, `mutation { createContent(input: {title: "T", content: "x"}) { position errors { message } } }`, nil)
	}
	for _, test := range []struct{ after, last, first string }{
		{`(after: "0")`, "", "1"},
		{`(after: "0")`, "2", "3"},
		{`(after: "4")`, "2", "5"},
		{``, "2", "3"},
	} {
		c := listenSSE(h, admin, `subscription { eventAppended`+test.after+` { position } }`, test.last)
		if id, _, data := c.next(); id != test.first {
			t.Errorf("%+v begins with %s %s", test, id, data)
		}
		c.cut()
	}
	for last, says := range map[string]string{"999": "is in the future", "x": "is not a position: send it as it was received", "-1": "is not a position"} {
		c := listenSSE(h, admin, `subscription { eventAppended { position } }`, last)
		if id, kind, data := c.next(); id != "" || kind != "next" || !strings.Contains(data, says) {
			t.Errorf("after %s: %q %q %q", last, id, kind, data)
		}
		if _, kind, _ := c.next(); kind != "complete" {
			t.Errorf("after %s it ends with %q", last, kind)
		}
		c = listenSSE(h, admin, `subscription { eventStream { __typename ... on StreamReset { reason } } }`, last)
		if id, _, data := c.next(); id != "" || !strings.Contains(data, "StreamReset") || !strings.Contains(data, says) {
			t.Errorf("a stream after %s: %q %q", last, id, data)
		}
	}
}

func TestEventStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	_, viewer := h.User(domain.Viewer)
	c := listenSSE(h, viewer, `subscription { eventStream(after: "0") { __typename ... on CaughtUp { position } } }`, "")
	for {
		_, kind, data := c.next()
		if kind != "next" {
			t.Fatalf("heard %q %q before it had caught up", kind, data)
		}
		if strings.Contains(data, "CaughtUp") {
			break
		}
	}
	h.Must(viewer, `mutation { logOut { loggedOut } }`, nil)
	h.Must(admin, `mutation { createContent(input: {title: "T", content: "x", status: PUBLISHED}) { position errors { message } } }`, nil)
	if id, kind, data := c.next(); kind != "" {
		t.Errorf("heard %q %q %q after the log-out", id, kind, data)
	}
}
