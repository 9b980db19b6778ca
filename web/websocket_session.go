package web

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// handle acts on one message. An error ends the connection and is a *closing.
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

// invalid ends the connection because of a message that is not of the protocol. The
// older protocol says so and goes on.
func (c *connection) invalid(err error) error {
	e := asRefusal(err)
	if c.protocol.legacy {
		c.send(c.ctx, reply{data: encodeMessage(typeConnectionError, "", mustMarshal(e.present()))})
		return nil
	}
	return &closing{code: closeBadRequest, reason: e.message}
}

// answerPing answers with the payload that came.
func (c *connection) answerPing(m message) error {
	if _, err := m.object(); err != nil {
		return c.invalid(err)
	}
	c.send(c.ctx, reply{data: encodeMessage(typePong, "", m.Payload)})
	return nil
}

// checkPong needs nothing of a pong but its form: it was read, and that is the sign of
// life.
func (c *connection) checkPong(m message) error {
	if _, err := m.object(); err != nil {
		return c.invalid(err)
	}
	return nil
}

// connect lets the client in, or not.
func (c *connection) connect(m message) error {
	if c.session != nil {
		return errTooManyInits
	}
	authorization, err := c.authorization(m)
	if err != nil {
		return c.invalid(err)
	}
	ctx, until, err := c.server.config.Authenticate(c.ctx, authorization)
	if err != nil {
		return c.turnAway(c.server.presentError(c.ctx, err))
	}
	if watch := c.server.config.Watch; watch != nil {
		if ctx, err = watch(ctx); err != nil {
			return c.turnAway(c.server.presentError(c.ctx, err))
		}
	}
	c.open(ctx, until)
	c.send(c.ctx, reply{data: encodeMessage(typeAck, "", nil)})
	if c.protocol.legacy { // its clients look for a beat only after the first one
		c.send(c.ctx, reply{data: encodeMessage(typeKeepAlive, "", nil)})
	}
	return nil
}

// authorization returns what the client says for itself: in the connection
// parameters, since pages cannot set headers, or else in the request's header.
func (c *connection) authorization(m message) (string, error) {
	params, err := m.object()
	if err != nil {
		return "", err
	}
	for _, name := range []string{"authorization", "Authorization"} {
		if value, ok := params[name]; ok && value != nil {
			text, isText := value.(string)
			if !isText {
				return "", badRequest("the parameter " + name + " is not a string")
			}
			return text, nil
		}
	}
	return c.authorized, nil
}

// open begins the session, and the watch that closes the connection with it: when
// its time has come, or when it is revoked.
func (c *connection) open(ctx context.Context, until time.Time) {
	if until.IsZero() {
		c.session, c.endSession = context.WithCancel(ctx)
	} else {
		c.session, c.endSession = context.WithDeadlineCause(ctx, until, errForbidden)
	}
	c.tasks.Add(1)
	context.AfterFunc(c.session, func() {
		defer c.tasks.Done()
		c.end(errForbidden) // of no effect where the connection's end is what ended it
	})
}

// turnAway refuses a client.
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
