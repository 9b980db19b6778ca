package fanout

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

const (
	// maxKept bounds the bytes of results that one broadcast keeps for slow listeners beside the
	// latest batch, and maxKeptByAll those of all broadcasts of a Fanout.
	maxKept, maxKeptByAll = 4 << 20, 64 << 20
	// wakeGroup is the number of listeners that are woken before other goroutines may run.
	wakeGroup = 64
)

// broadcast has the results of one subscription for all listeners of a key. On one goroutine it
// follows the Feed, executes each step once, and encodes the results. It keeps them until all
// listeners have read them, or until they are too many: a listener that was too slow reads them
// from the log by itself.
//
// The results lie in batches, one a step. A listener is at a position where a batch ends, so that
// no result is missing, and none comes twice, between the results that it reads from the log and
// those of the broadcast.
type broadcast struct {
	fanout *Fanout
	key    any
	params *graphql.RawParams
	cancel context.CancelFunc
	latest bool // each result replaces those before it
	users  int  // under the fanout's mu

	// Used by run.
	prepared *graphql.OperationContext
	follower Follower
	waking   []*listener // the listeners to wake

	members   sync.Mutex  // protects listeners, which change under mu as well; comes before mu
	listeners []*listener // each listener's place is its index

	mu        sync.Mutex    // protects the fields below, and the listeners' positions
	through   int64         // all results up to this position were published
	forgotten int64         // the last position whose results are no longer kept
	kept      []*batch      // none of them empty
	size      int           // of kept, in bytes
	moved     chan struct{} // closed when through moves; nil unless a listener waits
	room      chan struct{} // holds one when half of the listeners have read the oldest batch
}

// batch is the results of one step.
type batch struct {
	until   int64
	results [][]byte
	size    int // in bytes
	readers int // listeners that have read it
}

// listener is the place of one subscription in a broadcast.
type listener struct {
	wake  chan<- struct{}
	at    int64 // it has read all results up to this position
	place int   // among the listeners
}

func newBroadcast(f *Fanout, key any, params *graphql.RawParams, cancel context.CancelFunc, latest bool) *broadcast {
	return &broadcast{
		fanout: f, key: key, params: params, cancel: cancel, latest: latest,
		through: f.feed.Head(), forgotten: -1, room: make(chan struct{}, 1),
	}
}

func (b *broadcast) add(l *listener) {
	b.members.Lock()
	defer b.members.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	l.at, l.place = math.MaxInt64, len(b.listeners) // no batch is kept for it before reserve
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

// reserve waits until all results up to a position were published, and moves a listener to the
// position of the broadcast, which it returns: later results are kept for the listener. The error
// is ctx's.
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

// reading is the results of a batch, and whether more batches wait.
type reading struct {
	results [][]byte
	more    bool
}

// gap is the positions that a listener has missed: those after from, up to to.
type gap struct{ from, to int64 }

// next returns the next batch for a listener, and no results if there is none, and moves the
// listener to the end of the batch. If the next results are no longer kept it moves the listener to
// the position of the broadcast and returns the gap.
func (b *broadcast) next(l *listener) (reading, gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.at < b.forgotten && (!b.latest || len(b.kept) == 0) {
		from := l.at
		l.at = b.through
		return reading{}, gap{from, l.at}
	}
	next, _ := slices.BinarySearchFunc(b.kept, l.at+1, func(x *batch, at int64) int { return cmp.Compare(x.until, at) })
	if next == len(b.kept) {
		return reading{}, gap{}
	}
	read := b.kept[next]
	l.at = read.until
	read.readers++
	if next == 0 && !b.crowded() {
		b.signalRoom()
	}
	if b.latest {
		return reading{results: read.results[len(read.results)-1:]}, gap{}
	}
	return reading{read.results, next < len(b.kept)-1}, gap{}
}

// crowded reports whether most listeners have yet to read the oldest batch. It needs mu.
func (b *broadcast) crowded() bool {
	return len(b.kept) > 0 && 2*b.kept[0].readers < len(b.listeners)
}

func (b *broadcast) signalRoom() {
	select {
	case b.room <- struct{}{}:
	default:
	}
}

// isFull reports whether the listeners have yet to make room for size bytes more.
func (b *broadcast) isFull(size int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size+size > maxKept && !b.latest && b.crowded()
}

// publish adds a batch and wakes all listeners, a group at a time, so that other goroutines need
// not wait for all of them. revoked tells that no listener may be sent an earlier batch.
func (b *broadcast) publish(next *batch, revoked bool) {
	b.members.Lock()
	b.keep(next, revoked || b.latest && len(next.results) > 0)
	if len(next.results) > 0 {
		b.waking = append(b.waking[:0], b.listeners...)
	}
	b.members.Unlock()
	for i, l := range b.waking {
		select {
		case l.wake <- struct{}{}:
		default: // the listener is awake
		}
		if i%wakeGroup == wakeGroup-1 {
			runtime.Gosched()
		}
	}
	clear(b.waking)
	b.waking = b.waking[:0]
}

// keep adds a batch. It drops earlier ones: all of them if alone, or else those that all listeners
// have read, and the oldest while the batches are too large. If those of all broadcasts are too
// large even so, the listeners have to read the results from the log, as if they were too slow.
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
	switch {
	case len(next.results) == 0:
	case b.fanout.kept.Load()+int64(b.size-before+next.size) > maxKeptByAll:
		b.forgotten = next.until
	default:
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
