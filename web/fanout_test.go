package web_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hearTicks expects results with these numbers, and allows pings between them.
func (c *client) hearTicks(from, to int) {
	c.t.Helper()
	for n := from; n < to; {
		switch m := c.next(); m {
		case ticked(n):
			n++
		case `{"type":"ping"}`:
		default:
			c.t.Fatalf("heard %s, want %s", m, ticked(n))
		}
	}
}

func count(from, to int) (numbers []int) {
	for n := from; n < to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// listen opens a socket that is subscribed to tick, and waits until it listens.
func listen(dial func(string) *client) *client {
	c := dial(transportWS)
	c.enter()
	c.say(tick)
	synctest.Wait()
	return c
}

func TestEqualSubscriptionsShareOneExecution(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		var all []*client
		for range 50 {
			all = append(all, listen(dial))
		}
		for n := range 100 {
			f.add(n)
			for _, c := range all {
				c.hear(ticked(n))
			}
		}
		wantEqual(t, "executed", f.executed.Load(), 100)
		// A late subscription executes the earlier steps by itself.
		f.from.Store(95)
		late := listen(dial)
		f.add(100)
		late.hearTicks(95, 101)
		wantEqual(t, "executed", f.executed.Load(), 106)
		for _, c := range append(all, late) {
			c.hearUpTo(100)
		}
	})
}

// hearUpTo expects no message, or one with a number.
func (c *client) hearUpTo(number int) {
	c.t.Helper()
	c.say(`{"type":"ping"}`)
	if m := c.next(); m == ticked(number) {
		c.hear(`{"type":"pong"}`)
	} else if m != `{"type":"pong"}` {
		c.t.Fatalf("heard %s", m)
	}
}

func TestDifferentSubscriptionsShareNoExecution(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		visitor := listen(dial)
		for _, who := range []string{"ada", "bob"} {
			c := dial(transportWS)
			c.say(`{"type":"connection_init","payload":{"authorization":"Bearer ` + who + `"}}`)
			c.hear(`{"type":"connection_ack"}`)
			c.say(tick, strings.Replace(tick, `"1"`, `"2"`, 1), strings.Replace(strings.Replace(tick, `"1"`, `"3"`, 1), "{tick}", "{n:tick}", 1))
			synctest.Wait()
			defer c.close()
		}
		f.add(1)
		visitor.hear(ticked(1))
		synctest.Wait()
		wantEqual(t, "executed", f.executed.Load(), 1+2+2)
	})
}

// However many different subscriptions a client has, few of their steps run at the same time, and a
// step that has waited follows all that has come meanwhile.
func TestDifferentSubscriptionsOfAClientTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		f.gate = make(chan struct{})
		_, dial := serveBubble(t, tapeConfig(f))
		c := dial(transportWS)
		c.enter()
		const different = 50
		for i := range different {
			c.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{a%[1]d:tick}"}}`, i))
		}
		synctest.Wait()
		f.add(1)
		synctest.Wait()
		wantEqual(t, "steps at the same time", f.held.Load(), int64(max(1, runtime.GOMAXPROCS(0)/2)))
		f.add(2)
		close(f.gate)
		heard := map[string]int{}
		for range 2 * different {
			heard[c.next()]++
		}
		wantEqual(t, "different results", len(heard), 2*different)
	})
}

func TestSubscriptionsOfAClientAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := tapeConfig(newTape())
		config.Limits.Subscriptions = 1
		_, dial := serveBubble(t, config)
		first, second := listen(dial), dial(transportWS)
		second.enter()
		second.say(tick)
		if m := second.next(); !strings.Contains(m, `"RATE_LIMITED"`) || !strings.Contains(m, `"subscriptions"`) {
			t.Errorf("a second subscription: %s", m)
		}
		first.say(`{"id":"1","type":"complete"}`)
		synctest.Wait()
		second.say(strings.Replace(tick, `"1"`, `"2"`, 1))
		second.hearNothing()
	})
}

// A result is kept for slow listeners until there are too many. They read the rest from the feed.
func TestSlowListenersFallBehindAndComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		slow, quick := listen(dial), listen(dial)
		const many = 200_000 // more than a broadcast keeps
		go func() {
			for n := 0; n < many; n += 1000 {
				f.add(count(n, n+1000)...)
			}
		}()
		quick.hearTicks(0, many)
		synctest.Wait()
		before := f.executed.Load()
		slow.hearTicks(0, many)
		if f.executed.Load() == before {
			t.Error("the slow listener read nothing again: the results did not exceed the memory of the broadcast")
		}
		f.add(many)
		slow.hear(ticked(many))
		quick.hear(ticked(many))
	})
}

