package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"flightdeck/graph/errorcode"
	"flightdeck/web/frame"
	"flightdeck/web/negotiate"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// sockets opens websockets.
type sockets struct {
	services

	admission admission
	upgrader  websocket.Upgrader
	registry  *registry
}

// newUpgrader returns the upgrader for the pages that may use the API.
func newUpgrader(pages *pages) websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: writeTimeout,
		WriteBufferPool:  &sync.Pool{},
		Subprotocols:     []string{transportWS.name, legacyWS.name},
		CheckOrigin:      pages.allow,
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

// serve opens a websocket, which goroutines of its own serve: the stack and the buffers of the
// request are free when serve returns.
func (s *sockets) serve(w http.ResponseWriter, r *http.Request) {
	if !s.registry.enter() {
		writeRefusal(w, negotiate.JSON, errClosing)
		return
	}
	leave := s.admission.connection(w, r)
	if leave == nil {
		s.registry.leave()
		return
	}
	hijacker := &frame.Hijacker{ResponseWriter: w}
	socket, err := s.upgrader.Upgrade(hijacker, r, http.Header{headerRequestID: {RequestID(r.Context())}})
	if err != nil {
		leave()
		s.registry.leave()
		return // Upgrade has answered
	}
	hijacker.Conn.Open()
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	c := &connection{
		services: s.services, socket: socket, conn: hijacker.Conn, protocol: protocolNamed(socket.Subprotocol()),
		authorization: r.Header.Get("Authorization"), opened: time.Now(),
		ctx: ctx, cancel: cancel, queue: newQueue(queuedReplies, func(r reply) int { return len(r.data) }), woken: make(chan struct{}, 1),
	}
	if c.protocol == nil {
		c.end(errSubprotocol)
	}
	s.registry.add(c)
	go func() {
		defer s.registry.leave()
		defer leave()
		defer s.registry.remove(c)
		c.serve()
	}()
}
