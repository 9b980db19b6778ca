// Package fanout executes a subscription once for all clients that subscribe to the same: it
// follows a Feed, keeps the encoded results until all listeners have read them, and lets a listener
// that was too slow read the rest from the log by itself.
//
// feed.go is the contract with the log and its subscriptions, run.go the execution that listeners
// share, broadcast.go its kept results, and subscription.go the part of one client in it. Start
// with Fanout.Join.
package fanout

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Executor runs operations for a Fanout. Its methods may be called at the same time.
type Executor interface {
	// Prepare validates a request. It may change the request's variables.
	Prepare(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List)

	// Collect executes a subscription to its end and returns its results as JSON. It returns false
	// if the subscription was cancelled or refused.
	Collect(ctx context.Context, op *graphql.OperationContext) (results [][]byte, ok bool)

	// Turn waits for the turn of a step of the client in ctx. The caller calls done after the step.
	// The error is ctx's.
	Turn(ctx context.Context) (done func(), err error)

	// Guard runs f, and logs a panic of f.
	Guard(ctx context.Context, f func())
}

// Fanout has the broadcasts of a server, one for each key of its Feed that has listeners. Make it
// with New.
type Fanout struct {
	feed     Feed
	executor Executor
	start    func(run func()) bool
	kept     atomic.Int64 // bytes of all broadcasts

	mu         sync.Mutex // protects broadcasts, and the users of each
	broadcasts map[any]*broadcast
}

// New returns a Fanout without broadcasts. It calls start for each broadcast with a function that
// lasts as long as the broadcast: start runs it on a goroutine of its own and returns true, or
// returns false if the server is closing.
func New(feed Feed, executor Executor, start func(run func()) bool) *Fanout {
	return &Fanout{feed: feed, executor: executor, start: start, broadcasts: map[any]*broadcast{}}
}

// Join adds a subscription to the broadcast of its results, and starts the broadcast for the first
// one. The subscription lasts until ctx ends. Join sends to wake, unless wake is full, when the
// subscription has something to read. The caller must call Leave on the result.
//
// Join returns nil for an operation that cannot share its results, and while the server is closing.
func (f *Fanout) Join(ctx context.Context, op *graphql.OperationContext, params *graphql.RawParams, wake chan<- struct{}) *Subscription {
	if op.Operation.Operation != ast.Subscription {
		return nil
	}
	head := f.feed.Head()
	follower, key := f.feed.NewFollower(ctx, op)
	if follower == nil {
		return nil
	}
	l := &listener{wake: wake}
	b := f.join(ctx, key, params, l, follower.Latest())
	if b == nil {
		return nil
	}
	return &Subscription{ctx: ctx, params: params, prepared: op, follower: follower, broadcast: b, listener: l, head: head}
}

// join adds a listener to a broadcast. It returns nil while the server is closing.
func (f *Fanout) join(ctx context.Context, key any, params *graphql.RawParams, l *listener, latest bool) *broadcast {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.broadcasts[key]
	if !ok {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		own := *params
		own.Variables, _ = copied(params.Variables).(map[string]any) //nolint:errcheck // or there are none
		b = newBroadcast(f, key, &own, cancel, latest)
		if !f.start(func() { b.run(ctx) }) {
			cancel()
			return nil
		}
		f.broadcasts[key] = b
	}
	b.users++
	b.add(l)
	return b
}

// leave ends the part of one listener. The broadcast ends with its last one.
func (f *Fanout) leave(b *broadcast) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b.users--; b.users == 0 {
		delete(f.broadcasts, b.key)
		b.cancel()
	}
}

// copied returns a deep copy of a JSON value: Executor.Prepare changes variables in place.
func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		all := make(map[string]any, len(value))
		for name, v := range value {
			all[name] = copied(v)
		}
		return all
	case []any:
		all := make([]any, len(value))
		for i, v := range value {
			all[i] = copied(v)
		}
		return all
	}
	return value
}
