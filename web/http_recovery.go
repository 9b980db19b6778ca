package web

import (
	"net/http"

	"flightdeck/web/negotiate"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// withRecovery answers a panic of next with a masked 500. After the first byte of an answer it cuts
// the connection instead, so that the client does not take the answer for a whole one.
func withRecovery(p presenter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if value == http.ErrAbortHandler { //nolint:errorlint // the very value, by net/http's contract
				panic(value)
			}
			presented := p.presentPanic(r.Context(), value)
			if rec, ok := w.(*recorder); ok && rec.status != 0 {
				panic(http.ErrAbortHandler)
			}
			writeErrors(w, negotiate.JSON, http.StatusInternalServerError, gqlerror.List{presented})
		}()
		next.ServeHTTP(w, r)
	})
}
