package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

const (
	headerRequestID = "X-Request-Id"
	maxRequestID    = 128
)

// RequestID returns the id of the request that ctx belongs to, or "" outside a
// request. It is the client's X-Request-Id where that is at most 128 letters,
// digits, dots, dashes and underscores, and otherwise a new random one. All
// operations of one websocket share the id of the request that opened it.
func RequestID(ctx context.Context) string {
	return clientOf(ctx).request
}

// requestID returns the id for a request with these headers.
func requestID(h http.Header) string {
	if id := h.Get(headerRequestID); isRequestID(id) {
		return id
	}
	return newRequestID()
}

func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(id[:])
}

// isRequestID keeps out what could break a log line or a header.
func isRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
