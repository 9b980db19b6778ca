package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/web/negotiate"
)

// withRecovery turns a panic into a masked 500. An answer that has begun cannot be
// taken back: the connection is cut, so that the client does not take it for whole.
func (s *Server) withRecovery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // the very value, by net/http's contract
				panic(p)
			}
			presented := s.presentPanic(r.Context(), p)
			if rec, ok := w.(*recorder); ok && rec.status != 0 {
				panic(http.ErrAbortHandler)
			}
			writeErrors(w, negotiate.JSON, http.StatusInternalServerError, gqlerror.List{presented})
		}()
		next.ServeHTTP(w, r)
	})
}

// presentPanic logs a panic, by Config.Recover, and returns what a client may see.
func (s *Server) presentPanic(ctx context.Context, p any) *gqlerror.Error {
	return s.presentError(ctx, s.recoverFunc()(ctx, p))
}

// presentError returns what a client may see of an error.
func (s *Server) presentError(ctx context.Context, err error) *gqlerror.Error {
	if presented := s.errorPresenter()(ctx, err); presented != nil {
		return presented
	}
	return errInternal.present()
}

// logPanic is the Recover of a Config that has none.
func (s *Server) logPanic(ctx context.Context, p any) error {
	s.config.Logger.LogAttrs(ctx, slog.LevelError, "panic",
		slog.Any("panic", p),
		slog.String("request_id", RequestID(ctx)),
		slog.String("stack", string(debug.Stack())))
	return errInternal.present()
}
