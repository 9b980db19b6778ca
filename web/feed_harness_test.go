package web_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"flightdeck/web"
	"flightdeck/web/fanout"

	"github.com/99designs/gqlgen/graphql"
)

// tape is a Feed in memory, which the subscription tick of the stub follows. Each position has a
// number, or none.
type tape struct {
	from     atomic.Int64 // subscriptions begin after this position; below 0: at the head
	latest   bool
	executed atomic.Int64 // results of all executions

	// gate holds each step until it is closed; nil holds none. held counts the steps that it holds.
	gate chan struct{}
	held atomic.Int64

	mu      sync.Mutex // protects the fields below
	numbers []int      // at position i+1; below 0: none
	hidden  []int      // numbers that no execution yields any more
	narrow  int64      // the last position that has hidden numbers
	broken  int        // steps that will fail
	more    chan struct{}
}

func newTape() *tape {
	f := &tape{more: make(chan struct{})}
	f.from.Store(-1)
	return f
}

// tapeConfig returns the configuration of tests whose subscriptions follow a tape.
func tapeConfig(f *tape) web.Config {
	config := testConfig(newStub())
	config.Execution.Feed = f
	return config
}

// add appends numbers.
func (f *tape) add(numbers ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.numbers = append(f.numbers, numbers...)
	close(f.more)
	f.more = make(chan struct{})
}

// hide appends a position that hides numbers.
func (f *tape) hide(numbers ...int) {
	f.mu.Lock()
	f.hidden = append(f.hidden, numbers...)
	f.narrow = int64(len(f.numbers)) + 1
	f.mu.Unlock()
	f.add(-1)
}

func (f *tape) Head() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.numbers))
}

func (f *tape) Wait(ctx context.Context, after int64) error {
	for {
		f.mu.Lock()
		head, more := int64(len(f.numbers)), f.more
		f.mu.Unlock()
		if head > after {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *tape) NewFollower(ctx context.Context, op *graphql.OperationContext) (fanout.Follower, any) {
	if !strings.Contains(op.RawQuery, "tick") {
		return nil, nil
	}
	return &reel{tape: f}, [2]any{op.RawQuery, viewerOf(ctx)}
}

// reel is a Follower of a tape. A step has ten positions at most.
type reel struct {
	tape      *tape
	at, until int64
	ended     bool
	revoked   bool
}

type reelKey struct{}

func (r *reel) Begin(ctx context.Context, until int64) context.Context {
	after := r.tape.from.Load()
	if after < 0 {
		after = until
	}
	return r.Continue(ctx, after, until)
}

func (r *reel) Continue(ctx context.Context, after, until int64) context.Context {
	r.at, r.until, r.ended = after, until, true
	return context.WithValue(ctx, reelKey{}, r)
}

func (r *reel) Reached() (int64, bool) { return r.at, !r.ended }
func (r *reel) Revoked() bool          { return r.revoked }
func (r *reel) Latest() bool           { return r.tape.latest }

// step returns the numbers of the next step.
func (r *reel) step() (numbers []int) {
	f := r.tape
	if f.gate != nil && r.until > 0 {
		f.held.Add(1)
		<-f.gate
		f.held.Add(-1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken > 0 {
		f.broken--
		return nil
	}
	to := min(r.until, r.at+10)
	for _, n := range f.numbers[r.at:to] {
		if n >= 0 && !slices.Contains(f.hidden, n) {
			numbers = append(numbers, n)
		}
	}
	r.revoked = f.narrow > r.at && f.narrow <= to
	r.at, r.ended = to, false
	f.executed.Add(int64(len(numbers)))
	return numbers
}
