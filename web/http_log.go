package web

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// recorder records the status and the size of an answer. It can be hijacked, as the upgrade to a
// websocket requires.
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

// Hijack gives up the connection and records a change of protocols.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, buf, err
}

// Unwrap is for [http.ResponseController].
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// withLog writes one line when a request has ended, and for a websocket when it was opened. The
// line has the pattern of the route in place of the path, and no query string: a client may put
// anything there, a secret or the e-mail address of a person that is forgotten later.
func withLog(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			level := slog.LevelDebug
			if rec.status >= http.StatusInternalServerError {
				level = slog.LevelWarn
			}
			if !logger.Enabled(r.Context(), level) {
				return
			}
			logger.LogAttrs(r.Context(), level, "request",
				slog.String("method", r.Method),
				slog.String("route", r.Pattern),
				slog.Int("status", rec.status),
				slog.Int64("bytes", rec.bytes),
				slog.Duration("duration", time.Since(start)),
				slog.String("remote", Remote(r.Context())),
				slog.String("request_id", RequestID(r.Context())))
		}()
		next.ServeHTTP(rec, r)
		if rec.status == 0 {
			rec.status = http.StatusOK // net/http sends it for a handler that wrote nothing
		}
	})
}

// slowOperation is the time above which an operation is logged.
const slowOperation = time.Second

// slowLog logs slow operations.
type slowLog struct {
	logger *slog.Logger
	clock  func() time.Time
	actor  func(context.Context) string
}

// watch begins to measure a query or a mutation. The caller calls end when it has ended.
func (l slowLog) watch(ctx context.Context, op *graphql.OperationContext) (end func()) {
	start := l.clock()
	return func() {
		took := l.clock().Sub(start)
		if took <= slowOperation {
			return
		}
		name := op.Operation.Name
		l.logger.LogAttrs(ctx, slog.LevelInfo, "an operation was slow",
			slog.String("operation", name[:min(len(name), maxLoggedName)]),
			slog.String("kind", string(op.Operation.Operation)),
			slog.Duration("duration", took),
			slog.String("actor", l.actor(ctx)),
			slog.String("remote", Remote(ctx)),
			slog.String("request_id", RequestID(ctx)))
	}
}

// maxLoggedName bounds the name of an operation in the log, in bytes.
const maxLoggedName = 100
