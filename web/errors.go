package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"flightdeck/graph/errorcode"
	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// presenter turns errors and panics into the errors that clients see.
type presenter struct {
	errorPresenter graphql.ErrorPresenterFunc
	recoverer      graphql.RecoverFunc
}

// present returns the error that the client sees. It is never nil.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	if presented := p.errorPresenter(ctx, err); presented != nil {
		return presented
	}
	return errInternal.present()
}

// presentPanic logs the value of a panic and returns the error that the client sees.
func (p presenter) presentPanic(ctx context.Context, value any) *gqlerror.Error {
	return p.present(ctx, p.recoverer(ctx, value))
}

// logPanic returns the default of Execution.Recover.
func logPanic(logger *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, value any) error {
		logger.LogAttrs(ctx, slog.LevelError, "panic",
			slog.Any("panic", value),
			slog.String("request_id", RequestID(ctx)),
			slog.String("stack", string(debug.Stack())))
		return errInternal.present()
	}
}

// signInStatus returns the status of a request whose sender Identity.Authenticate has refused with
// an error. Every error but those that its contract names is a fault of the server.
func signInStatus(presented *gqlerror.Error) int {
	switch status := errorcode.Status(codeOf(presented)); status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable:
		return status
	}
	return http.StatusInternalServerError
}

// refusal is the error of a request that is refused before an operation of it runs.
type refusal struct {
	code    string // one of package errorcode, which has the status
	message string
}

func (e *refusal) Error() string { return e.message }

// present returns the refusal as clients see it.
func (e *refusal) present() *gqlerror.Error {
	return &gqlerror.Error{Message: e.message, Extensions: map[string]any{"code": e.code}}
}

// badRequest returns the refusal of a malformed request.
func badRequest(message string) *refusal { return &refusal{errorcode.BadRequest, message} }

var (
	errInternal = &refusal{errorcode.Internal, "internal error"}
	errNotFound = &refusal{errorcode.NotFound, "nothing is here: the API is at /graphql"}
	errMethod   = &refusal{errorcode.MethodNotAllowed, "method not allowed"}
	errClosing  = &refusal{errorcode.Unavailable, "the server is shutting down"}

	errNotAcceptable = &refusal{
		errorcode.NotAcceptable,
		"answers are " + negotiate.GraphQL + ", " + negotiate.JSON + " or " + negotiate.Events + ": accept one of them",
	}
)

// asRefusal returns the refusal in err, and errInternal for an error without one.
func asRefusal(err error) *refusal {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e
	}
	return errInternal
}

// codeOf returns the code of a presented error, "" for none.
func codeOf(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string) //nolint:errcheck // an error without a code has the empty one
	return code
}
