package web_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	comment  = ":"
	complete = "event: complete\ndata: "
)

func result(data string) string { return "event: next\ndata: " + data }

// askEvents sends a request for an event stream.
func askEvents(t *testing.T, h http.Handler, body string, header ...string) *http.Response {
	t.Helper()
	return post(t, h, body, append([]string{"Accept", "text/event-stream"}, header...)...)
}

func TestOperationsAsEventStreams(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for name, test := range map[string]struct{ body, want string }{
		"query":    {`{"query":"{log{head}}"}`, `{"data":{"log":{"head":"42"}}}`},
		"mutation": {`{"query":"mutation{write(text:\"a\\nb\")}"}`, `{"data":{"write":"a\nb"}}`},
		"an error of a field": {
			`{"query":"{fail}"}`,
			`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}],"data":{"fail":null}}`,
		},
		"a panic":            {`{"query":"{panic}"}`, `{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`},
		"a refusal for ever": {`{"query":"subscription{refused}"}`, `{"errors":[{"message":"refused"}]}`},
		"an invalid document": {
			`{"query":"{"}`,
			`{"errors":[{"message":"Expected Name, found \u003cEOF\u003e","locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]}`,
		},
		"an unknown document": {
			`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}`,
			`{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := askEvents(t, h, test.body, "Accept-Encoding", "gzip")
			wantEqual(t, "status", resp.StatusCode, 200)
			wantEqual(t, "type", resp.Header.Get("Content-Type"), "text/event-stream; charset=utf-8")
			wantEqual(t, "encoding", resp.Header.Get("Content-Encoding"), "")
			wantEqual(t, "cache", resp.Header.Get("Cache-Control"), "no-cache, no-store")
			wantEqual(t, "body", text(t, resp)+" \n\n", comment+"\n"+result(test.want)+"\n\n"+complete+"\n\n")
		})
	}
}

// A malformed request, and one without a right to an answer, is refused by its status.
func TestRefusedEventStreamsArePlainAnswers(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for name, test := range map[string]struct {
		resp   *http.Response
		status int
	}{
		"garbage":           {askEvents(t, h, "\xff"), 400},
		"no query":          {askEvents(t, h, `{}`), 400},
		"no JSON":           {askEvents(t, h, `{"query":"{viewer}"}`, "Content-Type", "text/plain"), 415},
		"too large":         {askEvents(t, h, strings.Repeat(" ", 1<<20+1)), 413},
		"no session":        {askEvents(t, h, `{"query":"{viewer}"}`, "Authorization", "Bearer nobody"), 401},
		"a mutation by GET": {ask(t, h, "GET", "/graphql?query=mutation{write(text:\"\")}", "", "Accept", "text/event-stream"), 405},
		"another method":    {ask(t, h, "PUT", "/graphql", "", "Accept", "text/event-stream"), 405},
	} {
		wantEqual(t, name, test.resp.StatusCode, test.status)
		wantEqual(t, name, test.resp.Header.Get("Content-Type"), "application/json; charset=utf-8")
		if decode(t, text(t, test.resp)).code() == "" {
			t.Errorf("%s has no code", name)
		}
	}
}

// A client that accepts whole answers and events gets events for subscriptions only.
func TestEventsAreForSubscriptionsIfBothAreAccepted(t *testing.T) {
	t.Parallel()
	schema := newStub()
	close(schema.ticks)
	h := web.New(testConfig(schema)).Handler()
	accept := []string{"Accept", special + ", application/json, text/event-stream"}
	wantEqual(t, "a query", text(t, post(t, h, `{"query":"{log{head}}"}`, accept...)), `{"data":{"log":{"head":"42"}}}`)
	wantEqual(t, "an error", post(t, h, `{"query":"subscription{nothing}"}`, accept...).StatusCode, 400)
	wantEqual(t, "a subscription", text(t, post(t, h, `{"query":"subscription{tick}"}`, accept...))+" ", ":\n"+complete)
}

func TestEventStreamsAreWrittenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		schema := newStub()
		_, dial := servePipes(t, testConfig(schema))
		c := dial()
		c.request("GET", "/graphql?query=subscription{tick}", "", "Accept", "text/event-stream")
		e := &events{t, bufio.NewReader(c.response().Body)}
		e.hear(comment)
		for range 3 { // for longer than answerTimeout
			schema.ticks <- 7
			e.hear(result(`{"data":{"tick":7}}`))
			for range 4 {
				before := time.Now()
				e.hear(comment)
				if silent := time.Since(before); silent > 25*time.Second {
					t.Errorf("silent for %s", silent)
				}
			}
		}
		close(schema.ticks)
		e.hear(complete)
		e.hearEnd()
	})
}

// resuming returns a configuration whose subscriptions set event ids that follow the client's last
// one.
func resuming(schema *stub) web.Config {
	config := testConfig(schema)
	config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		results := next(ctx)
		id := web.LastEventID(ctx)
		return func(ctx context.Context) *graphql.Response {
			id += "+"
			web.SetEventID(ctx, id)
			return results(ctx)
		}
	}
	return config
}

func TestEventsHaveTheIDsOfTheirResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		schema := newStub()
		_, dial := servePipes(t, resuming(schema))
		e := dial().subscribe("subscription{tick}", "Last-Event-ID", "41")
		e.hear(comment)
		for _, id := range []string{"41+", "41++", "41+++"} {
			schema.ticks <- 1
			e.hear("id: " + id + "\n" + result(`{"data":{"tick":1}}`))
		}
	})
	synctest.Test(t, func(t *testing.T) { // a client that cannot set the header
		schema := newStub()
		_, dial := servePipes(t, resuming(schema))
		c := dial()
		c.request("GET", "/graphql?lastEventId=51&query=subscription{tick}", "", "Accept", "text/event-stream")
		e := &events{t, bufio.NewReader(c.response().Body)}
		e.hear(comment)
		schema.ticks <- 1
		e.hear("id: 51+\n" + result(`{"data":{"tick":1}}`))
	})
	synctest.Test(t, func(t *testing.T) { // a websocket has no ids
		schema := newStub()
		_, dial := serveBubble(t, resuming(schema))
		c := dial(transportWS)
		c.enter()
		c.say(tick)
		schema.ticks <- 1
		c.hear(`{"id":"1","type":"next","payload":{"data":{"tick":1}}}`)
	})
	wantEqual(t, "outside", web.LastEventID(t.Context()), "")
	web.SetEventID(t.Context(), "1")
}

func TestShutdownEndsEventStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial := servePipes(t, testConfig(newStub()))
		e := dial().subscribe("subscription{tick}")
		e.hear(comment)
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.hearEnd()
		c := dial()
		c.request("GET", "/graphql?query=subscription{tick}", "", "Accept", "text/event-stream")
		wantEqual(t, "a new one", c.response().StatusCode, http.StatusServiceUnavailable)
	})
}

func TestEventStreamEndsWithTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := testConfig(newStub())
		config.Identity.Authenticate = func(ctx context.Context, _ string) (context.Context, time.Time, error) {
			return ctx, time.Now().Add(5 * time.Second), nil
		}
		_, dial := servePipes(t, config)
		e := dial().subscribe("subscription{tick}")
		e.hear(comment)
		before := time.Now()
		e.hearEnd()
		wantEqual(t, "after", time.Since(before), 5*time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		config := testConfig(newStub())
		revoked := make(chan context.CancelFunc, 1)
		config.Identity.Watch = func(ctx context.Context) (context.Context, error) {
			ctx, cancel := context.WithCancel(ctx)
			revoked <- cancel
			return ctx, nil
		}
		_, dial := servePipes(t, config)
		e := dial().subscribe("subscription{tick}")
		e.hear(comment)
		(<-revoked)()
		e.hearEnd()
	})
	config := testConfig(newStub())
	config.Identity.Watch = func(ctx context.Context) (context.Context, error) { return ctx, errNoSuchToken }
	wantEqual(t, "changed meanwhile", askEvents(t, web.New(config).Handler(), `{"query":"subscription{tick}"}`).StatusCode, 401)
}

// A client that does not read is cut after writeTimeout, and a vanished one at once. A goroutine
// that is left over would keep the bubble from ending.
func TestEventStreamsLeaveNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int64
		config := testConfig(newStub())
		config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
			if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
				running.Add(1)
				context.AfterFunc(ctx, func() { running.Add(-1) })
			}
			return next(ctx)
		}
		_, dial := servePipes(t, config)
		c := dial()
		c.subscribe("subscription{flood}") // and does not read
		synctest.Wait()
		wantEqual(t, "running", running.Load(), 1)
		<-time.After(11 * time.Second)
		wantEqual(t, "running without being read", running.Load(), 0)

		for _, query := range []string{"subscription{flood}", "subscription{tick}"} {
			c := dial()
			c.subscribe(query)
			synctest.Wait()
			wantEqual(t, "running", running.Load(), 1)
			_ = c.Close()
			synctest.Wait()
			wantEqual(t, "running for a vanished client", running.Load(), 0)
		}
	})
}

// brokenWriter fails to write a body.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestEventStreamEndsWhenItCannotBeWritten(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for _, query := range []string{"subscription{tick}", "{nothing}"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/graphql?query="+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		h.ServeHTTP(brokenWriter{&headerOnly{http.Header{}}}, r)
	}
}

type headerOnly struct{ header http.Header }

func (w *headerOnly) Header() http.Header       { return w.header }
func (*headerOnly) WriteHeader(int)             {}
func (*headerOnly) Write(p []byte) (int, error) { return len(p), nil }

func TestEventStreamsAreCountedAsConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := testConfig(newStub())
		config.Limits.Connections = 1
		_, dial := servePipes(t, config)
		first := dial()
		first.subscribe("subscription{tick}").hear(comment)
		second := dial()
		second.request("GET", "/graphql?query=subscription{tick}", "", "Accept", "text/event-stream")
		wantEqual(t, "a second one", second.response().StatusCode, http.StatusTooManyRequests)
		_ = first.Close()
		synctest.Wait()
		dial().subscribe("subscription{tick}").hear(comment)
	})
}
