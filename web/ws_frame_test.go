package web_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// These tests write the bytes of the websocket protocol (RFC 6455) themselves: no library writes
// malformed frames.

// socket is the client's end of an upgraded connection.
type socket struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func openSocket(t *testing.T, url string) *socket {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(url, "ws://"), "/graphql"))
	if err != nil {
		t.Fatal(err)
	}
	s := &socket{t, conn, bufio.NewReader(conn)}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	s.send("GET /graphql HTTP/1.1\r\nHost: flightdeck\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " + transportWS + "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "status", resp.StatusCode, http.StatusSwitchingProtocols)
	wantEqual(t, "key", resp.Header.Get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
	wantEqual(t, "extensions", resp.Header.Get("Sec-WebSocket-Extensions"), "")
	return s
}

// admit opens a socket and introduces the client.
func admit(t *testing.T, url string) *socket {
	t.Helper()
	s := openSocket(t, url)
	s.send(masked(0x81, `{"type":"connection_init"}`))
	s.hear(0x81, `{"type":"connection_ack"}`)
	return s
}

// masked returns a frame of a client. first is its first byte.
func masked(first byte, payload string) string {
	const mask = 0x80
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	key := []byte{1, 2, 3, 4}
	b = append(b, key...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return string(b)
}

func (s *socket) send(bytes string) {
	s.t.Helper()
	if _, err := io.WriteString(s.conn, bytes); err != nil {
		s.t.Fatal(err)
	}
}

// frame reads a frame, which must be whole and not masked.
func (s *socket) frame() (first byte, payload []byte, err error) {
	var b [8]byte
	if _, err := io.ReadFull(s.in, b[:2]); err != nil {
		return 0, nil, err
	}
	first = b[0]
	length := int(b[1])
	switch length {
	case 126:
		_, err = io.ReadFull(s.in, b[:2])
		length = int(binary.BigEndian.Uint16(b[:2]))
	case 127:
		_, err = io.ReadFull(s.in, b[:8])
		length = int(binary.BigEndian.Uint64(b[:8]))
	}
	if err != nil || length > 1<<30 {
		return 0, nil, fmt.Errorf("a frame of %d bytes: %w", length, err)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(s.in, payload)
	return first, payload, err
}

// hear expects a frame.
func (s *socket) hear(first byte, payload string) {
	s.t.Helper()
	gotFirst, got, err := s.frame()
	if err != nil || gotFirst != first || string(got) != payload {
		s.t.Fatalf("heard %#x %.200q (%v), want %#x %.200q", gotFirst, got, err, first, payload)
	}
}

// hearClose expects a close frame with a code, and then the end of the connection.
func (s *socket) hearClose(code uint16) {
	s.t.Helper()
	first, payload, err := s.frame()
	if err != nil || first != 0x88 || len(payload) < 2 || binary.BigEndian.Uint16(payload) != code {
		s.t.Fatalf("heard %#x %q (%v), want close %d", first, payload, err, code)
	}
	if rest, err := io.ReadAll(s.in); err == nil && len(rest) > 0 {
		s.t.Errorf("after the close frame came %q", rest)
	}
}

func TestFramesThatViolateTheProtocolCloseTheSocket(t *testing.T) {
	t.Parallel()
	const ping = `{"type":"ping"}`
	for name, test := range map[string]struct {
		send string
		code uint16
	}{
		"not masked":              {"\x81\x0f" + ping, 1002},
		"reserved bits":           {masked(0xc1, ping), 1002}, // as if it were compressed
		"unknown opcode":          {masked(0x83, ping), 1002},
		"unknown control opcode":  {masked(0x8b, ""), 1002},
		"fragmented ping":         {masked(0x09, ""), 1002},
		"ping of 126 bytes":       {masked(0x89, strings.Repeat("x", 126)), 1002},
		"continuation of nothing": {masked(0x80, ping), 1002},
		"two beginnings":          {masked(0x01, `{"type"`) + masked(0x01, `:"ping"}`), 1002},
		"reserved code":           {masked(0x88, "\x03\xed"), 1002}, // 1005
		"reason no UTF-8":         {masked(0x88, "\x03\xe8\xff"), 1002},
		"text no UTF-8":           {masked(0x81, "{\"type\":\"\xc3\x28\"}"), 1007},
		"text no UTF-8, in parts": {masked(0x01, "{\"type\":\"\xc3") + masked(0x80, "\x28\"}"), 1007},
		"too large":               {masked(0x81, strings.Repeat("x", 1001)), 1009},
		"too large, in parts":     {masked(0x01, strings.Repeat("x", 600)) + masked(0x80, strings.Repeat("x", 401)), 1009},
		"too large, it says":      {"\x81\xff\x00\x00\x00\x10\x00\x00\x00\x00\x01\x02\x03\x04", 1009},
		"larger than a number":    {"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 1009},
		"binary":                  {masked(0x82, ping), 4400},
		"normal end":              {masked(0x88, "\x03\xe8bye"), 1000},
		"going away":              {masked(0x88, "\x03\xe9"), 1001},
		"an end of its own":       {masked(0x88, "\x0f\xa0"), 4000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := testConfig(newStub())
			config.Limits.Body = 1000
			_, url := serve(t, config)
			s := admit(t, url)
			s.send(test.send)
			s.hearClose(test.code)
		})
	}
}

func TestCloseWithoutACodeIsAnsweredWithout(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	s := admit(t, url)
	s.send(masked(0x88, ""))
	s.hear(0x88, "")
	if _, _, err := s.frame(); err == nil {
		t.Error("more came after the end")
	}
}

func TestMessagesMayComeInParts(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	s := admit(t, url)
	s.send(masked(0x01, `{"ty`) + masked(0x00, `pe":"pi`) + masked(0x00, "") + masked(0x80, `ng","payload":{"é":1}}`))
	s.hear(0x81, `{"type":"pong","payload":{"é":1}}`)
	// A ping between the parts is answered at once.
	s.send(masked(0x01, `{"type":"ping"`) + masked(0x89, "now"))
	s.hear(0x8a, "now")
	s.send(masked(0x80, `}`))
	s.hear(0x81, `{"type":"pong"}`)
	// A slow network delivers single bytes.
	for _, b := range []byte(masked(0x81, `{"type":"ping"}`)) {
		s.send(string([]byte{b}))
	}
	s.hear(0x81, `{"type":"pong"}`)
}

// The length of a frame takes one, three or nine bytes.
func TestFramesOfEveryLengthArrive(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	_, url := serve(t, config)
	s := admit(t, url)
	const around = len(`{"id":"1","type":"next","payload":{"data":{"echo":""}}}`)
	for _, length := range []int{around, 125, 126, 127, 2047 + around, 2048 + around, 2049 + around, 1<<16 - 1, 1 << 16, 1 << 19} {
		text := strings.Repeat("x", length-around)
		s.send(masked(0x81, `{"id":"1","type":"subscribe","payload":{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"`+text+`"}}}`))
		s.hear(0x81, `{"id":"1","type":"next","payload":{"data":{"echo":"`+text+`"}}}`)
		s.hear(0x81, `{"id":"1","type":"complete"}`)
	}
}

// TestGarbageLeavesNoGoroutine is not parallel: it counts goroutines.
func TestGarbageLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("serve", func(t *testing.T) {
		_, url := serve(t, testConfig(newStub()))
		random := rand.New(rand.NewPCG(1, 2))
		for n := range 200 {
			s := openSocket(t, url)
			if n%2 == 0 {
				s = admit(t, url)
				s.send(masked(0x81, `{"id":"1","type":"subscribe","payload":{"query":"subscription{tick}"}}`))
			}
			garbage := make([]byte, random.IntN(3000))
			for i := range garbage {
				garbage[i] = byte(random.Uint32())
			}
			_, _ = s.conn.Write(garbage) // the server may have closed the connection
			if n%4 == 0 {                // in the middle of a frame or of a closing handshake
				_ = s.conn.(*net.TCPConn).SetLinger(0)
			}
			if n%3 == 0 {
				_ = s.conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, s.in)
			}
			_ = s.conn.Close()
		}
	})
	awaitGoroutines(t, before)
}

// TestThousandOperationsOnOneSocket checks that all operations are answered, those above the limit
// with an error, and that the client may use their ids again. It is not parallel: it counts
// goroutines.
func TestThousandOperationsOnOneSocket(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("serve", func(t *testing.T) {
		f := newTape()
		_, url := serve(t, tapeConfig(f))
		s := admit(t, url)
		for round := range 3 {
			go func() {
				var all bytes.Buffer
				for id := range 1000 {
					all.WriteString(masked(0x81, fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{tick}"}}`, id)))
				}
				_, _ = s.conn.Write(all.Bytes())
			}()
			refused := map[string]bool{}
			for len(refused) < 900 {
				_, message, err := s.frame()
				if err != nil {
					t.Fatal(err)
				}
				id, rest, _ := strings.Cut(strings.TrimPrefix(string(message), `{"id":"`), `"`)
				if refused[id] || !strings.HasPrefix(rest, `,"type":"error"`) || !strings.Contains(rest, "OVERLOADED") {
					t.Fatalf("heard %s", message)
				}
				refused[id] = true
			}
			awaitGoroutines(t, before+5) // all accepted operations listen
			f.add(round)
			for range 100 {
				_, message, err := s.frame()
				if err != nil || !strings.HasSuffix(string(message), fmt.Sprintf(`{"tick":%d}}}`, round)) {
					t.Fatalf("heard %s (%v)", message, err)
				}
			}
			for id := range 1000 {
				s.send(masked(0x81, fmt.Sprintf(`{"id":"%d","type":"complete"}`, id)))
			}
			s.send(masked(0x81, `{"type":"ping"}`))
			s.hear(0x81, `{"type":"pong"}`)
		}
	})
	awaitGoroutines(t, before)
}

// TestClientsThatNeverReadLeaveNoGoroutine is not parallel: it counts goroutines.
func TestClientsThatNeverReadLeaveNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("serve", func(t *testing.T) {
		f := newTape()
		_, url := serve(t, tapeConfig(f))
		idle := admit(t, url)
		idle.send(masked(0x81, `{"id":"1","type":"subscribe","payload":{"query":"subscription{tick}"}}`))
		awaitGoroutines(t, before+6)
		for range 1000 {
			f.add(count(0, 1000)...)
		}
		c := enter(t, url)
		c.hearNothing() // another client does not wait
		if err := idle.conn.Close(); err != nil {
			t.Error(err)
		}
	})
	awaitGoroutines(t, before)
}
