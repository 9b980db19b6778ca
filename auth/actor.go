package auth

import (
	"context"

	"flightdeck/domain"
)

// actorKey is the key of the actor in a context.
type actorKey struct{}

// WithActor returns a context that carries the actor of a request.
func WithActor(ctx context.Context, actor domain.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFrom returns the actor that WithActor put into ctx, or the zero Actor, a visitor, if there
// is none.
func ActorFrom(ctx context.Context) domain.Actor {
	actor, _ := ctx.Value(actorKey{}).(domain.Actor) //nolint:errcheck // without an actor it is the zero value
	return actor
}

// WithToken returns a context that carries the bearer token of a request.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// TokenFrom returns the bearer token that WithToken put into ctx, "" if there is none.
func TokenFrom(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string) //nolint:errcheck // without a token it is the zero value
	return token
}

type tokenKey struct{}
