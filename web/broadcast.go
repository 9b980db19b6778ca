package web

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

const (
	// maxKept is how many bytes of results one broadcast keeps for those who are slow,
	// and maxKeptByAll all broadcasts of a server. The latest batch is always kept.
	maxKept, maxKeptByAll = 4 << 20, 64 << 20
	// patience is how long a broadcast waits, with as much as it keeps, for the faster
	// half of its listeners. The slower half has to catch up.
	patience = 100 * time.Millisecond
	// wakeGroup is how many listeners are woken before others may run.
	wakeGroup = 64
	// A step that fails is tried again after a pause that grows from the first of these
	// to the second.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

// broadcast is the results of one subscription for everybody who has subscribed to
// the same. It follows the Feed on one goroutine, executes and encodes what happened
// once, and keeps the results until all have heard them, or until there are too many:
// who has not heard them by then reads them again from the log, by itself. It waits
// for nobody in particular.
//
// Its results are in batches, one a step. A listener is a position, and always one at
// which a batch ends: so that between what it reads for itself and what it hears here
// nothing is missing and nothing comes twice.
type broadcast struct {
	fanout *fanout
	key    any
	cancel context.CancelFunc
	latest bool // what was before the last result is of no use
	users  int  // under the fanout's mu

	// Of the goroutine that runs it.
	prepared *graphql.OperationContext
	follower Follower
	waking   []*listener // those to be woken

	members   sync.Mutex  // protects listeners, which change under mu as well; comes before mu
	listeners []*listener // their place is its index

	mu        sync.Mutex    // protects what follows, and where the listeners are
	through   int64         // everything up to here was published
	forgotten int64         // up to here something was, and is no longer kept
	kept      []*batch      // none of them empty
	size      int           // of kept, in bytes
	moved     chan struct{} // closed when through moves; nil unless somebody waits
	room      chan struct{} // holds one when half have heard the oldest batch
}

// batch is the results of one step.
type batch struct {
	until   int64
	results [][]byte
	size    int // in bytes
	heard   int // by how many
}

// listener is somebody's place in a broadcast.
type listener struct {
	wake  chan<- struct{}
	at    int64 // has heard everything up to here
	place int   // among the listeners
}

func newBroadcast(f *fanout, key any, cancel context.CancelFunc, head int64, latest bool) *broadcast {
	return &broadcast{fanout: f, key: key, cancel: cancel, latest: latest, through: head, forgotten: -1, room: make(chan struct{}, 1)}
}

func (b *broadcast) add(l *listener) {
	b.members.Lock()
	defer b.members.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	l.at, l.place = math.MaxInt64, len(b.listeners) // it needs nothing before it reserves
	b.listeners = append(b.listeners, l)
}

func (b *broadcast) remove(l *listener) {
	b.members.Lock()
	defer b.members.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	last := len(b.listeners) - 1
	b.listeners[l.place] = b.listeners[last]
	b.listeners[l.place].place = l.place
	b.listeners[last] = nil
	b.listeners = b.listeners[:last]
}

// reserve waits until everything up to a position was published, and puts a listener
// where the broadcast then is: what comes after that is kept for it.
func (b *broadcast) reserve(ctx context.Context, l *listener, position int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.through < position {
		if b.moved == nil {
			b.moved = make(chan struct{})
		}
		moved := b.moved
		b.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
		}
		b.mu.Lock()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	l.at = b.through
	return l.at, nil
}

// hearing is what a listener hears at once, and whether more waits for it.
type hearing struct {
	results [][]byte
	more    bool
}

// gap is what a listener has missed: after one position, up to another.
type gap struct{ from, to int64 }

// hear returns the next batch for a listener, nothing when there is none, and moves it
// on. When what comes next is no longer kept it moves the listener to where the
// broadcast is, and returns the gap.
func (b *broadcast) hear(l *listener) (hearing, gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.at < b.forgotten && !b.latest {
		from := l.at
		l.at = b.through
		return hearing{}, gap{from, l.at}
	}
	next, _ := slices.BinarySearchFunc(b.kept, l.at+1, func(x *batch, at int64) int { return cmp.Compare(x.until, at) })
	if next == len(b.kept) {
		return hearing{}, gap{}
	}
	heard := b.kept[next]
	l.at = heard.until
	heard.heard++
	if next == 0 && !b.crowded() {
		b.signalRoom()
	}
	if b.latest {
		return hearing{results: heard.results[len(heard.results)-1:]}, gap{}
	}
	return hearing{heard.results, next < len(b.kept)-1}, gap{}
}

// crowded reports whether most have yet to hear the oldest batch. It needs mu.
func (b *broadcast) crowded() bool {
	return len(b.kept) > 0 && 2*b.kept[0].heard < len(b.listeners)
}

func (b *broadcast) signalRoom() {
	select {
	case b.room <- struct{}{}:
	default:
	}
}

// run follows the feed until ctx ends.
func (b *broadcast) run(ctx context.Context, params *graphql.RawParams) {
	defer func() { b.fanout.kept.Add(-int64(b.size)) }()
	feed := b.fanout.server.config.Feed
	for pause := firstPause; feed.Wait(ctx, b.through) == nil && ctx.Err() == nil; {
		if b.step(ctx, params) {
			pause = firstPause
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// step publishes what comes next, and reports false when that has failed.
func (b *broadcast) step(ctx context.Context, params *graphql.RawParams) (ok bool) {
	s := b.fanout.server
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			_ = s.presentPanic(ctx, p) //nolint:errcheck // it logs; those who listen see nothing of it
			ok = false
		}
	}()
	if b.follower == nil {
		var errs []error
		prepared, list := s.prepare(ctx, params)
		for _, err := range list {
			errs = append(errs, err)
		}
		if len(errs) > 0 {
			_ = s.presentError(ctx, errors.Join(errs...)) //nolint:errcheck // as above
			return false
		}
		b.prepared = prepared
		b.follower, _ = s.config.Feed.Follow(ctx, prepared)
	}
	next := &batch{}
	if next.results, ok = s.collect(b.follower.Continue(ctx, b.through, s.config.Feed.Head()), b.prepared); !ok {
		return false
	}
	if next.until, ok = b.follower.Reached(); !ok {
		return false
	}
	for _, result := range next.results {
		next.size += len(result)
	}
	b.pace(ctx, next.size)
	b.publish(next, b.follower.Narrowed())
	return true
}

// collect returns all results of an operation, and false when it was cancelled, or
// refused.
func (s *Server) collect(ctx context.Context, op *graphql.OperationContext) (results [][]byte, ok bool) {
	next, running := s.exec.DispatchOperation(ctx, op)
	for {
		resp := next(running)
		if resp == nil {
			return results, ctx.Err() == nil
		}
		if !executed(resp) {
			return nil, false
		}
		results = append(results, encodeResponse(resp))
	}
}

// pace waits while there is no room for as many bytes more, for a while.
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

func (b *broadcast) isFull(size int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size+size > maxKept && !b.latest && b.crowded()
}

// publish makes a batch known, and forgets what all have heard, what is too much, and
// after a batch that has narrowed what may be seen everything before it. It wakes
// listeners a group at a time, so that whatever else wants to run is not behind all of
// them.
func (b *broadcast) publish(next *batch, narrowed bool) {
	b.members.Lock()
	b.keep(next, narrowed || b.latest && len(next.results) > 0)
	if len(next.results) > 0 {
		b.waking = append(b.waking[:0], b.listeners...)
	}
	b.members.Unlock()
	for i, l := range b.waking {
		select {
		case l.wake <- struct{}{}:
		default: // it is about to look
		}
		if i%wakeGroup == wakeGroup-1 {
			runtime.Gosched()
		}
	}
	clear(b.waking)
	b.waking = b.waking[:0]
}

func (b *broadcast) keep(next *batch, alone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	slowest := int64(math.MaxInt64)
	for _, l := range b.listeners {
		slowest = min(slowest, l.at)
	}
	drop, before := 0, b.size
	for drop < len(b.kept) && (alone || b.kept[drop].until <= slowest || b.size+next.size > maxKept ||
		b.fanout.kept.Load()+int64(b.size-before+next.size) > maxKeptByAll) {
		b.forgotten = b.kept[drop].until
		b.size -= b.kept[drop].size
		drop++
	}
	b.kept = slices.Delete(b.kept, 0, drop)
	if len(next.results) > 0 {
		b.kept = append(b.kept, next)
		b.size += next.size
	}
	b.fanout.kept.Add(int64(b.size - before))
	b.through = next.until
	if b.moved != nil {
		close(b.moved)
		b.moved = nil
	}
}
