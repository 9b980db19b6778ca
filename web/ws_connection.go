package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"flightdeck/web/fanout"
	"flightdeck/web/frame"

	"github.com/gorilla/websocket"
)

const (
	initTimeout   = 10 * time.Second // until connection_init
	silence       = 50 * time.Second // without a sign of life: two pings and some
	closeTimeout  = 2 * time.Second  // for the client's part of the closing handshake
	queuedReplies = 16               // per connection, before operations have to wait
	maxOperations = 100              // per connection
)

// services are the parts of a server that a connection uses.
type services struct {
	engine       *engine
	authenticate func(ctx context.Context, authorization string) (context.Context, time.Time, error)
	watch        func(ctx context.Context) (context.Context, error)
	fanout       *fanout.Fanout // nil: no subscription is shared
	maxMessage   int64          // bytes
	logger       *slog.Logger
}

// connection is one websocket. One goroutine reads and one writes. An operation has a goroutine
// while it runs, and none while it listens to a broadcast. The reader starts operations; operations
// and the reader put replies into the queue; the writer alone writes: the queue, and the results
// that wait in broadcasts. All of them end when ctx is cancelled, with a *closing as the cause: the
// operations stop, the writer tells the cause in a close frame, and the reader waits for the
// client's.
type connection struct {
	services

	socket   *websocket.Conn
	conn     *frame.Conn // below socket
	protocol *protocol

	authorization string // the header of the request that opened the connection

	opened time.Time
	ctx    context.Context //nolint:containedctx // the connection ends with it
	cancel context.CancelCauseFunc
	queue  *queue[reply]  // never closed; a sender gives up with its context
	woken  chan struct{}  // holds one when the writer has something to do
	beat   atomic.Bool    // a sign of life is due
	tasks  sync.WaitGroup // operations that run, and the watch over the session

	// session is the context of the operations, nil until the client was let in. The reader alone
	// uses these fields.
	session    context.Context //nolint:containedctx // the session ends with it
	endSession context.CancelFunc
	seen       lastSeen // by the client, before it connected

	mu         sync.Mutex            // protects the fields below, and the operations' stopped
	operations map[string]*operation // those that may still send, by id
	listening  []*operation          // those that listen to a broadcast; replaced, never changed
	running    int                   // operations, with those that the client has ended and that still run
	pong       []byte                // the answer to the latest ping; nil for none
}

// serve runs the connection and returns when all of it has ended.
func (c *connection) serve() {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	c.end(c.read())
	<-written
	if err := c.socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		c.logger.LogAttrs(c.ctx, slog.LevelDebug, "websocket", slog.Any("error", err))
	}
	if c.endSession != nil {
		c.endSession()
	}
	c.tasks.Wait()
	for _, op := range c.listening {
		c.finish(op)
	}
	c.logger.LogAttrs(c.ctx, slog.LevelDebug, "websocket closed",
		slog.String("protocol", c.socket.Subprotocol()),
		slog.String("cause", context.Cause(c.ctx).Error()),
		slog.Duration("duration", time.Since(c.opened)),
		slog.String("request_id", RequestID(c.ctx)))
}

// end ends the connection. The cause is a *closing; the first one counts.
func (c *connection) end(cause error) {
	c.cancel(cause)
	c.wake()
}

// read handles the client's messages until the connection cannot be read any more, and returns the
// cause. After the connection was cancelled it only reads on to the client's close frame.
func (c *connection) read() (cause error) {
	defer func() {
		if p := recover(); p != nil {
			_ = c.engine.presenter.presentPanic(c.ctx, p) //nolint:errcheck // logged; the client sees the close frame
			cause = errBroken
		}
	}()
	c.socket.SetReadLimit(c.maxMessage)
	c.socket.SetPingHandler(c.answer)
	c.socket.SetPongHandler(func(string) error { return c.alive() })
	c.socket.SetCloseHandler(func(int, string) error { return nil }) // the writer answers
	err := c.socket.SetReadDeadline(time.Now().Add(initTimeout))
	for err == nil {
		var kind int
		var data []byte
		if kind, data, err = c.socket.ReadMessage(); err != nil || c.ctx.Err() != nil {
			continue
		}
		if err := c.handle(kind, data); err != nil {
			c.end(err)
		}
		err = c.alive()
	}
	return c.readFailure(err)
}

// readFailure returns the cause of the connection's end after an error of reading.
func (c *connection) readFailure(err error) error {
	timeout, isNet := errors.AsType[net.Error](err)
	closed, isClose := errors.AsType[*websocket.CloseError](err)
	code, reason, violated := c.conn.Violation()
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		c.end(errTooLarge)
		c.linger()
	case violated:
		return &closing{code: code, reason: reason}
	case isClose && closed.Code != websocket.CloseAbnormalClosure:
		return &closing{code: closed.Code, reason: closed.Text, quotes: true} // the answer repeats the client's
	case isNet && timeout.Timeout() && c.session == nil:
		return errInitTimeout
	case isNet && timeout.Timeout():
		return errSilent
	}
	return &closing{reason: err.Error()}
}

// linger reads the rest of a message that was too large, for a while: a close with unread data
// would reset the connection, and the client might never see the close frame.
func (c *connection) linger() {
	conn := c.socket.NetConn()
	if conn.SetReadDeadline(time.Now().Add(closeTimeout)) == nil {
		_, _ = io.Copy(io.Discard, conn) //nolint:errcheck // it ends with an error, the deadline
	}
}

// alive extends the connection after a sign of life.
func (c *connection) alive() error {
	if c.session == nil || c.ctx.Err() != nil {
		return nil //nolint:nilerr // the cause of ctx is told in the close frame
	}
	err := c.socket.SetReadDeadline(time.Now().Add(silence))
	if c.ctx.Err() != nil { // the writer may just have set a nearer one
		err = c.socket.SetReadDeadline(time.Now().Add(closeTimeout))
	}
	return err
}

// answer makes the writer answer a ping of the websocket protocol. Of several pings it answers the
// last, as RFC 6455 allows.
func (c *connection) answer(data string) error {
	c.mu.Lock()
	c.pong = append([]byte{}, data...)
	c.mu.Unlock()
	c.wake()
	return c.alive()
}

// wake makes the writer look for something to write.
func (c *connection) wake() {
	select {
	case c.woken <- struct{}{}:
	default: // the writer is awake
	}
}
