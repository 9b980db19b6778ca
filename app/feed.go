package app

import (
	"context"

	"flightdeck/eventstore"
	"flightdeck/resolvers"
	"flightdeck/web/fanout"

	"github.com/99designs/gqlgen/graphql"
)

// feed is the log behind the subscriptions, in the terms of package web.
type feed struct {
	log  *eventstore.Store
	root *resolvers.Resolver
}

// Head returns the last position of the log.
func (f feed) Head() int64 { return int64(f.log.Head().Position) }

// Wait blocks until the log has an event after a position.
func (f feed) Wait(ctx context.Context, after int64) error {
	return f.log.Wait(ctx, eventstore.Position(after))
}

// NewFollower returns the follower of a subscription, and a key that equal subscriptions share. It
// returns nil for a subscription that cannot be shared.
func (f feed) NewFollower(ctx context.Context, op *graphql.OperationContext) (fanout.Follower, any) {
	follower, key := f.root.NewFollower(ctx, op)
	if follower == nil {
		return nil, nil
	}
	return follower, key
}
