package web

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// The close codes of graphql-transport-ws, which the server uses with the older protocol as well.
const (
	closeBadRequest   = 4400
	closeUnauthorized = 4401
	closeForbidden    = 4403
	closeSubprotocol  = 4406
	closeInitTimeout  = 4408
	closeDuplicateID  = 4409
	closeTooManyInits = 4429
	closeInternal     = 4500
)

// maxCloseReason is the longest reason of a close frame, in bytes (RFC 6455, section 5.5).
const maxCloseReason = 123

// closing is the reason for which a connection ends. It is the cause of the connection's context.
type closing struct {
	code   int // 0 if the client cannot be told; 1005 after a close frame without a code
	reason string
	last   []byte // a message to send before the close frame; most need none
	quotes bool   // the reason has words of the client
}

// Error returns the reason for the log, without words of the client, which may be anything.
func (e *closing) Error() string {
	if e.quotes {
		return strconv.Itoa(e.code)
	}
	return fmt.Sprintf("%d %s", e.code, e.reason)
}

var (
	errGoingAway    = &closing{code: websocket.CloseGoingAway, reason: "going away"}
	errTerminated   = &closing{code: websocket.CloseNormalClosure, reason: "terminated"}
	errSilent       = &closing{code: websocket.CloseGoingAway, reason: "no sign of life"}
	errUnauthorized = &closing{code: closeUnauthorized, reason: "Unauthorized"}
	errForbidden    = &closing{code: closeForbidden, reason: "Forbidden"}
	errSubprotocol  = &closing{code: closeSubprotocol, reason: "Subprotocol not acceptable"}
	errInitTimeout  = &closing{code: closeInitTimeout, reason: "Connection initialisation timeout"}
	errTooManyInits = &closing{code: closeTooManyInits, reason: "Too many initialisation requests"}
	errTooLarge     = &closing{code: websocket.CloseMessageTooBig, reason: "message too big"}
	errNotUTF8      = &closing{code: websocket.CloseInvalidFramePayloadData, reason: "the message is not valid UTF-8"} // RFC 6455, section 8.1
	errBroken       = &closing{code: closeInternal, reason: "Internal server error"}
)

// closingOf returns the *closing in the cause of a context, and errGoingAway for another cause.
func closingOf(cause error) *closing {
	if e, ok := errors.AsType[*closing](cause); ok {
		return e
	}
	return errGoingAway
}

// payload returns the payload of the close frame, with a reason that fits.
func (e *closing) payload() []byte {
	reason := e.reason
	if len(reason) > maxCloseReason {
		reason = reason[:maxCloseReason]
		for !utf8.ValidString(reason) {
			reason = reason[:len(reason)-1]
		}
	}
	return websocket.FormatCloseMessage(e.code, reason)
}
