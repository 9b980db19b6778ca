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

type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to, or "" outside a
// request. It is the client's X-Request-Id where that is at most 128 letters,
// digits, dots, dashes and underscores, and otherwise a new random one. All
// operations of one websocket share the id of the request that opened it.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string) //nolint:errcheck // no id is the empty one
	return id
}

// withRequestID puts the id into the context and the answer.
func (s *Server) withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(headerRequestID)
		if !isRequestID(id) {
			id = newRequestID()
		}
		w.Header().Set(headerRequestID, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
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
