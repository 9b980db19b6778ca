package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"flightdeck/web/frame"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/graph/errorcode"

	"flightdeck/web/negotiate"
)

const (
	initTimeout   = 10 * time.Second // until connection_init
	pingInterval  = 20 * time.Second // below the idle timeouts of proxies
	silence       = 50 * time.Second // without a sign of life: two pings and some
	writeTimeout  = 10 * time.Second // for any progress with a client that does not read
	closeTimeout  = 2 * time.Second  // for the client's part of the closing handshake
	queuedReplies = 16               // per connection, before operations have to wait
	maxOperations = 100              // per connection
)

// connection is one websocket. One goroutine reads; one writes.
// An operation has one while it runs, and none while it listens to a broadcast. The
// reader starts operations, operations and reader put frames into the queue, and the
// writer alone writes: the queue, and what waits in the broadcasts. Everything ends
// by cancelling ctx with a cause: operations stop, the writer says why in a close
// frame, and the reader waits for the client's.
type connection struct {
	server   *Server
	socket   *websocket.Conn
	wire     *frame.Conn
	protocol *protocol

	authorized string // the header of the request that opened it

	opened time.Time
	ctx    context.Context
	cancel context.CancelCauseFunc
	queue  chan reply     // never closed; whoever sends gives up with its context
	woken  chan struct{}  // holds one when the writer is to look what there is to do
	beat   atomic.Bool    // a sign of life is due
	tasks  sync.WaitGroup // operations that run, and the watch over the session

	// session is the context of the operations, nil until the client was let in.
	// Both belong to the reader.
	session    context.Context
	endSession context.CancelFunc

	mu         sync.Mutex            // protects what follows, and the operations' stopped
	operations map[string]*operation // those that may still send, by id
	listening  []*operation          // those that listen to a broadcast
	running    int                   // operations, also those that the client has ended and that still run
	pong       []byte                // the answer to the latest ping, unless nil
}

func (s *Server) newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: writeTimeout,
		WriteBufferPool:  &sync.Pool{},
		Subprotocols:     []string{transportWS.name, legacyWS.name},
		CheckOrigin:      s.originAllowed,
		Error:            refuseUpgrade,
	}
}

// refuseUpgrade answers a handshake that failed.
func refuseUpgrade(w http.ResponseWriter, _ *http.Request, status int, reason error) {
	w.Header().Set("Sec-Websocket-Version", "13")
	e := badRequest(reason.Error())
	if status == http.StatusForbidden {
		e = &refusal{errorcode.Forbidden, "pages of this origin may not use the API"}
	}
	writeErrors(w, negotiate.JSON, status, gqlerror.List{e.present()})
}

// serveWebSocket opens a websocket. It is served by goroutines of its own, so that
// what the request took, its stack and its buffers, is free again.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if !s.sockets.enter() {
		writeRefusal(w, negotiate.JSON, errClosing)
		return
	}
	leave := s.enterConnection(w, r)
	if leave == nil {
		s.sockets.leave()
		return
	}
	hijacker := &frame.Hijacker{ResponseWriter: w}
	socket, err := s.upgrader.Upgrade(hijacker, r, http.Header{headerRequestID: {RequestID(r.Context())}})
	if err != nil {
		leave()
		s.sockets.leave()
		return // Upgrade has answered
	}
	hijacker.Conn.Open()
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	c := &connection{
		server: s, socket: socket, wire: hijacker.Conn, protocol: protocolNamed(socket.Subprotocol()),
		authorized: r.Header.Get("Authorization"), opened: time.Now(),
		ctx: ctx, cancel: cancel, queue: make(chan reply, queuedReplies), woken: make(chan struct{}, 1),
	}
	if c.protocol == nil {
		c.end(errSubprotocol)
	}
	s.sockets.add(c)
	go func() {
		defer s.sockets.leave()
		defer leave()
		defer s.sockets.remove(c)
		c.serve()
	}()
}

// serve runs the connection and returns when nothing of it is left.
func (c *connection) serve() {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	c.end(c.read())
	<-written
	if err := c.socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		c.server.config.Logger.LogAttrs(c.ctx, slog.LevelDebug, "websocket", slog.Any("error", err))
	}
	if c.endSession != nil {
		c.endSession()
	}
	c.tasks.Wait()
	for _, op := range c.listening {
		c.finish(op)
	}
	c.server.config.Logger.LogAttrs(c.ctx, slog.LevelDebug, "websocket closed",
		slog.String("protocol", c.socket.Subprotocol()),
		slog.String("cause", context.Cause(c.ctx).Error()),
		slog.Duration("duration", time.Since(c.opened)),
		slog.String("request_id", RequestID(c.ctx)))
}

// end ends the connection. The cause is a *closing; only the first one counts.
func (c *connection) end(cause error) {
	c.cancel(cause)
	c.wake()
}

// read handles what the client sends until nothing more can be read, and returns
// why. After the connection was cancelled it only looks for the client's close.
func (c *connection) read() (cause error) {
	defer func() {
		if p := recover(); p != nil {
			_ = c.server.presentPanic(c.ctx, p) //nolint:errcheck // it logs; the client sees the close frame
			cause = errBroken
		}
	}()
	c.socket.SetReadLimit(c.server.config.MaxBody)
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

// readFailure returns the cause of the connection's end when reading has failed.
func (c *connection) readFailure(err error) error {
	timeout, isNet := errors.AsType[net.Error](err)
	closed, isClose := errors.AsType[*websocket.CloseError](err)
	code, reason, violated := c.wire.Violation()
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		c.end(errTooLarge)
		c.linger()
	case violated:
		return &closing{code: code, reason: reason}
	case isClose && closed.Code != websocket.CloseAbnormalClosure:
		return &closing{code: closed.Code, reason: closed.Text} // which the answer repeats
	case isNet && timeout.Timeout() && c.session == nil:
		return errInitTimeout
	case isNet && timeout.Timeout():
		return errSilent
	}
	return &closing{reason: err.Error()}
}

// linger swallows the rest of a message that was too large, for a while: to close
// with data unread would reset the connection, and the client might never see the
// close frame.
func (c *connection) linger() {
	conn := c.socket.NetConn()
	if conn.SetReadDeadline(time.Now().Add(closeTimeout)) == nil {
		_, _ = io.Copy(io.Discard, conn) //nolint:errcheck // it ends with an error, the deadline
	}
}

// alive notes a sign of life.
func (c *connection) alive() error {
	if c.session == nil || c.ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is told by whoever ended it
	}
	err := c.socket.SetReadDeadline(time.Now().Add(silence))
	if c.ctx.Err() != nil { // the writer may just have set a nearer one
		err = c.socket.SetReadDeadline(time.Now().Add(closeTimeout))
	}
	return err
}
