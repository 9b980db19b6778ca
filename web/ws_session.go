package web

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// handle handles one message. An error ends the connection and is a *closing.
func (c *connection) handle(kind int, data []byte) error {
	if kind == websocket.TextMessage && !utf8.Valid(data) {
		return errNotUTF8
	}
	m, err := decodeMessage(kind, data)
	if err != nil {
		return c.invalid(err)
	}
	switch {
	case m.Type == typeInit:
		return c.connect(m)
	case m.Type == c.protocol.subscribe:
		return c.subscribe(m)
	case m.Type == c.protocol.stop:
		return c.stop(m)
	case m.Type == typePing && !c.protocol.legacy:
		return c.answerPing(m)
	case m.Type == typePong && !c.protocol.legacy:
		return c.checkPong(m)
	case m.Type == typeTerminate && c.protocol.legacy:
		return errTerminated
	}
	return c.invalid(badRequest("the message has no known type"))
}

// invalid returns the end of the connection for a message that violates the sub-protocol. The older
// sub-protocol reports the error and goes on.
func (c *connection) invalid(err error) error {
	e := asRefusal(err)
	if c.protocol.legacy {
		c.send(c.ctx, reply{data: encodeMessage(typeConnectionError, "", mustMarshal(e.present()))})
		return nil
	}
	return &closing{code: closeBadRequest, reason: e.message}
}

// answerPing answers with the payload of the ping.
func (c *connection) answerPing(m message) error {
	if _, err := m.object(); err != nil {
		return c.invalid(err)
	}
	c.send(c.ctx, reply{data: encodeMessage(typePong, "", m.Payload)})
	return nil
}

// checkPong checks the form of a pong. Any message that was read is a sign of life.
func (c *connection) checkPong(m message) error {
	if _, err := m.object(); err != nil {
		return c.invalid(err)
	}
	return nil
}

// connect lets the client in, or turns it away.
func (c *connection) connect(m message) error {
	if c.session != nil {
		return errTooManyInits
	}
	params, err := m.object()
	if err != nil {
		return c.invalid(err)
	}
	authorization, err := c.authorizationOf(params)
	if err != nil {
		return c.invalid(err)
	}
	if c.seen, err = readLastSeen(params); err != nil {
		return c.invalid(err)
	}
	ctx, until, err := c.authenticate(c.ctx, authorization)
	if err != nil {
		return c.turnAway(c.engine.presenter.present(c.ctx, err))
	}
	if ctx, err = c.watch(ctx); err != nil {
		return c.turnAway(c.engine.presenter.present(c.ctx, err))
	}
	c.open(ctx, until)
	c.send(c.ctx, reply{data: encodeMessage(typeAck, "", nil)})
	if c.protocol.legacy { // its clients expect further beats only after a first one
		c.send(c.ctx, reply{data: encodeMessage(typeKeepAlive, "", nil)})
	}
	return nil
}

// authorizationOf returns the client's authorization: from the connection parameters, since pages
// cannot set headers, or else from the request's header. The error is a *refusal.
func (c *connection) authorizationOf(params map[string]any) (string, error) {
	for _, name := range []string{"authorization", "Authorization"} {
		if value, ok := params[name]; ok && value != nil {
			text, isText := value.(string)
			if !isText {
				return "", badRequest("the parameter " + name + " is not a string")
			}
			return text, nil
		}
	}
	return c.authorization, nil
}

// open begins the session. The connection is closed when the session ends: at until, unless that is
// zero, or when it is revoked.
func (c *connection) open(ctx context.Context, until time.Time) {
	if until.IsZero() {
		c.session, c.endSession = context.WithCancel(ctx)
	} else {
		c.session, c.endSession = context.WithDeadlineCause(ctx, until, errForbidden)
	}
	c.tasks.Add(1)
	context.AfterFunc(c.session, func() {
		defer c.tasks.Done()
		c.end(errForbidden) // without effect if the connection's end has ended the session
	})
}

// turnAway returns the end of the connection for a client whose authorization was refused.
func (c *connection) turnAway(presented *gqlerror.Error) error {
	cause := &closing{code: closeForbidden, reason: presented.Message}
	if signInStatus(presented) == http.StatusInternalServerError {
		cause.code = closeInternal
	}
	if c.protocol.legacy {
		cause.last = encodeMessage(typeConnectionError, "", mustMarshal(presented))
	}
	return cause
}
