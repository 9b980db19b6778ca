package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	initTimeout   = 10 * time.Second // until connection_init
	pingInterval  = 20 * time.Second // below the idle timeouts of proxies
	silence       = 50 * time.Second // without a sign of life: two pings and some
	writeTimeout  = 10 * time.Second // for one message to a client that does not read
	closeTimeout  = 2 * time.Second  // for the client's part of the closing handshake
	queuedFrames  = 16               // per connection, before operations have to wait
	maxOperations = 100              // per connection
)

// connection is one websocket. One goroutine reads, the handler's own; one writes;
// each operation has one. The reader starts operations, operations and reader put
// frames into the queue, and the writer alone writes. Everything ends by cancelling
// ctx with a cause: operations stop, the writer says why in a close frame, and the
// reader waits for the client's.
type connection struct {
	server   *Server
	socket   *websocket.Conn
	protocol *protocol
	header   http.Header // of the request that opened it

	ctx    context.Context
	cancel context.CancelCauseFunc
	queue  chan frame     // never closed; whoever sends gives up with its context
	tasks  sync.WaitGroup // operations, and the watch over the session

	// session is the context of the operations, nil until the client was let in.
	// Both belong to the reader.
	session    context.Context
	endSession context.CancelFunc

	mu         sync.Mutex            // protects operations, their stopped, and running
	operations map[string]*operation // those that may still send, by id
	running    int                   // goroutines, also of operations the client has ended
}

// frame is a message on its way to the client.
type frame struct {
	data  []byte
	op    *operation // whose it is; nil when it is the connection's
	final bool       // the operation's last
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
	e := &refusal{status, codeBadRequest, reason.Error()}
	if status == http.StatusForbidden {
		e = &refusal{status, codeForbidden, "pages of this origin may not use the API"}
	}
	writeRefusal(w, mediaJSON, e)
}

// serveWebSocket serves one websocket to its end.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if !s.sockets.enter() {
		writeRefusal(w, mediaJSON, errClosing)
		return
	}
	defer s.sockets.leave()
	leave := s.enterConnection(w, r)
	if leave == nil {
		return
	}
	defer leave()
	socket, err := s.upgrader.Upgrade(w, r, http.Header{headerRequestID: {RequestID(r.Context())}})
	if err != nil {
		return // Upgrade has answered
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	c := &connection{
		server: s, socket: socket, protocol: protocolNamed(socket.Subprotocol()), header: r.Header,
		ctx: ctx, cancel: cancel, queue: make(chan frame, queuedFrames), operations: map[string]*operation{},
	}
	if c.protocol == nil {
		c.cancel(errSubprotocol)
	}
	s.sockets.add(c)
	defer s.sockets.remove(c)
	c.serve()
	s.config.Logger.LogAttrs(ctx, slog.LevelDebug, "websocket closed",
		slog.String("protocol", socket.Subprotocol()),
		slog.String("cause", context.Cause(ctx).Error()),
		slog.String("request_id", RequestID(ctx)))
}

// serve runs the connection and returns when nothing of it is left.
func (c *connection) serve() {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	c.cancel(c.read())
	<-written
	if err := c.socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		c.server.config.Logger.LogAttrs(c.ctx, slog.LevelDebug, "websocket", slog.Any("error", err))
	}
	if c.endSession != nil {
		c.endSession()
	}
	c.tasks.Wait()
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
	c.socket.SetPingHandler(c.pong)
	c.socket.SetPongHandler(func(string) error { return c.alive() })
	err := c.socket.SetReadDeadline(time.Now().Add(initTimeout))
	for err == nil {
		var kind int
		var data []byte
		if kind, data, err = c.socket.ReadMessage(); err != nil || c.ctx.Err() != nil {
			continue
		}
		if err := c.handle(kind, data); err != nil {
			c.cancel(err)
		}
		err = c.alive()
	}
	return c.readFailure(err)
}

// readFailure returns the cause of the connection's end when reading has failed.
func (c *connection) readFailure(err error) error {
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		c.cancel(errTooLarge)
		c.linger()
	case isNet && timeout.Timeout() && c.session == nil:
		return errInitTimeout
	case isNet && timeout.Timeout():
		return errSilent
	}
	return &closing{reason: err.Error()}
}

// linger swallows the rest of a message that was too large, for a while: to close
// with data unread would reset the connection, and the client might never see the
// close frame that gorilla has sent.
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

// pong answers a ping of the websocket protocol itself. That it cannot be written
// is the writer's to find out.
func (c *connection) pong(data string) error {
	_ = c.socket.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(closeTimeout)) //nolint:errcheck // as the comment above says
	return c.alive()
}

// write writes what is queued, and a sign of life when it is due, until the
// connection is cancelled or the client does not take it in time.
func (c *connection) write() {
	keepAlive := time.NewTicker(pingInterval)
	defer keepAlive.Stop()
	for c.ctx.Err() == nil {
		var err error
		select {
		case <-c.ctx.Done():
		case f := <-c.queue:
			err = c.deliver(f)
		case <-keepAlive.C:
			err = c.ping()
		}
		switch {
		case errors.Is(err, websocket.ErrCloseSent): // by gorilla, and the reader is about to say why
			<-c.ctx.Done()
		case err != nil:
			c.cancel(&closing{reason: err.Error()})
		}
	}
	c.sayGoodbye()
}

// deliver writes a frame, unless the client has said meanwhile that it wants
// nothing more of the operation.
func (c *connection) deliver(f frame) error {
	if !c.wanted(f) {
		return nil
	}
	if err := c.socket.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return c.socket.WriteMessage(websocket.TextMessage, f.data)
}

// ping writes a ping of the websocket protocol, which every client answers, and the
// sub-protocol's own, which a page can see.
func (c *connection) ping() error {
	if err := c.socket.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return c.deliver(frame{data: encodeMessage(c.protocol.keepAlive, "", nil)})
}

// sayGoodbye writes the close frame and bounds the time that the client has for its
// own. When there is nobody to tell it cuts the connection, which frees the reader.
func (c *connection) sayGoodbye() {
	cause := closingOf(context.Cause(c.ctx))
	deadline := time.Now().Add(closeTimeout)
	if cause.code == 0 || c.writeClose(cause, deadline) != nil || c.socket.SetReadDeadline(deadline) != nil {
		_ = c.socket.Close() //nolint:errcheck // the reader reports it
	}
}

// writeClose writes the close frame, and before it the message that goes with it.
func (c *connection) writeClose(cause *closing, deadline time.Time) error {
	if cause.last != nil {
		if err := c.deliver(frame{data: cause.last}); err != nil {
			return err
		}
	}
	err := c.socket.WriteControl(websocket.CloseMessage, cause.payload(), deadline)
	if errors.Is(err, websocket.ErrCloseSent) { // gorilla was first
		return nil
	}
	return err
}
