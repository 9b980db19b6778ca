package web

import (
	"log/slog"
	"net/http"
	"time"
)

// The limits of a request and its answer. Websockets and event streams have their own
// from when they are open.
const (
	headerTimeout = 10 * time.Second // to send the header of a request
	bodyTimeout   = time.Minute      // to send all of it
	answerTimeout = 2 * time.Minute  // to have it answered and read the answer
	idleTimeout   = 2 * time.Minute  // between two requests
	maxHeader     = 64 << 10         // bytes, a query in the address included
)

// HTTPServer returns a server of the handler that gives nobody a connection for
// longer than they use it: whoever sends a request slowly, or stops halfway, or does
// not read the answer, is cut off. Its owner serves, shuts down and closes it.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelInfo), // handshakes that fail, for the most part
	}
}
