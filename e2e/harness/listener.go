package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"

	"github.com/gorilla/websocket"
)

// The sub-protocols of subscriptions over websockets.
const (
	TransportWS = "graphql-transport-ws"
	LegacyWS    = "graphql-ws"
)

// Patience is how long a test waits for an event that must come.
const Patience = 60 * time.Second

// Listener is one subscription, over a websocket of its own.
type Listener struct {
	t testing.TB
	// Conn is the websocket.
	Conn *websocket.Conn
	// Protocol is TransportWS or LegacyWS.
	Protocol string
}

// Frame is a message of either sub-protocol.
type Frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Dial connects to the server at an http:// address and subscribes. token may be empty, vars nil.
func Dial(ctx context.Context, t testing.TB, url, protocol, token, query string, vars map[string]any) (*Listener, error) {
	l, err := DialWith(ctx, t, url, protocol, token, nil)
	if err != nil {
		return nil, err
	}
	if err := l.Subscribe("1", query, vars); err != nil {
		return nil, errors.Join(err, l.Conn.Close())
	}
	return l, nil
}

// DialWith connects to the server at an http:// address, with the payload of connection_init. token
// and params may be empty.
func DialWith(ctx context.Context, t testing.TB, url, protocol, token string, params json.RawMessage) (*Listener, error) {
	dialer := websocket.Dialer{Subprotocols: []string{protocol}, HandshakeTimeout: Patience}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(url, "http")+"/graphql", header)
	if err != nil {
		return nil, err
	}
	l := &Listener{t: t, Conn: conn, Protocol: protocol}
	err = errors.Join(response.Body.Close(), conn.SetReadDeadline(time.Now().Add(Patience)), l.Say(Frame{Type: "connection_init", Payload: params}))
	if err == nil {
		err = l.Await("connection_ack")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return l, nil
}

// Listen subscribes by TransportWS until the test ends. token may be empty, vars nil.
func (h *Harness) Listen(token, query string, vars map[string]any) *Listener {
	h.T.Helper()
	return h.ListenBy(TransportWS, token, query, vars)
}

// ListenBy is Listen by one of the sub-protocols.
func (h *Harness) ListenBy(protocol, token, query string, vars map[string]any) *Listener {
	h.T.Helper()
	l, err := Dial(h.T.Context(), h.T, h.URL, protocol, token, query, vars)
	if err != nil {
		h.T.Fatalf("subscribe: %v", err)
	}
	h.T.Cleanup(l.Close)
	return l
}

// Close cuts the connection. It may be called twice.
func (l *Listener) Close() {
	if err := l.Conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		l.t.Errorf("close: %v", err)
	}
}

// Say sends a message.
func (l *Listener) Say(f Frame) error { return l.Conn.WriteJSON(f) }

// Subscribe sends a further operation with an id.
func (l *Listener) Subscribe(id, query string, vars map[string]any) error {
	payload, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return err
	}
	return l.Say(Frame{ID: id, Type: l.Word("subscribe", "start"), Payload: payload})
}

// Word returns the message type of the listener's own sub-protocol.
func (l *Listener) Word(current, legacy string) string {
	if l.Protocol == LegacyWS {
		return legacy
	}
	return current
}

// Hear returns the next message that is not a keep-alive.
func (l *Listener) Hear() (f Frame, err error) {
	for {
		f = Frame{}
		if err = l.Conn.ReadJSON(&f); err != nil {
			return f, err
		}
		if f.Type != "ping" && f.Type != "ka" {
			return f, nil
		}
	}
}

// Await returns an error unless the next message has a type.
func (l *Listener) Await(kind string) error {
	f, err := l.Hear()
	if err == nil && f.Type != kind {
		err = fmt.Errorf("heard %s %s, want %s", f.Type, f.Payload, kind)
	}
	return err
}

// Result returns the next result.
func (l *Listener) Result() (a Answer, err error) {
	f, err := l.Hear()
	if err != nil {
		return a, err
	}
	if f.Type != l.Word("next", "data") {
		return a, fmt.Errorf("heard %s %s, want a result", f.Type, f.Payload)
	}
	a.Raw = f.Payload
	return a, json.Unmarshal(f.Payload, &a)
}

// Next is Result for a result without errors.
func (l *Listener) Next() Answer {
	l.t.Helper()
	a, err := l.Result()
	if err != nil {
		l.t.Fatalf("listen: %v", err)
	}
	if len(a.Errors) > 0 {
		l.t.Fatalf("heard %s", a.Raw)
	}
	return a
}

// Refused returns the code of the only error, which ends the subscription.
func (l *Listener) Refused() string {
	l.t.Helper()
	a, err := l.Result()
	if err != nil {
		l.t.Fatalf("listen: %v", err)
	}
	if len(a.Errors) != 1 {
		l.t.Fatalf("heard %s, want one error", a.Raw)
	}
	if err := l.Await("complete"); err != nil {
		l.t.Error(err)
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// Positions returns the positions of the next events, up to and including last.
func (l *Listener) Positions(last eventstore.Position) (all []eventstore.Position) {
	l.t.Helper()
	for len(all) == 0 || all[len(all)-1] < last {
		all = append(all, l.Next().Position())
	}
	return all
}
