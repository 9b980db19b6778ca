package web

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Feed is the log behind subscriptions, as far as this package knows it: positions
// that are contiguous and grow, and subscriptions that follow them. With it a result
// is executed and encoded once for all who subscribe to the same: see broadcast.
type Feed interface {
	// Head returns the last position there is.
	Head() int64

	// Wait returns nil once the head is after a position, or else ctx's error.
	Wait(ctx context.Context, after int64) error

	// Follow returns a new follower of a subscription that was validated, and a key.
	// Followers with equal keys yield results that are equal byte for byte for the same
	// stretch of positions at the same time: the key is comparable, and has in it the
	// operation, its variables but for those that only say where to begin, and the
	// rights of ctx. The follower is nil when the subscription is not one of positions.
	Follow(ctx context.Context, op *graphql.OperationContext) (f Follower, key any)
}

// Follower is one way along a Feed, which is gone in steps. Its methods are not called
// at the same time.
type Follower interface {
	// Begin returns a context derived from ctx. Execute the operation in it, and it
	// yields what it has to say up to a position at most, from where its arguments let
	// it begin, and ends.
	Begin(ctx context.Context, until int64) context.Context

	// Continue is Begin for what comes after a position. It must be before until.
	Continue(ctx context.Context, after, until int64) context.Context

	// Reached returns up to where the last step, which has yielded its end, has gone.
	// It reports false when the operation has ended with it and cannot be continued.
	Reached() (position int64, ok bool)

	// Narrowed reports whether somebody may no longer see some of what earlier steps
	// have yielded, because of what happened in the last one.
	Narrowed() bool

	// Latest reports that a result makes those before it useless: who is slow gets the
	// last one only.
	Latest() bool
}
