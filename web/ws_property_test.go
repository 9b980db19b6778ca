package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"pgregory.net/rapid"
)

// wire is a message of the server.
type wire struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// TestOrderOfMessages checks that, for every client that keeps to the protocol, the server sends
// next* (complete | error) for each operation, no message after that or after the client's
// complete, and accepts the id again then.
func TestOrderOfMessages(t *testing.T) {
	t.Parallel()
	schema := newStub()
	close(schema.ticks)
	_, url := serve(t, testConfig(schema))
	queries := []string{`{log{head}}`, `{nothing}`, `{panic}`, `{fail}`, `subscription{flood}`, `subscription{tick}`, `subscription{refused}`}
	rapid.Check(t, func(rt *rapid.T) {
		c := enter(t, url)
		defer c.close()
		open := map[string]bool{}  // ids in use: neither the client nor the server has ended them
		stale := map[string]bool{} // ids that the client has ended, with messages that may be on their way
		var pinged []string        // stale ids at the time of the unanswered ping
		pings := 0
		hear := func() {
			var m wire
			if err := json.Unmarshal([]byte(c.next()), &m); err != nil {
				rt.Fatal(err)
			}
			switch {
			case m.Type == "pong":
				pings--
				for _, id := range pinged {
					delete(stale, id)
				}
			case open[m.ID]:
				open[m.ID] = m.Type == "next"
			case !stale[m.ID]:
				rt.Fatalf("%s for %q, which has ended", m.Type, m.ID)
			}
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			id := fmt.Sprint(rapid.IntRange(1, 4).Draw(rt, "id"))
			switch rapid.SampledFrom([]string{"subscribe", "complete", "ping", "hear"}).Draw(rt, "step") {
			case "subscribe":
				if !open[id] && !stale[id] {
					query := rapid.SampledFrom(queries).Draw(rt, "query")
					c.say(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, id, query))
					open[id] = true
				}
			case "complete":
				c.say(fmt.Sprintf(`{"id":%q,"type":"complete"}`, id))
				if open[id] {
					open[id], stale[id] = false, true
				}
			case "ping":
				if pings == 0 {
					c.say(`{"type":"ping"}`)
					pings, pinged = 1, slices.Collect(maps.Keys(stale))
				}
			case "hear":
				for _, is := range open {
					if is {
						hear()
						break
					}
				}
			}
		}
		for pings > 0 {
			hear()
		}
	})
}

// FuzzMessage checks that the server answers every message of a client with messages of the
// protocol or one of its close codes, and that the connection leaves no goroutine.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"ping"}`, `{"id":"1","type":"subscribe","payload":{"query":"{log{head}}"}}`, `{"type":"connection_init"}`,
		`{"id":"1","type":"complete"}`, `null`, `{"type":1}`, `{"type":"ping","payload":{"a":[null]}}`, "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "wait") {
			t.Skip("a field that waits")
		}
		_, url := serve(t, testConfig(newStub()))
		c := enter(t, url)
		c.say(text, `{"type":"complete","id":"last"}`, `{"type":"connection_init"}`) // the second init ends the connection at the latest
		for {
			_, data, err := c.conn.ReadMessage()
			if err != nil {
				if e := closeCode(err); (e < 4400 || e > 4499) && e != websocket.CloseInvalidFramePayloadData {
					t.Errorf("ended with %v", err)
				}
				return
			}
			if !json.Valid(data) {
				t.Errorf("heard %s", data)
			}
		}
	})
}
