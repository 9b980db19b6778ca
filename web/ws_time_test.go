package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// These tests run in bubbles of synctest. The clock moves only while all goroutines wait, so that
// times are exact, and a goroutine that is left over keeps the bubble from ending.

const tick = `{"id":"1","type":"subscribe","payload":{"query":"subscription{tick}"}}`

func ticked(n int) string {
	return fmt.Sprintf(`{"id":"1","type":"next","payload":{"data":{"tick":%d}}}`, n)
}

func TestClientMustIntroduceItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		start := time.Now()
		c.say(`{"type":"ping"}`) // does not introduce the client
		c.hear(`{"type":"pong"}`)
		c.hearClose(4408, "Connection initialisation timeout")
		wantEqual(t, "after", time.Since(start), 10*time.Second)
	})
}

func TestIdleConnectionsAreKeptAlive(t *testing.T) {
	t.Parallel()
	for protocol, beat := range map[string]string{transportWS: `{"type":"ping"}`, legacyWS: `{"type":"ka"}`} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, dial := serveBubble(t, testConfig(newStub()))
				c := dial(protocol)
				start := time.Now()
				c.enter()
				if protocol == legacyWS {
					c.hear(beat)
				}
				for n := range 10 { // gorilla answers the pings of the websocket protocol while it reads
					c.hear(beat)
					wantEqual(t, "after", time.Since(start), time.Duration(n+1)*20*time.Second)
				}
			})
		})
	}
}

func TestDeadConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.conn.SetPingHandler(func(string) error { return nil })
		start := time.Now()
		c.enter()
		c.hear(`{"type":"ping"}`, `{"type":"ping"}`)
		c.hearClose(1001, "no sign of life")
		wantEqual(t, "after", time.Since(start), 50*time.Second)
	})
}

func TestAnyMessageIsASignOfLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.conn.SetPingHandler(func(string) error { return nil })
		c.enter()
		for range 10 {
			c.hear(`{"type":"ping"}`)
			c.say(`{"type":"pong"}`)
		}
	})
}

func TestPingsOfTheWebsocketProtocolAreAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.conn.SetPingHandler(func(string) error { return nil })
		var pongs []string
		c.conn.SetPongHandler(func(data string) error { pongs = append(pongs, data); return nil })
		c.enter()
		for range 10 { // keeps the connection alive, too
			go func() {
				if err := c.conn.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(time.Second)); err != nil {
					t.Error(err)
				}
			}()
			c.hear(`{"type":"ping"}`)
		}
		wantEqual(t, "pongs", strings.Join(pongs, ""), "xxxxxxxxxx")
	})
}

func TestSocketClosesWhenTheSessionExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		schema := newStub()
		config := testConfig(schema)
		config.Identity.Authenticate = func(ctx context.Context, _ string) (context.Context, time.Time, error) {
			return ctx, time.Now().Add(time.Minute), nil
		}
		_, dial := serveBubble(t, config)
		c := dial(transportWS)
		start := time.Now()
		c.enter()
		c.say(tick)
		schema.ticks <- 1
		c.hear(ticked(1), `{"type":"ping"}`, `{"type":"ping"}`)
		c.hearPingOrClose(4403, "Forbidden") // without "complete", which would be a normal end
		wantEqual(t, "after", time.Since(start), time.Minute)
	})
}

// hearPingOrClose expects a close frame, and allows a ping of the same instant before it.
func (c *client) hearPingOrClose(code int, reason string) {
	c.t.Helper()
	_, data, err := c.conn.ReadMessage()
	if err == nil && string(data) == `{"type":"ping"}` {
		_, data, err = c.conn.ReadMessage()
	}
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || e.Code != code || e.Text != reason {
		c.t.Fatalf("heard %s (%v), want close %d %s", data, err, code, reason)
	}
}

func TestSocketClosesWhenTheSessionIsRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var revoke context.CancelFunc
		config := testConfig(newStub())
		config.Identity.Authenticate = func(ctx context.Context, _ string) (context.Context, time.Time, error) {
			ctx, revoke = context.WithCancel(ctx)
			return ctx, time.Time{}, nil
		}
		_, dial := serveBubble(t, config)
		c := dial(transportWS)
		c.enter()
		c.say(tick)
		synctest.Wait()
		revoke()
		c.hearClose(4403, "Forbidden")
	})
}

func TestNothingIsDroppedForASlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		schema := newStub()
		_, dial := serveBubble(t, testConfig(schema))
		c := dial(transportWS)
		c.enter()
		c.say(tick)
		sent := make(chan int)
		go func() {
			for n := range 200 {
				schema.ticks <- n
			}
			close(sent)
		}()
		for n := range 200 {
			<-time.After(time.Second) // by the bubble's clock; the server is blocked meanwhile
			for {
				if m := c.next(); m == ticked(n) {
					break
				} else if m != `{"type":"ping"}` {
					t.Fatalf("heard %s, want %s", m, ticked(n))
				}
			}
		}
		<-sent
	})
}

func TestClientThatDoesNotReadIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.enter()
		start := time.Now()
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{flood}"}}`)
		// The pipe has no buffer: the first result blocks until the write deadline.
		<-time.After(10 * time.Second)
		synctest.Wait()
		if _, err := c.conn.NetConn().Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the connection is open: %v", err)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wantEqual(t, "all of it has ended after", time.Since(start), 10*time.Second)
	})
}

func TestNothingFollowsTheClientsComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.enter()
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{flood}"}}`)
		synctest.Wait() // until the queue is full and the operation waits
		c.say(`{"id":"1","type":"complete"}`)
		synctest.Wait() // until the server has read it; the current write still arrives
		if m := c.next(); !strings.HasPrefix(m, `{"id":"1","type":"next"`) {
			t.Errorf("heard %.100s", m)
		}
		c.hearNothing()
		// The client may use the id again.
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"{log{head}}"}}`)
		c.hear(`{"id":"1","type":"next","payload":{"data":{"log":{"head":"42"}}}}`, `{"id":"1","type":"complete"}`)
	})
}

func TestOperationsOfOneConnectionAreCapped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.enter()
		start := func(id int) {
			c.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{tick}"}}`, id))
		}
		for id := range 100 {
			start(id)
		}
		c.hearNothing()
		start(100)
		c.hear(`{"id":"100","type":"error","payload":[{"message":"more than 100 operations on one connection: end some first",` +
			`"extensions":{"code":"OVERLOADED"}}]}`)
		c.say(`{"id":"0","type":"complete"}`)
		synctest.Wait()
		start(100)
		c.hearNothing()
	})
}
