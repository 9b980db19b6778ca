package web_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flightdeck/web"

	"github.com/gorilla/websocket"
)

const (
	transportWS = "graphql-transport-ws"
	legacyWS    = "graphql-ws"
)

// client is the client's end of a websocket. It sends and receives the text of messages.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

// serve runs a server on the loopback interface until the test ends.
func serve(t *testing.T, config web.Config) (s *web.Server, url string) {
	t.Helper()
	s = web.New(config)
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		srv.Close()
	})
	return s, "ws" + strings.TrimPrefix(srv.URL, "http") + "/graphql"
}

// serveBubble runs a server on pipes, for tests in a bubble of synctest. The bubble's clock stands
// still while a goroutine runs, and a goroutine that is left over fails the test.
func serveBubble(t *testing.T, config web.Config) (*web.Server, func(protocol string) *client) {
	t.Helper()
	s := web.New(config)
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: s.Handler()} //nolint:gosec // no peer but the test
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := srv.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	dialer := &websocket.Dialer{NetDialContext: l.dial, ReadBufferSize: 128} // so that the server sees each read of a message
	return s, func(protocol string) *client {
		t.Helper()
		dialer.Subprotocols = []string{protocol}
		conn, _, err := dialer.DialContext(t.Context(), "ws://flightdeck/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t, conn}
		t.Cleanup(c.close)
		return c
	}
}

// pipeListener accepts the server's ends of pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.done); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	l.conns <- far
	return near, nil
}

// dial opens a websocket. header is a list of names and values.
func dial(t testing.TB, url, protocol string, header ...string) *client {
	t.Helper()
	dialer := &websocket.Dialer{HandshakeTimeout: patience}
	if protocol != "" {
		dialer.Subprotocols = []string{protocol}
	}
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, _, err := dialer.Dial(url, h)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t, conn}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// enter opens a websocket and introduces the client.
func enter(t testing.TB, url string) *client {
	t.Helper()
	c := dial(t, url, transportWS)
	c.enter()
	return c
}

func (c *client) enter() {
	c.t.Helper()
	c.say(`{"type":"connection_init"}`)
	c.hear(`{"type":"connection_ack"}`)
}

func (c *client) close() {
	if err := c.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		c.t.Errorf("close: %v", err)
	}
}

func (c *client) say(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		if err := c.conn.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			c.t.Fatalf("say %s: %v", m, err)
		}
	}
}

// next returns the next message.
func (c *client) next() string {
	c.t.Helper()
	_, data, err := c.conn.ReadMessage()
	if err != nil {
		c.t.Fatalf("hear: %v", err)
	}
	return string(data)
}

// hear expects these messages, and none between them.
func (c *client) hear(messages ...string) {
	c.t.Helper()
	for _, want := range messages {
		if got := c.next(); got != want {
			c.t.Fatalf("heard %s, want %s", got, want)
		}
	}
}

// hearNothing expects no message before the answer to a ping.
func (c *client) hearNothing() {
	c.t.Helper()
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`)
}

// hearClose expects the end of the connection.
func (c *client) hearClose(code int, reason string) {
	c.t.Helper()
	_, data, err := c.conn.ReadMessage()
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		c.t.Fatalf("heard %s (%v), want close %d", data, err, code)
	}
	if e.Code != code || e.Text != reason {
		c.t.Fatalf("closed with %d %q, want %d %q", e.Code, e.Text, code, reason)
	}
}

// closeCode returns the close code in an error, 0 for none.
func closeCode(err error) int {
	if e, ok := errors.AsType[*websocket.CloseError](err); ok {
		return e.Code
	}
	return 0
}
