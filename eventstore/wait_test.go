package eventstore

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestAWakeUpIsNotLostWhileSomebodyBeginsToWait lets one event meet one waiter, many times: since
// no second event follows, a wake-up between the look at the head and the wait would be lost for
// good. The writer cannot be made to publish at that moment, so the test uses the feed alone. It is
// not parallel: both goroutines need a processor.
func TestAWakeUpIsNotLostWhileSomebodyBeginsToWait(t *testing.T) {
	const rounds = 100_000
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	f := newFeed(nil, Head{}, 1)
	var waits atomic.Int64 // the present round of the waiter
	done := make(chan error, 1)
	go func() {
		for after := range Position(rounds) {
			waits.Store(int64(after) + 1)
			for range rand.N(300) { // now a little before the event, now after
				waits.Load()
			}
			if err := f.wait(ctx, after); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for p := Position(1); p <= rounds && ctx.Err() == nil; p++ {
		for waits.Load() < int64(p) && ctx.Err() == nil {
			runtime.Gosched()
		}
		f.publish([]Event{{Position: p}})
	}
	if err := <-done; err != nil {
		t.Fatalf("the waiter of round %d of %d: %v", waits.Load(), rounds, err)
	}
}
