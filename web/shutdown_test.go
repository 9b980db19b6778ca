package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

func TestShutdownClosesWithGoingAwayAndWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := testConfig(newStub())
		var cancelled bool
		config.Execution.AroundOperation = func(ctx context.Context, _ graphql.OperationHandler) graphql.ResponseHandler {
			return func(context.Context) *graphql.Response {
				<-ctx.Done()
				<-time.After(time.Second) // cleans up slowly
				cancelled = true
				return nil
			}
		}
		s, dial := serveBubble(t, config)
		busy, idle, fresh := dial(transportWS), dial(legacyWS), dial(transportWS)
		busy.enter()
		busy.say(tick)
		idle.enter()
		idle.hear(`{"type":"ka"}`)
		synctest.Wait()

		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if !cancelled {
				t.Error("an operation has not ended")
			}
		})
		for _, c := range []*client{busy, idle, fresh} {
			c.hearClose(1001, "going away")
		}
		wg.Wait()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
}

func TestShutdownRefusesNewSockets(t *testing.T) {
	t.Parallel()
	s, url := serve(t, testConfig(newStub()))
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if resp == nil {
		t.Fatal(err)
	}
	wantEqual(t, "status", resp.StatusCode, http.StatusServiceUnavailable)
	wantEqual(t, "code", decode(t, text(t, resp)).code(), "UNAVAILABLE")
}

func TestShutdownWaitsTwoSecondsForSilentClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial := serveBubble(t, testConfig(newStub()))
		c := dial(transportWS)
		c.enter()
		c.conn.SetCloseHandler(func(int, string) error { return nil })
		go c.hearClose(1001, "going away")
		start := time.Now()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wantEqual(t, "after", time.Since(start), 2*time.Second)
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stubborn := make(chan struct{})
		config := testConfig(newStub())
		config.Execution.AroundOperation = func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
			<-stubborn // ignores its context
			return graphql.OneShot(nil)
		}
		s, dial := serveBubble(t, config)
		c := dial(transportWS)
		c.enter()
		c.say(tick)
		synctest.Wait()
		go c.hearClose(1001, "going away")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		close(stubborn)
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// The goroutines of a vanished client have ended when its last line is in the log. A goroutine that
// is left over would keep the bubble from ending.
func TestVanishedClientsLeaveNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := testConfig(newStub())
		closed := &lineCounter{line: []byte("websocket closed")}
		config.Logger = slog.New(slog.NewTextHandler(closed, &slog.HandlerOptions{Level: slog.LevelDebug}))
		_, dial := serveBubble(t, config)
		for _, query := range []string{"subscription{tick}", "subscription{flood}", "{wait}", "{log{head}}"} {
			c := dial(transportWS)
			c.enter()
			c.say(`{"id":"1","type":"subscribe","payload":{"query":"` + query + `"}}`)
			synctest.Wait()
			c.close()
		}
		dial(transportWS).close()
		start := time.Now()
		synctest.Wait()
		wantEqual(t, "closed", closed.count.Load(), 5)
		wantEqual(t, "after", time.Since(start), 0)
	})
}

// lineCounter counts the lines of a log that contain a text.
type lineCounter struct {
	line  []byte
	count atomic.Int64
}

func (w *lineCounter) Write(p []byte) (int, error) {
	if bytes.Contains(p, w.line) {
		w.count.Add(1)
	}
	return len(p), nil
}

// TestGoroutinesReturnToTheirNumber is not parallel: it counts the goroutines of the process.
func TestGoroutinesReturnToTheirNumber(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("serve", func(t *testing.T) {
		s, url := serve(t, testConfig(newStub()))
		for range 20 {
			c := enter(t, url)
			for id := range 5 {
				c.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{tick}"}}`, id))
			}
			c.hearNothing()
		}
		if now := runtime.NumGoroutine(); now < before+20*7 {
			t.Errorf("%d goroutines for 20 connections with 5 operations each", now-before)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	awaitGoroutines(t, before) // those of net/http end by themselves
}
