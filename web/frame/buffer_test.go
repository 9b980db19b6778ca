package frame_test

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/web/frame"

	"github.com/gorilla/websocket"
)

// patience bounds a step of a test.
const patience = 20 * time.Second

// connect returns the two ends of a websocket: the server's connection and gorilla's client.
func connect(t *testing.T) (*frame.Conn, *websocket.Conn) {
	t.Helper()
	conns := make(chan *frame.Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hijacker := &frame.Hijacker{ResponseWriter: w}
		if _, err := (&websocket.Upgrader{}).Upgrade(hijacker, r, nil); err != nil {
			t.Error(err)
			return
		}
		hijacker.Conn.Open()
		conns <- hijacker.Conn
	}))
	t.Cleanup(server.Close)
	client, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	conn := <-conns
	t.Cleanup(func() { _ = conn.Close() })
	return conn, client
}

func TestGatheredFramesArriveAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	conn, client := connect(t)
	var sent []string
	buffer := frame.NewBuffer()
	defer buffer.Release()
	for round := range 3 {
		for _, lengths := range [][]int{{0}, {1, 2, 3}, {125}, {126}, {2048, 2049, 1}, {1 << 16}, {1 << 17, 5}, {3}} {
			var texts [][]byte
			for _, n := range lengths {
				texts = append(texts, bytes.Repeat([]byte{byte('a' + round)}, n))
			}
			buffer.Add(websocket.TextMessage, texts...)
			sent = append(sent, string(slices.Concat(texts...)))
		}
		if !buffer.Full() {
			t.Error("a buffer of 200 KiB is not full")
		}
		flushed := make(chan error)
		go func() { flushed <- buffer.Flush(conn, patience, func() bool { return false }) }()
		for _, want := range sent {
			if _, got, err := client.ReadMessage(); err != nil || string(got) != want {
				t.Fatalf("read %d bytes (%v), want %d", len(got), err, len(want))
			}
		}
		if err := <-flushed; err != nil {
			t.Fatal(err)
		}
		if buffer.Full() {
			t.Error("a flushed buffer is full")
		}
		sent = nil
	}
}

func TestCloseFramesOfGorillaAreKept(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	conn := &frame.Conn{Conn: near}
	conn.Open()
	if _, _, ok := conn.Violation(); ok {
		t.Error("a violation before any frame")
	}
	closing := append([]byte{0x88, 5}, websocket.FormatCloseMessage(websocket.CloseProtocolError, "bad")...)
	if n, err := conn.Write(closing); err != nil || n != len(closing) {
		t.Fatalf("wrote %d bytes: %v", n, err)
	}
	code, reason, ok := conn.Violation()
	if !ok || code != websocket.CloseProtocolError || reason != "bad" {
		t.Errorf("violation %d %q %v", code, reason, ok)
	}
}