func TestHiddenResultsAreNotKeptForSlowListeners(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		slow, quick := listen(dial), listen(dial)
		// The first two results are on their way before the others are hidden.
		for n := range 6 {
			f.add(n)
			quick.hear(ticked(n))
			synctest.Wait()
		}
		f.hide(3, 4)
		synctest.Wait()
		f.add(6)
		quick.hear(ticked(6))
		for _, n := range []int{0, 1, 2, 5, 6} {
			slow.hear(ticked(n))
		}
	})
}

func TestSlowListenersGetTheLatestResultIfOnlyThatCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		f.latest = true
		_, dial := serveBubble(t, tapeConfig(f))
		slow, quick := listen(dial), listen(dial)
		for n := range 1000 {
			f.add(n)
			quick.hear(ticked(n))
			synctest.Wait()
		}
		slow.hear(ticked(0), ticked(999)) // the first result was on its way
		slow.hearNothing()
	})
}

func TestFailedStepsAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		c := listen(dial)
		start := time.Now()
		f.mu.Lock()
		f.broken = 3
		f.mu.Unlock()
		f.add(0, 1)
		c.hearTicks(0, 2)
		wantEqual(t, "after pauses that grow", time.Since(start), 700*time.Millisecond)
		c.hearNothing()
	})
}

// A subscription that the feed cannot continue is complete. Others go on.
func TestSubscriptionsThatEndInTheirFirstStepAreComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		c := listen(dial)
		f.mu.Lock()
		f.broken = 1
		f.mu.Unlock()
		c.say(strings.Replace(tick, `"1"`, `"2"`, 1))
		c.hear(`{"id":"2","type":"complete"}`)
		f.add(0)
		c.hear(ticked(0))
		// The client may use the id again.
		c.say(strings.Replace(tick, `"1"`, `"2"`, 1))
		synctest.Wait()
		f.add(1)
		if a, b := c.next(), c.next(); a == b || !strings.Contains(a+b, ticked(1)) || !strings.Contains(a+b, `"id":"2"`) {
			t.Errorf("heard %s, %s", a, b)
		}
	})
}

func TestNothingOfABroadcastFollowsTheClientsComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		_, dial := serveBubble(t, tapeConfig(f))
		c := listen(dial)
		for round := range 3 {
			f.add(round)
			c.hear(ticked(round))
			c.say(`{"id":"1","type":"complete"}`)
			synctest.Wait()
			f.add(100, 101)
			c.hearNothing()
			c.say(tick) // starts at the head
			synctest.Wait()
		}
	})
}

func TestShutdownEndsBroadcasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTape()
		s, dial := serveBubble(t, tapeConfig(f))
		c := listen(dial)
		f.add(0)
		c.hear(ticked(0))
		go c.hearClose(1001, "going away")
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		// A goroutine that is left over would keep the bubble from ending.
	})
}

// TestIdleSubscriptionsHaveTwoGoroutines counts the goroutines of two a connection. It is not
// parallel: it counts those of the process.
func TestIdleSubscriptionsHaveTwoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	var during int
	t.Run("listen", func(t *testing.T) {
		f := newTape()
		s, url := serve(t, tapeConfig(f))
		var all []*client
		for range 100 {
			c := enter(t, url)
			for id := range 10 {
				c.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{tick}"}}`, id))
			}
			c.hearNothing()
			all = append(all, c)
		}
		awaitGoroutines(t, before+2*100+3) // with those of the test, the server and the broadcast
		during = runtime.NumGoroutine() - before
		f.add(7)
		for _, c := range all {
			for range 10 {
				if m := c.next(); !strings.HasSuffix(m, `"type":"next","payload":{"data":{"tick":7}}}`) {
					t.Fatalf("heard %s", m)
				}
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	if during < 2*100 {
		t.Errorf("%d goroutines for 100 connections: the test did not count the connections", during)
	}
	awaitGoroutines(t, before)
}

// awaitGoroutines waits until the process has at most most goroutines.
func awaitGoroutines(t *testing.T, most int) {
	t.Helper()
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > most; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, want at most %d", runtime.NumGoroutine(), most)
		}
	}
}
