package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"flightdeck/web"
)

// pipe is the client's end of a connection to Server.HTTPServer, for tests in a bubble of synctest.
// The connection is a pipe without a buffer: a client that does not read stops the server's writes.
type pipe struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

// servePipes runs a server on pipes.
func servePipes(t *testing.T, config web.Config) (*web.Server, func() *pipe) {
	t.Helper()
	s := web.New(config)
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := s.HTTPServer()
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
	return s, func() *pipe {
		t.Helper()
		conn, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		c := &pipe{conn, t, bufio.NewReader(conn)}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
}

// request sends a request. header is a list of names and values.
func (c *pipe) request(method, target, body string, header ...string) {
	c.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: flightdeck\r\nContent-Length: %d\r\n", method, target, len(body))
	for i := 0; i < len(header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"+body); err != nil {
		c.t.Fatal(err)
	}
}

// response reads the header of an answer.
func (c *pipe) response() *http.Response {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp
}

// subscribe opens an event stream.
func (c *pipe) subscribe(query string, header ...string) *events {
	c.t.Helper()
	header = append(header, "Content-Type", "application/json", "Accept", "text/event-stream")
	c.request("POST", "/graphql", `{"query":"`+query+`"}`, header...)
	resp := c.response()
	wantEqual(c.t, "status", resp.StatusCode, 200)
	wantEqual(c.t, "type", resp.Header.Get("Content-Type"), "text/event-stream; charset=utf-8")
	return &events{c.t, bufio.NewReader(resp.Body)}
}

// events is an event stream as it is on the wire.
type events struct {
	t *testing.T
	r *bufio.Reader
}

// next returns a comment, or the lines up to the next empty one, without it. It returns an error at
// the end.
func (e *events) next() (string, error) {
	var b strings.Builder
	for {
		line, err := e.r.ReadString('\n')
		if err != nil || line == "\n" {
			return strings.TrimSuffix(b.String(), "\n"), err
		}
		b.WriteString(line)
		if b.String() == comment+"\n" {
			return comment, nil
		}
	}
}

// hear expects these events or comments, and none between them.
func (e *events) hear(want ...string) {
	e.t.Helper()
	for _, w := range want {
		if got, err := e.next(); got != w || err != nil {
			e.t.Fatalf("heard %q (%v), want %q", got, err, w)
		}
	}
}

// hearEnd expects the regular end of the answer.
func (e *events) hearEnd() {
	e.t.Helper()
	if got, err := e.next(); got != "" || !errors.Is(err, io.EOF) {
		e.t.Fatalf("heard %q (%v), want the end", got, err)
	}
}
