package resolvers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"flightdeck/budget"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/errorcode"
	"flightdeck/graph/model"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// userErrors turns errors that the sender of a command can act on into data, and returns any other
// error. root is the argument that held the command, and "" for a mutation with several arguments.
func userErrors(err error, root string) ([]model.UserError, error) {
	var list domain.Errors
	if one, ok := errors.AsType[*domain.Error](err); ok {
		list = domain.Errors{one}
	}
	if all, ok := errors.AsType[domain.Errors](err); ok {
		list = all
	}
	out := make([]model.UserError, 0, len(list))
	for _, e := range list {
		u := userError(e, root)
		if u == nil {
			return nil, err
		}
		out = append(out, u)
	}
	if len(out) == 0 {
		return nil, err
	}
	return out, nil
}

// userError returns e as a type of the API, and nil for a code without a type.
func userError(e *domain.Error, root string) model.UserError {
	var path []string
	if root != "" {
		path = append(path, root)
	}
	if e.Field != "" {
		path = append(path, strings.Split(e.Field, ".")...)
	}
	switch e.Code {
	case domain.Invalid:
		return model.ValidationError{Message: e.Message, Path: path}
	case domain.NotFound:
		return model.NotFoundError{Message: e.Message, Path: path}
	case domain.Forbidden:
		return model.ForbiddenError{Message: e.Message, Path: path}
	case domain.AlreadyTaken:
		return &model.AlreadyTakenError{Message: e.Message, Path: path, ID: e.Existing}
	case domain.VersionConflict:
		return &model.VersionConflictError{Message: e.Message, Path: path, ID: e.ID, Expected: &e.Expected, Actual: e.Actual}
	case domain.KeyReused:
		return model.IdempotencyKeyReusedError{Message: e.Message, Path: path}
	}
	return nil
}

// Present turns an error of the executor or of a resolver into the error that clients see. An error
// that the client can act on keeps its message and code, and so does an error that the executor
// found in the request. Present logs any other error with the request's id, and shows it as
// "internal error". No other function decides how such an error is shown.
func (r *Resolver) Present(ctx context.Context, err error) *gqlerror.Error {
	shown := graphql.DefaultErrorPresenter(ctx, err)
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return present(shown, e.Message, string(e.Code), e.Field)
	}
	if all, ok := errors.AsType[domain.Errors](err); ok {
		return present(shown, all.Error(), string(domain.Invalid), all[0].Field)
	}
	if over := exceeded(ctx, err); over != nil {
		shown = present(shown, over.Error(), errorcode.BudgetExhausted, "")
		shown.Extensions["limit"], shown.Extensions["max"] = over.Limit, over.Max
		return shown
	}
	if code, message := unavailable(err); code != "" {
		r.Logger.ErrorContext(ctx, "the log cannot be used", "err", err, "path", shown.Path.String(), "request", r.RequestID(ctx))
		return present(shown, message, string(code), "")
	}
	if late, ok := errors.AsType[*gqlerror.Error](context.Cause(ctx)); ok { // a database that is interrupted says so in its own words
		shown.Message, shown.Err, shown.Extensions = late.Message, nil, late.Extensions
		return shown
	}
	switch cause := errors.Unwrap(shown); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return present(shown, "the request ended before it was answered", errorcode.RequestCancelled, "")
	case badValue(err):
		return present(shown, shown.Message, string(domain.Invalid), "")
	case cause == nil:
		return shown
	}
	r.Logger.ErrorContext(ctx, "internal error", "err", err, "path", shown.Path.String(), "request", r.RequestID(ctx))
	return present(shown, "internal error: the operator finds it in the log under request "+r.RequestID(ctx), errorcode.InternalServerError, "")
}

// exceeded returns the exhausted budget behind an error, nil for another error. A statement that is
// interrupted reports it in words of its own.
func exceeded(ctx context.Context, err error) *budget.ExceededError {
	if over, ok := errors.AsType[*budget.ExceededError](err); ok {
		return over
	}
	over, _ := errors.AsType[*budget.ExceededError](context.Cause(ctx))
	return over
}

// Recover turns a panic into an error for Present. gqlparser panics on a number in a document that
// is too large for Go's types: that error is the client's.
func (r *Resolver) Recover(_ context.Context, p any) error {
	if number, ok := p.(*strconv.NumError); ok {
		return domain.Errorf(domain.Invalid, "%.40s is too large a number", number.Num)
	}
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}

func present(shown *gqlerror.Error, message, code, field string) *gqlerror.Error {
	shown.Message = message
	shown.Err = nil
	shown.Extensions = map[string]any{"code": code}
	if field != "" {
		shown.Extensions["argument"] = field
	}
	return shown
}

// unavailable returns the code and the message for a log that cannot be used now, and "" for any
// other error.
func unavailable(err error) (domain.Code, string) {
	switch {
	case errors.Is(err, eventstore.ErrFull):
		return domain.Unavailable, "the server's disk is full: nothing was written; try again when the operator has made room"
	case errors.Is(err, eventstore.ErrStorage):
		return domain.Unavailable, "the server's disk reports an error: the outcome is unknown; try again in a moment, with the same idempotency key"
	case errors.Is(err, eventstore.ErrBusy):
		return domain.Unavailable, "the database is in use by another program: nothing was written; try again in a moment"
	case errors.Is(err, eventstore.ErrReadOnly):
		return domain.Unavailable, "the database cannot be written: nothing was written; the operator has to make it writable"
	case errors.Is(err, eventstore.ErrOverloaded):
		return domain.Overloaded, "too many commands wait for the log: try again in a moment"
	case errors.Is(err, eventstore.ErrClosed):
		return domain.Unavailable, "the server is stopping: try again in a moment"
	}
	return "", ""
}

// badValue reports whether a value in a request does not have its type.
func badValue(err error) bool {
	_, number := errors.AsType[*strconv.NumError](err)
	_, syntax := errors.AsType[*eventstore.SyntaxError](err)
	return number || syntax
}
