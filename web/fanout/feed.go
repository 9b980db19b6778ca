package fanout

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Feed is a log that subscriptions follow: positions that are contiguous and grow.
type Feed interface {
	// Head returns the last position of the log.
	Head() int64

	// Wait blocks until the head is after a position, and returns nil, or ctx's error.
	Wait(ctx context.Context, after int64) error

	// NewFollower returns the follower of a validated subscription, and its key, which is
	// comparable. Followers with equal keys must yield equal results, byte for byte, for the same
	// positions at the same time: the key holds the operation, its variables except those that only
	// name the first position, and the rights in ctx. The follower is nil for a subscription that
	// does not follow the log.
	NewFollower(ctx context.Context, op *graphql.OperationContext) (f Follower, key any)
}

// Follower leads one subscription along a Feed, in steps. Its methods are not called at the same
// time.
type Follower interface {
	// Begin returns a context derived from ctx for the first step. An execution of the operation in
	// that context starts at the position that its arguments name, yields the results up to until,
	// and ends.
	Begin(ctx context.Context, until int64) context.Context

	// Continue returns such a context for the step after a position, which is before until.
	Continue(ctx context.Context, after, until int64) context.Context

	// Reached returns the last position of the step that has just ended. It returns false if the
	// operation cannot be continued.
	Reached() (position int64, ok bool)

	// Revoked reports whether an event of the last step may hide results of earlier steps from some
	// reader.
	Revoked() bool

	// Latest reports that each result replaces those before it. A slow reader is sent the last
	// result only.
	Latest() bool
}
