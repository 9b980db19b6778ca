package web

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// fanout has the broadcasts of a server, one for each key of its Feed that somebody
// listens to.
type fanout struct {
	server *Server
	kept   atomic.Int64 // bytes, of all broadcasts

	mu         sync.Mutex // protects broadcasts, and how many use each
	broadcasts map[any]*broadcast
}

func newFanout(s *Server) *fanout {
	return &fanout{server: s, broadcasts: map[any]*broadcast{}}
}

// shared is a subscription's part in a broadcast. Until it listens it catches up by
// itself, on its own goroutine; then it belongs to whoever writes what it hears.
type shared struct {
	ctx       context.Context // of the subscription
	params    *graphql.RawParams
	prepared  *graphql.OperationContext // nil while it listens: it is large
	follower  Follower
	broadcast *broadcast
	listener  *listener

	head      int64 // when it came
	begun     bool
	at, until int64 // how far it has caught up, once begun, and how far it has to
}

// share has a subscription take part in the broadcast of its results, which begins
// when it is the first. wake is sent to, unless it is full, when there is something
// to hear. It returns nil for what is not shared. Who takes part must leave.
func (s *Server) share(ctx context.Context, op *graphql.OperationContext, params *graphql.RawParams, wake chan<- struct{}) *shared {
	feed := s.config.Feed
	if feed == nil || !isSubscription(op) {
		return nil
	}
	head := feed.Head()
	follower, key := feed.Follow(ctx, op)
	if follower == nil {
		return nil
	}
	l := &listener{wake: wake}
	b := s.fanout.join(ctx, key, params, l, follower.Latest())
	if b == nil {
		return nil
	}
	return &shared{ctx: ctx, params: params, prepared: op, follower: follower, broadcast: b, listener: l, head: head}
}

// prepare readies the subscription for catching up, and reports false when that is not
// possible any more. At first it waits until the broadcast has come to where the log
// ended when the subscription came, and has it keep what follows for the subscription,
// which has to catch up to there.
func (s *shared) prepare() bool {
	if s.begun {
		var errs gqlerror.List
		s.prepared, errs = s.broadcast.fanout.server.prepare(s.ctx, s.params)
		return len(errs) == 0
	}
	var err error
	s.until, err = s.broadcast.reserve(s.ctx, s.listener, s.head)
	return err == nil
}

// behind reports whether there is something to catch up with.
func (s *shared) behind() bool { return !s.begun || s.at < s.until }

// step returns the context in which the next step is executed.
func (s *shared) step() context.Context {
	if !s.begun {
		return s.follower.Begin(s.ctx, s.until)
	}
	return s.follower.Continue(s.ctx, s.at, s.until)
}

// stepped notes that a step has yielded its end, and reports whether the subscription
// goes on.
func (s *shared) stepped() (ok bool) {
	s.begun = true
	s.at, ok = s.follower.Reached()
	return ok
}

// hear returns what comes next, nothing when nothing waits, and whether more does. When
// the broadcast does not keep it any more, the subscription is behind again.
func (s *shared) hear() (results [][]byte, more, behind bool) {
	heard, gap := s.broadcast.hear(s.listener)
	if gap.to > gap.from {
		s.at, s.until = gap.from, gap.to
		return nil, false, true
	}
	return heard.results, heard.more, false
}

// leave ends the part in the broadcast, which ends with the last one's.
func (s *shared) leave() {
	s.broadcast.remove(s.listener)
	s.broadcast.fanout.leave(s.broadcast)
}

// join adds a listener to a broadcast. It returns nil when the server is closing.
func (f *fanout) join(ctx context.Context, key any, params *graphql.RawParams, l *listener, latest bool) *broadcast {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.broadcasts[key]
	if !ok {
		if !f.server.sockets.enter() {
			return nil
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		b = newBroadcast(f, key, cancel, f.server.config.Feed.Head(), latest)
		f.broadcasts[key] = b
		own := *params
		own.Variables, _ = copied(params.Variables).(map[string]any) //nolint:errcheck // or there are none
		go func() {
			defer f.server.sockets.leave()
			b.run(ctx, &own)
		}()
	}
	b.users++
	b.add(l)
	return b
}

// copied returns a copy of a JSON value: to prepare an operation changes what is inside
// of its variables.
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

// leave ends what join began.
func (f *fanout) leave(b *broadcast) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b.users--; b.users == 0 {
		delete(f.broadcasts, b.key)
		b.cancel()
	}
}
