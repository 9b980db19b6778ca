package fanout

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Subscription is the part of one client in a broadcast. It catches up on a goroutine of its own
// until CatchUp returns true, and then reads from the broadcast until Next reports that it is
// behind. Its methods are not called at the same time.
type Subscription struct {
	ctx       context.Context //nolint:containedctx // the subscription ends with it
	params    *graphql.RawParams
	prepared  *graphql.OperationContext // nil while it reads from the broadcast: it is large
	follower  Follower
	broadcast *broadcast
	listener  *listener

	head  int64 // of the feed, at Join
	begun bool
	// at is the position up to which it has caught up, once begun, and until the position of the
	// broadcast that it has to reach.
	at, until int64
}

// CatchUp executes the subscription by itself from its own position up to that of the broadcast, in
// steps. For each step it calls run, which executes the operation in ctx, sends the results to the
// client, and returns false if that was not possible. CatchUp returns false if the subscription has
// ended, and true when it may read from the broadcast.
func (s *Subscription) CatchUp(run func(ctx context.Context, op *graphql.OperationContext) bool) bool {
	if !s.prepare() {
		return false
	}
	for !s.begun || s.at < s.until {
		if !run(s.step(), s.prepared) {
			return false
		}
		var ok bool
		s.begun = true
		if s.at, ok = s.follower.Reached(); !ok {
			return false
		}
	}
	s.prepared = nil
	return true
}

// prepare sets the end of CatchUp. The first time it waits until the broadcast has come to the
// feed's head at Join, and makes the broadcast keep the results from there on. It returns false if
// the subscription has ended, or is not valid any more.
func (s *Subscription) prepare() bool {
	if s.begun {
		var errs gqlerror.List
		s.prepared, errs = s.broadcast.fanout.executor.Prepare(s.ctx, s.params)
		return len(errs) == 0
	}
	var err error
	s.until, err = s.broadcast.reserve(s.ctx, s.listener, s.head)
	return err == nil
}

// step returns the context of the next step.
func (s *Subscription) step() context.Context {
	if !s.begun {
		return s.follower.Begin(s.ctx, s.until)
	}
	return s.follower.Continue(s.ctx, s.at, s.until)
}

// Next returns the next results of the broadcast, none if none wait, and whether more wait. It
// returns behind if the broadcast no longer keeps the next results: the subscription has to catch
// up again. It does not block.
func (s *Subscription) Next() (results [][]byte, more, behind bool) {
	read, missed := s.broadcast.next(s.listener)
	if missed.to > missed.from {
		s.at, s.until = missed.from, missed.to
		return nil, false, true
	}
	return read.results, read.more, false
}

// Leave ends the part in the broadcast.
func (s *Subscription) Leave() {
	s.broadcast.remove(s.listener)
	s.broadcast.fanout.leave(s.broadcast)
}
