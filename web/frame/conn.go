// Package frame writes the frames of RFC 6455 below gorilla/websocket, which does the handshake and
// reads frames. Gorilla writes one frame at a time and locks for each; a Buffer gathers many frames
// into one write.
//
// Start with Hijacker, which puts a Conn below gorilla, and Buffer.
package frame

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Conn is the connection below a websocket. It keeps gorilla from writing after the handshake: a
// close frame with which gorilla answers a frame that violates the protocol is recorded for
// Violation instead, and all frames are written by Buffer.Flush.
type Conn struct {
	net.Conn

	open bool // the handshake is over; used by the reading goroutine, as is violation
	// violation is the payload of the close frame that gorilla tried to write.
	violation []byte

	deadline time.Time // of writes; used by the writing goroutine
}

// Open ends the handshake. It must be called once, before the first read or flush.
func (c *Conn) Open() { c.open = true }

// Violation returns the close code and the reason for which gorilla has stopped reading, and false
// if the client has not violated the protocol. Only the reading goroutine may call it.
func (c *Conn) Violation() (code int, reason string, ok bool) {
	if len(c.violation) < 2 {
		return 0, "", false
	}
	return int(binary.BigEndian.Uint16(c.violation)), string(c.violation[2:]), true
}

// Write is for gorilla. It writes the handshake, and drops the close frames after it.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.open {
		return c.Conn.Write(p)
	}
	const header = 2 // bytes, of a frame to a client with a payload below 126 bytes
	if len(p) >= header+2 && int(p[0]&0xf) == websocket.CloseMessage {
		c.violation = append([]byte{}, p[header:]...)
	}
	return len(p), nil
}

// SetWriteDeadline is for gorilla. It has no effect after the handshake.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if !c.open {
		return c.Conn.SetWriteDeadline(t)
	}
	return nil
}

// allow sets the deadline of the next write to within from now. It keeps a deadline that is up to a
// fifth of within earlier: setting one costs more than this comparison.
func (c *Conn) allow(within time.Duration) error {
	now := time.Now()
	if left := c.deadline.Sub(now); left >= within*4/5 && left <= within {
		return nil
	}
	c.deadline = now.Add(within)
	return c.Conn.SetWriteDeadline(c.deadline)
}

// Hijacker is the response writer for gorilla's upgrade of a request. It gives gorilla a Conn in
// place of the connection itself.
type Hijacker struct {
	http.ResponseWriter
	// Conn is nil until the connection was hijacked.
	Conn *Conn
}

// Hijack implements [http.Hijacker].
func (h *Hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.Conn = &Conn{Conn: conn}
	return h.Conn, buf, nil
}
