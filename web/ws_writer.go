package web

import (
	"context"
	"time"

	"flightdeck/web/frame"

	"github.com/gorilla/websocket"
)

// reply is a message to the client.
type reply struct {
	data   []byte
	op     *operation // its operation; nil for a message of the connection
	final  bool       // the operation's last message
	result bool       // data is a result of the operation, without the message around it
}

// send queues a reply, and waits while the queue is full. It returns false if ctx ended first.
func (c *connection) send(ctx context.Context, r reply) bool {
	if !c.queue.put(ctx, r) {
		return false
	}
	c.wake()
	return true
}

// write writes the replies of the queue, the results of broadcasts, and due signs of life, until
// the connection is cancelled or the client does not read them in time. It waits on a single
// channel, which is cheap for thousands of connections.
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

// writeAll writes all replies and results, as many as possible at once.
func (c *connection) writeAll(out *frame.Buffer) error {
	for more := true; more; {
		if c.ctx.Err() != nil {
			return nil //nolint:nilerr // writeClose tells the cause of ctx
		}
		// An operation that listens by now has queued its own results before those of the
		// broadcast.
		listening, pong := c.pending()
		if pong != nil {
			out.Add(websocket.PongMessage, pong)
		}
		if err := c.writeQueue(out); err != nil {
			return err
		}
		more = false
		for _, op := range listening {
			rest, err := c.writeShared(out, op)
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
		case next := <-c.queue.items:
			c.gather(out, c.queue.taken(next))
		default:
			return nil
		}
	}
}

// writeShared writes the next results of an operation from its broadcast, and reports whether more
// wait there.
func (c *connection) writeShared(out *frame.Buffer, op *operation) (more bool, err error) {
	results, more, behind := op.shared.Next()
	if behind {
		c.fallBehind(op)
		return false, nil
	}
	for _, result := range results {
		if err := c.flushFull(out); err != nil {
			return false, err
		}
		c.gather(out, reply{data: result, op: op, result: true})
	}
	return more, nil
}

// gather adds a reply, unless the client has ended its operation.
func (c *connection) gather(out *frame.Buffer, r reply) {
	switch {
	case !c.isWanted(r):
	case r.result:
		out.Add(websocket.TextMessage, r.op.envelope, r.data, endOfEnvelope)
	default:
		out.Add(websocket.TextMessage, r.data)
	}
}

// isWanted reports whether a reply is to be written. The last reply of an operation frees its id:
// the client may use the id again after it has read that reply.
func (c *connection) isWanted(r reply) bool {
	if r.op == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.op.stopped {
		return false
	}
	if r.final {
		delete(c.operations, r.op.id)
	}
	return true
}

// gatherSignOfLife adds a ping of the websocket protocol, which every client answers, and one of
// the sub-protocol, which a page can see.
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
	return out.Flush(c.conn, writeTimeout, c.isSlow)
}

// isSlow extends a connection whose client has read a part of a write. That is a sign of life: the
// client may take long to reach the pings in the rest. It returns false if the connection has
// ended.
func (c *connection) isSlow() bool {
	return c.ctx.Err() == nil && c.socket.SetReadDeadline(time.Now().Add(silence)) == nil
}

// pending returns the operations that listen to broadcasts, and the pong that is due, nil for none.
func (c *connection) pending() (listening []*operation, pong []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pong, c.pong = c.pong, nil
	return c.listening, pong
}

// writeClose tells the client the cause of the connection's end, and bounds the time of its answer.
// It cuts the connection if the client cannot be told, which frees the reader.
func (c *connection) writeClose() {
	cause := closingOf(context.Cause(c.ctx))
	if cause.code == 0 || c.writeCloseFrame(cause) != nil || c.socket.SetReadDeadline(time.Now().Add(closeTimeout)) != nil {
		_ = c.conn.Close() //nolint:errcheck // the reader reports it
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
	return out.Flush(c.conn, closeTimeout, func() bool { return false })
}
