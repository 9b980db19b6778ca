package web

import (
	"context"
	"net/http"
	"time"

	"flightdeck/web/limit"
	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// admission counts the work of each client.
type admission struct {
	limits   limit.Limits
	inFlight *limit.InFlight
}

// operation counts a query or a mutation of the client in ctx until leave is called. leave is nil
// if the client has too many.
func (a admission) operation(ctx context.Context) (leave func()) {
	return a.inFlight.Enter(clientOf(ctx).prefix(), limit.Operations, a.limits.Operations)
}

// subscription is operation for a subscription.
func (a admission) subscription(ctx context.Context) (leave func()) {
	return a.inFlight.Enter(clientOf(ctx).prefix(), limit.Subscriptions, a.limits.Subscriptions)
}

// connection counts a websocket or event stream until leave is called. It answers the request and
// returns nil if the client has too many.
func (a admission) connection(w http.ResponseWriter, r *http.Request) (leave func()) {
	most := a.limits.Connections
	if leave = a.inFlight.Enter(clientOf(r.Context()).prefix(), limit.Connections, most); leave == nil {
		writeErrors(w, negotiate.JSON, http.StatusTooManyRequests, gqlerror.List{limit.TooMany(limit.Connections, most)})
	}
	return leave
}

// limitAttempts returns a middleware that counts the executions of mutations by client and actor,
// and refuses those above Limits.Attempts.
func limitAttempts(attempts *limit.Attempts, actor func(context.Context) string, clock func() time.Time) graphql.RootFieldMiddleware {
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		field := graphql.GetRootFieldContext(ctx).Field
		if field.ObjectDefinition == nil || field.ObjectDefinition.Name != "Mutation" {
			return next(ctx)
		}
		name := attempts.LimitOf(field.Name, func() map[string]any {
			return field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
		})
		if name == "" {
			return next(ctx)
		}
		if refused := attempts.Count(name, clientOf(ctx).prefix(), actor(ctx), clock()); refused != nil {
			refused.Path = ast.Path{ast.PathName(field.Alias)}
			graphql.AddError(ctx, refused)
			return graphql.Null
		}
		return next(ctx)
	}
}
