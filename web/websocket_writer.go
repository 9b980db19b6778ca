package web

import (
	"context"
	"time"

	"flightdeck/web/frame"

	"github.com/gorilla/websocket"
)

// reply is a message on its way to the client.
type reply struct {
	data  []byte
	op    *operation // whose it is; nil when it is the connection's
	final bool       // the operation's last
	// result says that data is a result of the operation, without the message around
	// it.
	result bool
}

// write writes what is queued, what waits in broadcasts, and a sign of life when it
// is due, until the connection is cancelled or the client does not take it in time.
// It waits for one thing only, to be woken: that is cheap for thousands at once.
func (c *connection) write() {
	keepAlive := time.AfterFunc(pingInterval, func() {
		c.beat.Store(true)
		c.wake()
	})
	defer keepAlive.Stop()
	for c.ctx.Err() == nil {
		<-c.woken
		out := frame.NewBuffer()
		if c.beat.CompareAndSwap(true, false) {
			c.gatherSignOfLife(out)
			keepAlive.Reset(pingInterval)
		}
		if err := c.writeAll(out); err != nil {
			c.end(&closing{reason: err.Error()})
		}
		out.Release()
	}
	c.writeClose()
}

// writeAll writes everything that waits, as much of it at once as there is.
func (c *connection) writeAll(out *frame.Buffer) error {
	for more := true; more; {
		if c.ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is told by whoever ended it
		}
		// Those who listen by now have queued before what they did not hear there.
		listening, pong := c.pending()
		if pong != nil {
			out.Add(websocket.PongMessage, pong)
		}
		if err := c.writeQueue(out); err != nil {
			return err
		}
		more = false
		for _, op := range listening {
			rest, err := c.writeHeard(out, op)
			if err != nil {
				return err
			}
			more = more || rest
		}
	}
	return c.flush(out)
}

// writeQueue empties the queue.
func (c *connection) writeQueue(out *frame.Buffer) error {
	for {
		if err := c.flushFull(out); err != nil {
			return err
		}
		select {
		case f := <-c.queue:
			c.gather(out, f)
		default:
			return nil
		}
	}
}

// gather adds a frame, unless the client has said meanwhile that it wants nothing
// more of the operation.
func (c *connection) gather(out *frame.Buffer, f reply) {
	switch {
	case !c.wanted(f):
	case f.result:
		out.Add(websocket.TextMessage, f.op.envelope, f.data, endOfEnvelope)
	default:
		out.Add(websocket.TextMessage, f.data)
	}
}

// gatherSignOfLife adds a ping of the websocket protocol, which every client
// answers, and the sub-protocol's own, which a page can see.
func (c *connection) gatherSignOfLife(out *frame.Buffer) {
	out.Add(websocket.PingMessage)
	out.Add(websocket.TextMessage, encodeMessage(c.protocol.keepAlive, "", nil))
}

func (c *connection) flushFull(out *frame.Buffer) error {
	if out.Full() {
		return c.flush(out)
	}
	return nil
}

func (c *connection) flush(out *frame.Buffer) error {
	return out.Flush(c.wire, writeTimeout, c.isSlow)
}

// isSlow reports whether the connection lasts whose client has taken some of what it is
// sent: a sign of life, for it may be long before it comes to the pings in it.
func (c *connection) isSlow() bool {
	return c.ctx.Err() == nil && c.socket.SetReadDeadline(time.Now().Add(silence)) == nil
}

// pending returns the operations that listen to broadcasts, and the pong that is
// due, nil for none.
func (c *connection) pending() (listening []*operation, pong []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pong, c.pong = c.pong, nil
	return c.listening, pong
}

// answer has the writer answer a ping of the websocket protocol. Of several that
// come before it gets to write it answers the last, as RFC 6455 allows.
func (c *connection) answer(data string) error {
	c.mu.Lock()
	c.pong = append([]byte{}, data...)
	c.mu.Unlock()
	c.wake()
	return c.alive()
}

// wake has the writer look for something to write.
func (c *connection) wake() {
	select {
	case c.woken <- struct{}{}:
	default: // it is about to look
	}
}

// writeClose tells the client why the connection ends, and bounds the time of its answer. It cuts
// the connection if there is no client to tell, which frees the reader.
func (c *connection) writeClose() {
	cause := closingOf(context.Cause(c.ctx))
	if cause.code == 0 || c.writeCloseFrame(cause) != nil || c.socket.SetReadDeadline(time.Now().Add(closeTimeout)) != nil {
		_ = c.wire.Close() //nolint:errcheck // the reader reports it
	}
}

// writeCloseFrame writes the close frame, and before it the last message of the cause.
func (c *connection) writeCloseFrame(cause *closing) error {
	out := frame.NewBuffer()
	defer out.Release()
	if cause.last != nil {
		out.Add(websocket.TextMessage, cause.last)
	}
	out.Add(websocket.CloseMessage, cause.payload())
	return out.Flush(c.wire, closeTimeout, func() bool { return false })
}
