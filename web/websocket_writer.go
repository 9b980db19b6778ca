package web

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

// frame is a message on its way to the client.
type frame struct {
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
		c.nudge()
	})
	defer keepAlive.Stop()
	for c.ctx.Err() == nil {
		<-c.wake
		out, _ := outgoings.Get().(*outgoing) //nolint:errcheck // the pool holds nothing else
		if c.beat.CompareAndSwap(true, false) {
			c.gatherSignOfLife(out)
			keepAlive.Reset(pingInterval)
		}
		if err := c.writeAll(out); err != nil {
			c.end(&closing{reason: err.Error()})
		}
		out.reset()
		outgoings.Put(out)
	}
	c.sayGoodbye()
}

// writeAll writes everything that waits, as much of it at once as there is.
func (c *connection) writeAll(out *outgoing) error {
	for more := true; more; {
		if c.ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is told by whoever ended it
		}
		// Those who listen by now have queued before what they did not hear there.
		listening, pong := c.pending()
		if pong != nil {
			out.frame(websocket.PongMessage, pong)
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
func (c *connection) writeQueue(out *outgoing) error {
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
func (c *connection) gather(out *outgoing, f frame) {
	switch {
	case !c.wanted(f):
	case f.result:
		out.frame(websocket.TextMessage, f.op.envelope, f.data, endOfEnvelope)
	default:
		out.frame(websocket.TextMessage, f.data)
	}
}

// gatherSignOfLife adds a ping of the websocket protocol, which every client
// answers, and the sub-protocol's own, which a page can see.
func (c *connection) gatherSignOfLife(out *outgoing) {
	out.frame(websocket.PingMessage)
	out.frame(websocket.TextMessage, encodeMessage(c.protocol.keepAlive, "", nil))
}

func (c *connection) flushFull(out *outgoing) error {
	if out.full() {
		return c.flush(out)
	}
	return nil
}

func (c *connection) flush(out *outgoing) error {
	return out.flush(c.wire, writeTimeout, c.isSlow)
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
	c.nudge()
	return c.alive()
}

// nudge has the writer look for something to write.
func (c *connection) nudge() {
	select {
	case c.wake <- struct{}{}:
	default: // it is about to look
	}
}

// sayGoodbye writes the close frame and bounds the time that the client has for its
// own. When there is nobody to tell it cuts the connection, which frees the reader.
func (c *connection) sayGoodbye() {
	cause := closingOf(context.Cause(c.ctx))
	if cause.code == 0 || c.writeClose(cause) != nil || c.socket.SetReadDeadline(time.Now().Add(closeTimeout)) != nil {
		_ = c.wire.Close() //nolint:errcheck // the reader reports it
	}
}

// writeClose writes the close frame, and before it the message that goes with it.
func (c *connection) writeClose(cause *closing) error {
	out := new(outgoing)
	if cause.last != nil {
		out.frame(websocket.TextMessage, cause.last)
	}
	out.frame(websocket.CloseMessage, cause.payload())
	return out.flush(c.wire, closeTimeout, func() bool { return false })
}
