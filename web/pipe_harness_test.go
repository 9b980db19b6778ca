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

// pipe is the other end of a connection to the server that Server.HTTPServer makes,
// byte by byte. It is for tests in a bubble of synctest: the connection is a pipe,
// which holds nothing, so that who does not read stops the server's writing.
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

// request sends a request; header is a list of names and values.
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
