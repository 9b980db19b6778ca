package web

import (
	"log/slog"
	"net/http"
	"time"
)

// The limits of a request and its answer. Websockets and event streams have limits of their own
// once they are open.
const (
	headerTimeout = 10 * time.Second // for the header of a request
	bodyTimeout   = time.Minute      // for the whole request
	answerTimeout = 2 * time.Minute  // for the execution, and for reading the answer
	idleTimeout   = 2 * time.Minute  // between two requests
	maxHeader     = 64 << 10         // bytes, with the query in the address
)

// HTTPServer returns a server of the handler that cuts a client which sends a request slowly, stops
// halfway, or does not read the answer. Its owner serves, shuts down and closes it.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelInfo), // failed handshakes, for the most part
	}
}
