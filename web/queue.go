package web

import (
	"context"
	"sync/atomic"
)

// queuedBytes bounds the items of a queue together, in bytes. An empty queue takes an item of any
// size.
const queuedBytes = 256 << 10

// queue holds the items that wait for one client. It may have several senders, and has one
// receiver, which receives from items and calls taken.
type queue[T any] struct {
	items chan queued[T]
	bytes atomic.Int64  // of the items
	room  chan struct{} // holds one when an item has left
}

type queued[T any] struct {
	item T
	size int // bytes
}

// newQueue returns a queue of at most so many items.
func newQueue[T any](most int) *queue[T] {
	return &queue[T]{items: make(chan queued[T], most), room: make(chan struct{}, 1)}
}

// put adds an item of a size, and waits while the queue is full. It returns false if ctx ended
// first.
func (q *queue[T]) put(ctx context.Context, item T, size int) bool {
	defer q.signal() // another sender may have room, too
	for !q.reserve(int64(size)) {
		select {
		case <-q.room:
		case <-ctx.Done():
			return false
		}
	}
	select {
	case q.items <- queued[T]{item, size}:
		return true
	case <-ctx.Done():
		q.bytes.Add(-int64(size))
		return false
	}
}

// reserve counts an item, and returns false if there is no room for it.
func (q *queue[T]) reserve(size int64) bool {
	for {
		waiting := q.bytes.Load()
		if waiting > 0 && waiting+size > queuedBytes {
			return false
		}
		if q.bytes.CompareAndSwap(waiting, waiting+size) {
			return true
		}
	}
}

func (q *queue[T]) signal() {
	select {
	case q.room <- struct{}{}:
	default:
	}
}

// taken returns an item that was received, and makes room.
func (q *queue[T]) taken(next queued[T]) T {
	q.bytes.Add(-int64(next.size))
	q.signal()
	return next.item
}
