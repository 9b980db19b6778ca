package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// The sub-protocols of subscriptions.
const (
	transportWS = "graphql-transport-ws"
	legacyWS    = "graphql-ws"
)

// patience is how long a test waits for what has to come.
const patience = 60 * time.Second

// desk is a harness for tests that write in process and listen over websockets.
type desk struct{ *harness }

func startDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{start(t)}
}

// in is the same desk for a part of the test.
func (h *desk) in(t *testing.T) *desk {
	part := *h.harness
	part.t = t
	return &desk{&part}
}

// listener is one subscription, over a websocket of its own.
type listener struct {
	t        testing.TB
	conn     *websocket.Conn
	protocol string
}

// frame is a message of either sub-protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// open connects to the server at an http:// address and subscribes.
func open(ctx context.Context, t testing.TB, url, protocol, token, query string, vars map[string]any) (*listener, error) {
	dialer := websocket.Dialer{Subprotocols: []string{protocol}, HandshakeTimeout: patience}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(url, "http")+"/graphql", header)
	if err != nil {
		return nil, err
	}
	l := &listener{t: t, conn: conn, protocol: protocol}
	err = errors.Join(response.Body.Close(), conn.SetReadDeadline(time.Now().Add(patience)), l.say(frame{Type: "connection_init"}))
	if err == nil {
		err = l.await("connection_ack")
	}
	if err == nil {
		err = l.subscribe("1", query, vars)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return l, nil
}

// listen subscribes by the current protocol; token may be empty, vars nil.
func (h *desk) listen(token, query string, vars map[string]any) *listener {
	h.t.Helper()
	return h.listenBy(transportWS, token, query, vars)
}

func (h *desk) listenBy(protocol, token, query string, vars map[string]any) *listener {
	h.t.Helper()
	l, err := open(h.t.Context(), h.t, h.url, protocol, token, query, vars)
	if err != nil {
		h.t.Fatalf("subscribe: %v", err)
	}
	h.t.Cleanup(l.close)
	return l
}

// close cuts the connection. It may be called twice.
func (l *listener) close() {
	if err := l.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		l.t.Errorf("close: %v", err)
	}
}

func (l *listener) say(f frame) error { return l.conn.WriteJSON(f) }

func (l *listener) subscribe(id, query string, vars map[string]any) error {
	payload, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return err
	}
	return l.say(frame{ID: id, Type: l.word("subscribe", "start"), Payload: payload})
}

// word is how the protocol says something.
func (l *listener) word(current, legacy string) string {
	if l.protocol == legacyWS {
		return legacy
	}
	return current
}

// hear returns the next message but for signs of life.
func (l *listener) hear() (f frame, err error) {
	for {
		f = frame{}
		if err = l.conn.ReadJSON(&f); err != nil {
			return f, err
		}
		if f.Type != "ping" && f.Type != "ka" {
			return f, nil
		}
	}
}

// await reads up to a message of a type.
func (l *listener) await(kind string) error {
	f, err := l.hear()
	if err == nil && f.Type != kind {
		err = fmt.Errorf("heard %s %s, want %s", f.Type, f.Payload, kind)
	}
	return err
}

// result returns the next result.
func (l *listener) result() (a answer, err error) {
	f, err := l.hear()
	if err != nil {
		return a, err
	}
	if f.Type != l.word("next", "data") {
		return a, fmt.Errorf("heard %s %s, want a result", f.Type, f.Payload)
	}
	a.raw = f.Payload
	return a, json.Unmarshal(f.Payload, &a)
}

// next returns the next result, which has no errors.
func (l *listener) next() answer {
	l.t.Helper()
	a, err := l.result()
	if err != nil {
		l.t.Fatalf("listen: %v", err)
	}
	if len(a.Errors) > 0 {
		l.t.Fatalf("heard %s", a.raw)
	}
	return a
}

// refused returns the code of the error that ends the subscription.
func (l *listener) refused() string {
	l.t.Helper()
	a, err := l.result()
	if err != nil {
		l.t.Fatalf("listen: %v", err)
	}
	if len(a.Errors) != 1 {
		l.t.Fatalf("heard %s, want one error", a.raw)
	}
	if err := l.await("complete"); err != nil {
		l.t.Error(err)
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// positions returns those of the events up to and including one.
func (l *listener) positions(last eventstore.Position) (all []eventstore.Position) {
	l.t.Helper()
	for len(all) == 0 || all[len(all)-1] < last {
		all = append(all, l.next().position())
	}
	return all
}

// position is that of the event or item that a result of a subscription holds.
func (a answer) position() eventstore.Position {
	for name := range a.Data {
		p, err := eventstore.ParsePosition(a.text(name, "position"))
		if err != nil {
			panic(fmt.Sprintf("no position in %s", a.raw))
		}
		return p
	}
	panic(fmt.Sprintf("no data in %s", a.raw))
}

// actor makes a user with a role.
func (h *desk) actor(role domain.Role) (actor domain.Actor, token string) {
	h.t.Helper()
	id, token := h.user(role)
	return domain.Actor{UserID: id, Role: role}, token
}

// do runs a command as an actor.
func (h *desk) do(actor domain.Actor, cmd command.Command) command.Result {
	h.t.Helper()
	done, err := h.Commands.Do(auth.WithActor(h.t.Context(), actor), cmd)
	if err != nil {
		h.t.Fatalf("%T: %v", cmd, err)
	}
	return done
}

// content creates a content with a title.
func (h *desk) content(actor domain.Actor, title string, status domain.ContentStatus) command.Result {
	h.t.Helper()
	return h.do(actor, newContent(title, status))
}

func newContent(title string, status domain.ContentStatus) command.CreateContent {
	return command.CreateContent{Title: title, Content: "text of " + title, Format: domain.Markdown, Status: status}
}

// contents appends as many events, in batches.
func (h *desk) contents(actor domain.Actor, n int) {
	h.t.Helper()
	for n > 0 {
		var batch command.Batch
		for i := range min(n, command.MaxBatch) {
			batch.Commands = append(batch.Commands, newContent(fmt.Sprintf("content %s %d", h.head(), i), domain.Draft))
		}
		n -= len(batch.Commands)
		h.do(actor, batch)
	}
}

// head is the end of the log.
func (h *desk) head() eventstore.Position { return h.Log.Head().Position }

// span lists the positions from one to another.
func span(first, last eventstore.Position) (all []eventstore.Position) {
	for p := first; p <= last; p++ {
		all = append(all, p)
	}
	return all
}

// wantPositions compares lists of positions.
func wantPositions(t testing.TB, what string, got, want []eventstore.Position) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: heard %v, want %v", what, got, want)
	}
}

// ptr is a pointer to v.
func ptr[T any](v T) *T { return &v }

// set is an input field that is given.
func set[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }
