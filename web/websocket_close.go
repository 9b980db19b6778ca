package web

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// The close codes of graphql-transport-ws, used with the older protocol as well.
const (
	closeBadRequest     = 4400
	closeUnauthorized   = 4401
	closeForbidden      = 4403
	closeSubprotocol    = 4406
	closeInitTimeout    = 4408
	closeDuplicateID    = 4409
	closeTooManyInits   = 4429
	closeInternal       = 4500
	maxCloseReasonBytes = 123 // RFC 6455, section 5.5
)

// closing is why a connection ends, as its context's cause.
type closing struct {
	code   int // 0: there is nobody left to be told; 1005: one who gave no reason
	reason string
	last   []byte // a message before the close frame; most need none
}

func (e *closing) Error() string { return fmt.Sprintf("%d %s", e.code, e.reason) }

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

// closingOf returns the closing that a context's cause is.
func closingOf(cause error) *closing {
	if e, ok := errors.AsType[*closing](cause); ok {
		return e
	}
	return errGoingAway
}

// payload returns the content of the close frame, cut to what fits into one.
func (e *closing) payload() []byte {
	reason := e.reason
	if len(reason) > maxCloseReasonBytes {
		reason = reason[:maxCloseReasonBytes]
		for !utf8.ValidString(reason) {
			reason = reason[:len(reason)-1]
		}
	}
	return websocket.FormatCloseMessage(e.code, reason)
}
