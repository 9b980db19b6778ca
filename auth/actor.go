package auth

import (
	"context"

	"flightdeck/domain"
)

// actorKey is the key of the actor in a context.
type actorKey struct{}

// WithActor returns a context in which actor is the one who asks.
func WithActor(ctx context.Context, actor domain.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFrom returns the one who asks. Where WithActor has put nobody it is the
// zero Actor, a visitor.
func ActorFrom(ctx context.Context) domain.Actor {
	actor, _ := ctx.Value(actorKey{}).(domain.Actor) //nolint:errcheck // nobody is the zero value
	return actor
}

// WithToken returns a context that carries the token a request was sent with.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// TokenFrom returns the token a request was sent with, "" for none.
func TokenFrom(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string) //nolint:errcheck // no token is the zero value
	return token
}

type tokenKey struct{}
