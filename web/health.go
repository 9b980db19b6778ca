package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"flightdeck/web/negotiate"
)

// readyTimeout is how long Config.Ready may take.
const readyTimeout = 5 * time.Second

// health is the body of /healthz and /readyz.
type health struct {
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Version string `json:"version,omitempty"`
}

// serveHealth answers while the process lives.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, health{Status: "ok", Version: s.config.Version})
}

// serveReadiness answers 200 when the process can serve, and 503 with the reason
// when it cannot or is about to stop.
func (s *Server) serveReadiness(w http.ResponseWriter, r *http.Request) {
	if reason := s.unready(r.Context()); reason != "" {
		writeHealth(w, http.StatusServiceUnavailable, health{Status: "unavailable", Reason: reason})
		return
	}
	writeHealth(w, http.StatusOK, health{Status: "ready"})
}

// unready returns why the process cannot serve, or "".
func (s *Server) unready(ctx context.Context) string {
	if s.sockets.isClosing() {
		return "shutting down"
	}
	if s.config.Ready == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := s.config.Ready(ctx); err != nil {
		return err.Error()
	}
	return ""
}

func writeHealth(w http.ResponseWriter, status int, body health) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // three strings
	}
	writeBody(w, negotiate.JSON, status, data)
}
