package fanout

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// patience is the time for which a broadcast with as many results as it may keep waits for the
	// faster half of its listeners. The slower half has to catch up.
	patience = 100 * time.Millisecond
	// A step that failed is tried again after a pause that grows from firstPause to longestPause.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

// run follows the feed until ctx ends.
func (b *broadcast) run(ctx context.Context) {
	defer func() { b.fanout.kept.Add(-int64(b.size)) }()
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 2}
	step := func() (struct{}, error) {
		if !b.step(ctx) {
			return struct{}{}, errStep
		}
		return struct{}{}, nil
	}
	for b.fanout.feed.Wait(ctx, b.through) == nil && ctx.Err() == nil {
		_, _ = backoff.Retry(ctx, step, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0)) //nolint:errcheck // it fails when ctx ends
	}
}

// errStep says that a step failed. The executor has logged the reason.
var errStep = errors.New("a step of a broadcast failed")

// step executes and publishes the positions up to the feed's head, or some of them. It returns
// false if that has failed.
func (b *broadcast) step(ctx context.Context) (ok bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.fanout.executor.Guard(ctx, func() { ok = b.execute(ctx) })
	return ok
}

// execute is step without protection from panics.
func (b *broadcast) execute(ctx context.Context) (ok bool) {
	f := b.fanout
	if b.follower == nil {
		prepared, errs := f.executor.Prepare(ctx, b.params)
		if len(errs) > 0 {
			return false
		}
		b.prepared = prepared
		b.follower, _ = f.feed.NewFollower(ctx, prepared)
	}
	done, err := f.executor.Turn(ctx)
	if err != nil {
		return false
	}
	next := &batch{} // up to the head of now: a step that has waited follows all that has come meanwhile
	next.results, ok = f.executor.Collect(b.follower.Continue(ctx, b.through, f.feed.Head()), b.prepared)
	done()
	if !ok {
		return false
	}
	if next.until, ok = b.follower.Reached(); !ok {
		return false
	}
	for _, result := range next.results {
		next.size += len(result)
	}
	b.pace(ctx, next.size)
	b.publish(next, b.follower.Revoked())
	return true
}

// pace waits until the broadcast has room for size bytes more, and for patience at most.
func (b *broadcast) pace(ctx context.Context, size int) {
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for b.isFull(size) {
		select {
		case <-b.room:
		case <-enough.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
