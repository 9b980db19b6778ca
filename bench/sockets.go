package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// sockets are many clients with the same subscription. They implement as little of the websocket
// protocol as they need, since the load has to leave the machine to the servers.
type sockets struct {
	conns []net.Conn
	wait  sync.WaitGroup

	measuring atomic.Bool // true while receipts are timed
	received  atomic.Int64
	last      atomic.Int64 // nanoseconds of the latest receipt, Unix time
	done      chan struct{}
	wanted    atomic.Int64 // the number of receipts that closes done

	mu   sync.Mutex // guards took
	took []time.Duration
}

const (
	textFrame, pingFrame = 0x1, 0x9
	longestPing          = 100 // of the sub-protocol, in bytes
	subscription         = `subscription($after: Position) { eventAppended(after: $after) { position recordedAt type data } }`
)

// connect opens the given number of websockets, all subscribed after the end of the log.
func connect(n int, url, head string) (*sockets, error) {
	s := &sockets{}
	payload := request(subscription, map[string]any{"after": head})
	subscribe := []byte(`{"id":"1","type":"subscribe","payload":` + string(payload) + `}`)
	for range n {
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return s, err
		}
		s.conns = append(s.conns, conn)
		in := bufio.NewReaderSize(conn, 8<<10)
		if err := errors.Join(shakeHands(conn, in), sayTo(conn, []byte(`{"type":"connection_init"}`))); err != nil {
			return s, err
		}
		if _, _, err := frame(in, nil); err != nil { // the connection_ack
			return s, err
		}
		if err := sayTo(conn, subscribe); err != nil {
			return s, err
		}
		s.wait.Go(func() { s.listen(conn, in) })
	}
	return s, nil
}

func shakeHands(conn net.Conn, in *bufio.Reader) error {
	_, err := io.WriteString(conn, "GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(in, nil) //nolint:bodyclose // it has no body: frames follow
	if err == nil && response.StatusCode != http.StatusSwitchingProtocols {
		err = errors.New(response.Status)
	}
	return err
}

// sayTo writes a text in one frame, masked with zeros.
func sayTo(conn net.Conn, text []byte) error {
	const final, masked, twoBytes = 0x80, 0x80, 126
	b := []byte{final | textFrame, masked | twoBytes}
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(text))), 0, 0, 0, 0) //nolint:gosec // they are short
	_, err := conn.Write(append(b, text...))
	return err
}

// frame reads a frame, and calls with for the beginning of its payload.
func frame(in *bufio.Reader, with func(beginning []byte)) (opcode byte, length int, err error) {
	const twoBytes, eightBytes = 126, 127
	var header [8]byte
	if _, err := io.ReadFull(in, header[:2]); err != nil {
		return 0, 0, err
	}
	opcode, length = header[0]&0xf, int(header[1])
	switch length {
	case twoBytes:
		_, err = io.ReadFull(in, header[:2])
		length = int(binary.BigEndian.Uint16(header[:2]))
	case eightBytes:
		_, err = io.ReadFull(in, header[:])
		length = int(binary.BigEndian.Uint64(header[:])) //nolint:gosec // as long as a message
	}
	if err == nil && with != nil {
		var beginning []byte
		if beginning, err = in.Peek(min(length, 256)); err == nil {
			with(beginning)
		}
	}
	if err == nil {
		_, err = in.Discard(length)
	}
	return opcode, length, err
}

var recordedAt = []byte(`"recordedAt":"`)

// listen counts messages until the connection ends.
func (s *sockets) listen(conn net.Conn, in *bufio.Reader) {
	var took []time.Duration
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.took = append(s.took, took...)
	}()
	note := func(beginning []byte) {
		if !s.measuring.Load() { // read after the frame has arrived: the next measurement may begin during the wait
			return
		}
		now := time.Now()
		_, rest, found := bytes.Cut(beginning, recordedAt)
		text, _, _ := bytes.Cut(rest, []byte{'"'})
		if at, err := time.Parse(time.RFC3339Nano, string(text)); found && err == nil {
			took = append(took, now.Sub(at))
		}
	}
	for {
		opcode, length, err := frame(in, note)
		if err != nil {
			return
		}
		if opcode == pingFrame {
			if _, err := conn.Write([]byte{0x8a, 0x80, 0, 0, 0, 0}); err != nil {
				return
			}
		}
		if opcode == textFrame && length > longestPing {
			if n := s.received.Add(1); n == s.wanted.Load() {
				s.last.Store(time.Now().UnixNano())
				close(s.done)
			}
		}
	}
}

// expect returns a channel that is closed after n more receipts.
func (s *sockets) expect(n int) <-chan struct{} {
	s.done = make(chan struct{})
	s.wanted.Store(s.received.Load() + int64(n))
	return s.done
}

// hangUp closes all connections, and returns the durations of the timed receipts.
func (s *sockets) hangUp() (took []time.Duration, err error) {
	for _, conn := range s.conns {
		err = errors.Join(err, conn.Close())
	}
	s.wait.Wait()
	return s.took, err
}

// head returns the position of the end of the log.
func head(url string) (string, error) {
	response, err := http.Post(url+"/graphql", "application/json", bytes.NewReader(request(`{ log { head } }`, nil))) //nolint:noctx // a benchmark
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct{ Log struct{ Head string } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("ask for the head: %w", err)
	}
	return answer.Data.Log.Head, nil
}
