package web

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// queuedBytes bounds the items of a queue together, in bytes. An empty queue takes an item of any
// size.
const queuedBytes = 256 << 10

// queue holds the items that wait for one client. It may have several senders, and has one
// receiver, which receives from items and calls taken.
type queue[T any] struct {
	items chan T
	size  func(T) int // in bytes
	room  *semaphore.Weighted
}

// newQueue returns a queue of at most so many items.
func newQueue[T any](most int, size func(T) int) *queue[T] {
	return &queue[T]{items: make(chan T, most), size: size, room: semaphore.NewWeighted(queuedBytes)}
}

// put adds an item, and waits while the queue is full. It returns false if ctx ended first.
func (q *queue[T]) put(ctx context.Context, item T) bool {
	if q.room.Acquire(ctx, q.weight(item)) != nil {
		return false
	}
	select {
	case q.items <- item:
		return true
	case <-ctx.Done():
		q.room.Release(q.weight(item))
		return false
	}
}

// taken returns an item that was received, and makes room.
func (q *queue[T]) taken(item T) T {
	q.room.Release(q.weight(item))
	return item
}

func (q *queue[T]) weight(item T) int64 { return int64(min(q.size(item), queuedBytes)) }
