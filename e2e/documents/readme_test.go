package documents

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"flightdeck/e2e/harness"

	"github.com/gorilla/websocket"
)

// tourBlock finds the operations of the README's tour.
var tourBlock = regexp.MustCompile("(?s)```graphql tour\n(.*?)```")

func TestReadmeTour(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var operations []string
	for _, match := range tourBlock.FindAllStringSubmatch(string(text), -1) {
		operations = append(operations, match[1])
	}
	if len(operations) != 6 {
		t.Fatalf("the tour has %d operations", len(operations))
	}
	h := harness.Start(t)
	token := h.Must("", operations[0], nil).Text("registerUser", "token")
	id := h.Must(token, operations[1], nil).Text("createContent", "content", "id")
	h.Must(token, operations[2], map[string]any{"id": id})
	before := h.Must(token, operations[3], map[string]any{"id": id})
	if now, then := before.Text("now", "content"), before.Text("then", "content"); !strings.Contains(now, "second") || !strings.Contains(then, "first") {
		t.Errorf("now is %q, then was %q", now, then)
	}
	deck := h.Must(token, operations[4], nil)
	if notes := deck.Text("createPresentation", "presentation", "slides", 1, "notes"); notes != "smile" {
		t.Errorf("the notes are %q", notes)
	}
	listen(t, h, token, operations[5], []string{
		"UserRegistered", "ContentCreated", "ContentUpdated", "ContentPublished", "PresentationCreated", "SlideAdded", "SlideAdded",
	})
}

// listen runs a subscription to eventAppended and compares the types of its first events.
func listen(t *testing.T, h *harness.Harness, token, operation string, types []string) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, response, err := dialer.DialContext(t.Context(), strings.Replace(h.URL, "http", "ws", 1)+"/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	defer func() { _ = conn.Close() }()
	exchange := func(message any) {
		if err := conn.WriteJSON(message); err != nil {
			t.Fatal(err)
		}
	}
	exchange(map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + token}})
	exchange(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": operation}})
	for i := 0; i < len(types); {
		var message struct {
			Type    string
			Payload struct {
				Data struct{ EventAppended struct{ Type string } }
			}
		}
		if err := conn.ReadJSON(&message); err != nil {
			t.Fatal(err)
		}
		if message.Type != "next" {
			continue
		}
		if got := message.Payload.Data.EventAppended.Type; got != types[i] {
			t.Errorf("event %d is a %s, want %s", i+1, got, types[i])
		}
		i++
	}
}
