package web

import (
	"context"
	"net/http"

	"flightdeck/web/limit"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/web/negotiate"
)

// enter counts a query or a mutation of the client that asks for it. leave is nil when
// there are too many.
func (s *Server) enter(ctx context.Context) (leave func()) {
	return s.inFlight.Enter(clientOf(ctx).prefix(), limit.Operations, s.config.Limits.Operations)
}

// enterConnection counts a websocket or event stream of the client that asks for one, or answers
// that there are too many.
func (s *Server) enterConnection(w http.ResponseWriter, r *http.Request) (leave func()) {
	most := s.config.Limits.Connections
	if leave = s.inFlight.Enter(clientOf(r.Context()).prefix(), limit.Connections, most); leave == nil {
		writeErrors(w, negotiate.JSON, http.StatusTooManyRequests, gqlerror.List{limit.TooMany(limit.Connections, most)})
	}
	return leave
}

// aroundRootField counts the execution of a field, or refuses it.
func (s *Server) aroundRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if !s.attempts.Bounds(field.Name) || field.ObjectDefinition == nil || field.ObjectDefinition.Name != "Mutation" {
		return next(ctx)
	}
	actor := ""
	if s.config.Actor != nil {
		actor = s.config.Actor(ctx)
	}
	if refused := s.attempts.Count(field.Name, clientOf(ctx).prefix(), actor, s.config.Clock()); refused != nil {
		refused.Path = ast.Path{ast.PathName(field.Alias)}
		graphql.AddError(ctx, refused)
		return graphql.Null
	}
	return next(ctx)
}
