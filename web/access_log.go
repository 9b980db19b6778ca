package web

import (
	"bufio"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// recorder notes what was answered. It can be hijacked, as an upgrade to a
// websocket needs it.
type recorder struct {
	http.ResponseWriter
	status int // 0 until the header was written
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Hijack hands the connection over and notes a change of protocols.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, buf, err
}

// Unwrap is for [http.ResponseController].
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// withAccessLog writes one line when a request has ended; a websocket's when it was
// opened.
// The query string is left out: variables in it may be secret.
func (s *Server) withAccessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			level := slog.LevelDebug
			if rec.status >= http.StatusInternalServerError {
				level = slog.LevelWarn
			}
			if !s.config.Logger.Enabled(r.Context(), level) {
				return
			}
			s.config.Logger.LogAttrs(r.Context(), level, "request",
				slog.String("method", r.Method),
				slog.String("path", r.URL.Path),
				slog.Int("status", rec.status),
				slog.Int64("bytes", rec.bytes),
				slog.Duration("duration", time.Since(start)),
				slog.String("remote", clientOf(r.Context()).address.String()),
				slog.String("request_id", RequestID(r.Context())))
		}()
		next.ServeHTTP(rec, r)
		if rec.status == 0 {
			rec.status = http.StatusOK // what net/http sends for a handler that wrote nothing
		}
	})
}
