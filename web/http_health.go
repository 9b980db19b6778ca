package web

import (
	"context"
	"net/http"
	"time"

	"flightdeck/web/negotiate"
)

// readyTimeout bounds Config.Ready.
const readyTimeout = 5 * time.Second

// health answers /healthz and /readyz.
type health struct {
	version string
	ready   func(ctx context.Context) error // nil: always ready
	closing func() bool
}

// healthBody is the body of both answers.
type healthBody struct {
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Version string `json:"version,omitempty"`
}

// serveHealth answers 200 while the process lives.
func (h health) serveHealth(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, healthBody{Status: "ok", Version: h.version})
}

// serveReadiness answers 200 if the process can serve, and 503 with the reason if it cannot or is
// closing.
func (h health) serveReadiness(w http.ResponseWriter, r *http.Request) {
	if reason := h.unready(r.Context()); reason != "" {
		writeHealth(w, http.StatusServiceUnavailable, healthBody{Status: "unavailable", Reason: reason})
		return
	}
	writeHealth(w, http.StatusOK, healthBody{Status: "ready"})
}

// unready returns the reason for which the process cannot serve, "" if it can.
func (h health) unready(ctx context.Context) string {
	if h.closing() {
		return "shutting down"
	}
	if h.ready == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := h.ready(ctx); err != nil {
		return err.Error()
	}
	return ""
}

func writeHealth(w http.ResponseWriter, status int, body healthBody) {
	writeBody(w, negotiate.JSON, status, mustMarshal(body))
}
