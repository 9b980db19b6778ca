package web

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestAQueueIsBoundedByItsBytes: an item waits for the room that those before it leave, and an
// empty queue takes an item of any size.
func TestAQueueIsBoundedByItsBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10, func(size int) int { return size })
		put := func(ctx context.Context, size int) <-chan bool {
			done := make(chan bool, 1)
			go func() { done <- q.put(ctx, size) }()
			synctest.Wait()
			return done
		}
		take := func() {
			q.taken(<-q.items)
			synctest.Wait()
		}
		if !<-put(t.Context(), 10*queuedBytes) {
			t.Fatal("an empty queue takes no large item")
		}
		ctx, cancel := context.WithCancel(t.Context())
		given, waiting := put(ctx, 1), put(t.Context(), queuedBytes)
		if len(given) != 0 || len(waiting) != 0 {
			t.Error("a full queue takes an item")
		}
		cancel()
		if <-given {
			t.Error("an item was put after its context had ended")
		}
		take()
		if len(waiting) != 1 || !<-waiting {
			t.Error("the room of an item is not given to the next")
		}
		take()
		if !<-put(t.Context(), 1) || !<-put(t.Context(), queuedBytes-1) {
			t.Error("the room of all items is not given back")
		}
	})
}
