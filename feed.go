package main

import (
	"context"

	"flightdeck/eventstore"
	"flightdeck/resolvers"
	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
)

// feed is the log behind the subscriptions, as the edge knows it.
type feed struct {
	log  *eventstore.Store
	root *resolvers.Resolver
}

// Head returns the last position of the log.
func (f feed) Head() int64 { return int64(f.log.Head().Position) }

// Wait waits for what comes after a position.
func (f feed) Wait(ctx context.Context, after int64) error {
	return f.log.Wait(ctx, eventstore.Position(after))
}

// Follow returns the course of a subscription.
func (f feed) Follow(ctx context.Context, op *graphql.OperationContext) (web.Follower, any) {
	course, key := f.root.Follow(ctx, op)
	if course == nil {
		return nil, nil
	}
	return course, key
}
