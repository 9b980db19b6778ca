package fanout_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"flightdeck/web/fanout"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// world is a feed of positions, and an executor whose result for a position is its number.
type world struct {
	collected atomic.Int64 // executions for broadcasts
	broadcast sync.WaitGroup
	closing   bool

	mu   sync.Mutex // protects head and more
	head int64
	more chan struct{}
}

func newWorld() (*world, *fanout.Fanout) {
	w := &world{more: make(chan struct{})}
	return w, fanout.New(w, w, func(run func()) bool {
		if !w.closing {
			w.broadcast.Go(run)
		}
		return !w.closing
	})
}

// add appends positions.
func (w *world) add(positions int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.head += positions
	close(w.more)
	w.more = make(chan struct{})
}

func (w *world) Head() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.head
}

func (w *world) Wait(ctx context.Context, after int64) error {
	for w.Head() <= after {
		w.mu.Lock()
		more := w.more
		w.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *world) NewFollower(_ context.Context, op *graphql.OperationContext) (fanout.Follower, any) {
	return new(follower), op.RawQuery
}

func (w *world) Prepare(_ context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	return subscription(params.Query), nil
}

func (w *world) Collect(ctx context.Context, _ *graphql.OperationContext) ([][]byte, bool) {
	w.collected.Add(1)
	return ctx.Value(followerKey{}).(*follower).step(), true
}

func (w *world) Turn(context.Context) (func(), error) { return func() {}, nil }

func (w *world) Guard(_ context.Context, f func()) { f() }

func subscription(query string) *graphql.OperationContext {
	return &graphql.OperationContext{RawQuery: query, Operation: &ast.OperationDefinition{Operation: ast.Subscription}}
}

// follower begins at the first position.
type follower struct{ at, until int64 }

type followerKey struct{}

func (f *follower) Begin(ctx context.Context, until int64) context.Context {
	return f.Continue(ctx, 0, until)
}

func (f *follower) Continue(ctx context.Context, after, until int64) context.Context {
	f.at, f.until = after, until
	return context.WithValue(ctx, followerKey{}, f)
}

func (f *follower) Reached() (int64, bool) { return f.at, true }
func (f *follower) Revoked() bool          { return false }
func (f *follower) Latest() bool           { return false }

func (f *follower) step() (results [][]byte) {
	for ; f.at < f.until; f.at++ {
		results = append(results, fmt.Append(nil, f.at+1))
	}
	return results
}

// reader is one subscription and its results.
type reader struct {
	*fanout.Subscription
	wake chan struct{}
	read string
}

func join(ctx context.Context, f *fanout.Fanout, query string) *reader {
	r := &reader{wake: make(chan struct{}, 1)}
	r.Subscription = f.Join(ctx, subscription(query), &graphql.RawParams{Query: query}, r.wake)
	return r
}

// catchUp reads the results from before the broadcast.
func (r *reader) catchUp(t *testing.T) {
	t.Helper()
	ok := r.CatchUp(func(ctx context.Context, _ *graphql.OperationContext) bool {
		for _, result := range ctx.Value(followerKey{}).(*follower).step() {
			r.read += string(result) + " "
		}
		return true
	})
	if !ok {
		t.Fatal("cannot catch up")
	}
}

// next waits for results of the broadcast and reads all of them.
func (r *reader) next(t *testing.T) {
	t.Helper()
	<-r.wake
	for more := true; more; {
		var results [][]byte
		var behind bool
		if results, more, behind = r.Next(); behind {
			t.Fatal("fell behind")
		}
		for _, result := range results {
			r.read += string(result) + " "
		}
	}
}

func TestSubscriptionsReadEachPositionOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, f := newWorld()
		w.add(2)
		early, other := join(t.Context(), f, "same"), join(t.Context(), f, "other")
		early.catchUp(t)
		other.catchUp(t)
		w.add(1)
		synctest.Wait() // until both broadcasts have published the step
		early.next(t)
		late := join(t.Context(), f, "same")
		late.catchUp(t)
		w.add(2)
		synctest.Wait()
		for _, r := range []*reader{early, other, late} {
			r.next(t)
			if want := "1 2 3 4 5 "; r.read != want {
				t.Errorf("read %q, want %q", r.read, want)
			}
		}
		if got := w.collected.Load(); got != 4 {
			t.Errorf("%d executions for 2 steps of 2 keys", got)
		}
		for _, r := range []*reader{early, other, late} {
			r.Leave()
		}
		w.broadcast.Wait() // a broadcast ends with its last listener
	})
}

func TestJoinIsRefusedWhileTheServerCloses(t *testing.T) {
	t.Parallel()
	w, f := newWorld()
	w.closing = true
	if r := join(t.Context(), f, "same"); r.Subscription != nil {
		t.Error("joined")
	}
	query := subscription("query")
	query.Operation.Operation = ast.Query
	if f.Join(t.Context(), query, new(graphql.RawParams), nil) != nil {
		t.Error("a query joined")
	}
}
