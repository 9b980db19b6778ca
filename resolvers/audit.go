package resolvers

import (
	"context"
	"log/slog"

	"flightdeck/auth"
	"flightdeck/graph/model"

	"github.com/99designs/gqlgen/graphql"
)

// audited has the messages about the mutations that an operator looks for after an incident: one
// for success, and one for a refusal. An empty message logs nothing.
var audited = map[string]struct{ done, refused string }{
	"logIn":          {"", "a log-in failed"},
	"registerUser":   {"a user was registered", "a registration failed"},
	"changePassword": {"a password was changed", "a change of a password failed"},
	"updateUser":     {"", "a change of an account failed"},
	"changeRole":     {"a role was changed", "a change of a role failed"},
	"forgetUser":     {"a user was forgotten", "forgetting a user failed"},
	"createApiKey":   {"an API key was made", "making an API key failed"},
	"revokeApiKey":   {"an API key was revoked", "revoking an API key failed"},
}

// audit logs the outcome of the mutation of ctx, if it is one of audited: the actor, the address of
// the client, and for success the object. Nothing that a client has written freely is in the line,
// neither a secret nor the name or the e-mail address of a person.
func (r *Resolver) audit(ctx context.Context, object string, errs []model.UserError, more ...slog.Attr) {
	field := graphql.GetFieldContext(ctx)
	if field == nil { // a call without an executor
		return
	}
	outcome := audited[field.Field.Name]
	message := outcome.done
	if len(errs) > 0 {
		message = outcome.refused
	}
	if message == "" {
		return
	}
	attrs := []slog.Attr{
		slog.String("operation", operationName(ctx)),
		slog.String("field", field.Field.Name),
		slog.String("actor", auth.ActorFrom(ctx).UserID),
		slog.String("remote", r.Remote(ctx)),
		slog.String("request_id", r.RequestID(ctx)),
	}
	if len(errs) == 0 {
		attrs = append(append(attrs, slog.String("object", object)), more...)
	}
	r.Logger.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
}

// maxLoggedName bounds the name of an operation in the log, in bytes.
const maxLoggedName = 100

// operationName returns the name of the operation of ctx, which is ASCII, for the log.
func operationName(ctx context.Context) string {
	name := graphql.GetOperationContext(ctx).Operation.Name
	return name[:min(len(name), maxLoggedName)]
}
