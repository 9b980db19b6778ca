package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestRoutesAnswerAsDocumented(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for _, test := range []struct {
		method, target string
		status         int
		header, value  string
	}{
		{"GET", "/", 302, "Location", "playground"},
		{"GET", "/playground/", 302, "Location", "../playground"},
		{"GET", "/playground", 200, "Content-Type", "text/html; charset=utf-8"},
		{"POST", "/playground", 405, "Allow", "GET, HEAD"},
		{"GET", "/healthz", 200, "Content-Type", "application/json; charset=utf-8"},
		{"HEAD", "/healthz", 200, "Cache-Control", "no-store"},
		{"POST", "/healthz", 405, "Allow", "GET, HEAD"},
		{"GET", "/readyz", 200, "X-Content-Type-Options", "nosniff"},
		{"DELETE", "/readyz", 405, "Allow", "GET, HEAD"},
		{"PUT", "/graphql", 405, "Allow", "GET, OPTIONS, POST"},
		{"OPTIONS", "/graphql", 204, "Allow", "GET, OPTIONS, POST"},
		{"GET", "/graphql/", 404, "Content-Type", "application/json; charset=utf-8"},
		{"GET", "/favicon.ico", 404, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
		{"GET", "/playground/assets/0/graphiql.min.js", 404, "X-Content-Type-Options", "nosniff"},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			t.Parallel()
			resp := ask(t, h, test.method, test.target, "")
			wantEqual(t, "status", resp.StatusCode, test.status)
			wantEqual(t, test.header, resp.Header.Get(test.header), test.value)
			if test.status >= 400 {
				a := decode(t, text(t, resp))
				if len(a.Errors) != 1 || a.code() == "" || a.Data != nil {
					t.Errorf("not a GraphQL error with a code: %+v", a)
				}
			}
		})
	}
}

// TestTheServerWorksBelowAPath, behind a proxy that removes the path from the address.
func TestTheServerWorksBelowAPath(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.StripPrefix("/deck", web.New(testConfig(newStub())).Handler()))
	t.Cleanup(proxy.Close)
	for _, path := range []string{"/deck/", "/deck/playground", "/deck/playground/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, proxy.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := proxy.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, path+" leads to", resp.Request.URL.Path, "/deck/playground")
		wantEqual(t, path, resp.StatusCode, http.StatusOK)
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPlaygroundCanBeOff(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Playground = false
	h := web.New(config).Handler()
	for _, target := range []string{"/", "/playground"} {
		wantEqual(t, target, ask(t, h, "GET", target, "").StatusCode, 404)
	}
}

func TestHealthShowsVersion(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	wantEqual(t, "body", text(t, ask(t, h, "GET", "/healthz", "")), `{"status":"ok","version":"1.2.3"}`)
	wantEqual(t, "body", text(t, ask(t, h, "GET", "/readyz", "")), `{"status":"ready"}`)
}

func TestReadinessTellsTheReason(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Ready = func(context.Context) error { return errors.New("replaying: 40 of 100 events") }
	s := web.New(config)
	resp := ask(t, s.Handler(), "GET", "/readyz", "")
	wantEqual(t, "status", resp.StatusCode, 503)
	wantEqual(t, "body", text(t, resp), `{"status":"unavailable","reason":"replaying: 40 of 100 events"}`)

	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "body", text(t, ask(t, s.Handler(), "GET", "/readyz", "")),
		`{"status":"unavailable","reason":"shutting down"}`)
	wantEqual(t, "health", ask(t, s.Handler(), "GET", "/healthz", "").StatusCode, 200)
}

func TestRequestIDIsTakenWhenSane(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	var seen string
	config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		seen = web.RequestID(ctx)
		return next(ctx)
	}
	h := web.New(config).Handler()
	for _, test := range []struct {
		sent  string
		taken bool
	}{
		{"a1b2-c3.d4_E5", true},
		{strings.Repeat("x", 128), true},
		{strings.Repeat("x", 129), false},
		{"", false},
		{"two words", false},
		{"line\nbreak", false},
		{`quote"`, false},
		{"ünicode", false},
	} {
		resp := post(t, h, `{"query":"{echo(text:\"\")}"}`, "X-Request-Id", test.sent)
		id := resp.Header.Get("X-Request-Id")
		wantEqual(t, "taken "+test.sent, id == test.sent && id != "", test.taken)
		wantEqual(t, "id in the context", seen, id)
		if !test.taken && len(id) != 32 {
			t.Errorf("made %q", id)
		}
	}
	if id := web.RequestID(t.Context()); id != "" {
		t.Errorf("outside a request: %q", id)
	}
}

func TestAccessLogHasOneLinePerRequest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := testConfig(newStub())
	config.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config.Ready = func(context.Context) error { return errors.New("no") }
	h := web.New(config).Handler()

	ask(t, h, "GET", "/graphql?query={log{head}}&variables={\"secret\":1}", "", "X-Request-Id", "r-1")
	wantEqual(t, "lines", strings.Count(log.String(), "\n"), 1)
	for _, part := range []string{"level=DEBUG", "method=GET", "route=/graphql ", "status=200", "bytes=30", "request_id=r-1"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%q is not in %s", part, log.String())
		}
	}
	log.Reset()
	for _, path := range []string{"/ada@example.org", "/ada%40example.org", "/playground/assets/ada@example.org/x"} {
		ask(t, h, "GET", path, "", "X-Request-Id", "ada@example.org")
	}
	if lines := log.String(); strings.Count(lines, "status=404") != 3 || strings.Contains(lines, "example.org") {
		t.Errorf("three paths with a person's address are logged as %s", lines)
	}
	log.Reset()
	ask(t, h, "GET", "/readyz", "")
	if line := log.String(); !strings.Contains(line, "level=WARN") || !strings.Contains(line, "status=503") {
		t.Errorf("a 503 is logged as %s", line)
	}
}

func TestLogOfAWebsocketHasItsOpeningAndItsEnd(t *testing.T) {
	t.Parallel()
	log := make(lines, 10)
	config := testConfig(newStub())
	config.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, url := serve(t, config)
	c := dial(t, url, transportWS, "X-Request-Id", "r-2")
	c.enter()
	c.say(`{"type":"connection_init"}`)
	c.hearClose(4429, "Too many initialisation requests")
	for _, want := range []string{
		`method=GET route=/graphql status=101`,
		`protocol=graphql-transport-ws cause="4429 Too many initialisation requests" duration=`,
	} {
		if line := <-log; !strings.Contains(line, want) {
			t.Errorf("logged %s, want %s", line, want)
		}
	}
}

func TestWordsOfAClientAreNotLogged(t *testing.T) {
	t.Parallel()
	log := make(lines, 10)
	config := testConfig(newStub())
	config.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, url := serve(t, config)
	closes := enter(t, url)
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "ada@example.org")
	if err := closes.conn.WriteMessage(websocket.CloseMessage, bye); err != nil {
		t.Fatal(err)
	}
	closes.hearClose(websocket.CloseNormalClosure, "ada@example.org")
	repeats := enter(t, url)
	same := `{"id":"ada@example.org","type":"subscribe","payload":{"query":"subscription{tick}"}}`
	repeats.say(same, same)
	repeats.hearClose(4409, "Subscriber for ada@example.org already exists")
	for range 4 {
		if line := <-log; strings.Contains(line, "example.org") {
			t.Errorf("logged %s", line)
		}
	}
}

func TestASlowOperationIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := testConfig(newStub())
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	config.Identity.Actor = func(ctx context.Context) string { return fmt.Sprint(viewerOf(ctx)) }
	now, step := time.Time{}, time.Second
	config.Limits.Clock = func() time.Time { now = now.Add(step); return now }
	h := web.New(config).Handler()
	query := `{"query":"query Slow($text: String = \"a secret\"){log{head} echo(text:$text)}"}`
	post(t, h, query, "Authorization", "Bearer ada")
	wantEqual(t, "after a second", log.String(), "")
	step++
	post(t, h, query, "Authorization", "Bearer ada", "X-Request-Id", "r-1")
	wantEqual(t, "lines", strings.Count(log.String(), "\n"), 1)
	const want = `level=INFO msg="an operation was slow" operation=Slow kind=query duration=1.000000001s actor=ada remote=192.0.2.1 request_id=r-1`
	if line := log.String(); !strings.Contains(line, want) {
		t.Errorf("logged %s, want %s", line, want)
	}
}

// lines is a log. It has one element a line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestPanicIsMaskedAndLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := testConfig(newStub())
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	config.Ready = func(context.Context) error { panic("secret detail") }
	h := web.New(config).Handler()
	for _, resp := range []*http.Response{
		ask(t, h, "GET", "/readyz", ""),
		post(t, h, `{"query":"{panic}"}`),
	} {
		wantEqual(t, "status", resp.StatusCode, 500)
		body := text(t, resp)
		wantEqual(t, "code", decode(t, body).code(), "INTERNAL")
		if strings.Contains(body, "secret") {
			t.Errorf("the client sees %s", body)
		}
	}
	if strings.Count(log.String(), "msg=panic") != 2 || !strings.Contains(log.String(), "secret detail") {
		t.Errorf("logged: %s", log.String())
	}
}

func TestOnlyTheSchemaIsRequired(t *testing.T) {
	t.Parallel()
	h := web.New(web.Config{Execution: web.Execution{Schema: newStub()}, Logger: slog.New(slog.DiscardHandler)}).Handler()
	wantEqual(t, "query", text(t, post(t, h, `{"query":"{log{head}}"}`)), `{"data":{"log":{"head":"42"}}}`)
	wantEqual(t, "error", decode(t, text(t, post(t, h, `{"query":"{fail}"}`))).Errors[0].Message, "secret detail")
	wantEqual(t, "panic", decode(t, text(t, post(t, h, `{"query":"{panic}"}`))).Errors[0].Message, "internal error")
	wantEqual(t, "ready", ask(t, h, "GET", "/readyz", "").StatusCode, 200)
	wantEqual(t, "large", post(t, h, strings.Repeat(" ", 1<<20+1)).StatusCode, 413)
}

// A presenter that returns nil must not make an invalid request valid.
func TestHiddenErrorsAreErrors(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Execution.ErrorPresenter = func(context.Context, error) *gqlerror.Error { return nil }
	h := web.New(config).Handler()
	for _, header := range []string{"", "Bearer nobody"} {
		a := decode(t, text(t, post(t, h, `{"query":"{nothing}"}`, "Authorization", header)))
		wantEqual(t, "code", a.code(), "INTERNAL")
	}
}

func TestResultsWithoutJSONAreMasked(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Execution.AroundOperation = func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
		return graphql.OneShot(&graphql.Response{Data: []byte(`{}`), Extensions: map[string]any{"f": func() {}}})
	}
	s, url := serve(t, config)
	wantEqual(t, "status", post(t, s.Handler(), `{"query":"{log{head}}"}`).StatusCode, 500)
	c := enter(t, url)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"{log{head}}"}}`)
	c.hear(`{"id":"1","type":"error","payload":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	c.hearNothing()
}

func TestPanicAfterTheAnswerBeganCutsTheConnection(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	h := web.New(config).Handler()
	w := &breaking{header: http.Header{}}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the very value, by net/http's contract
			t.Errorf("ended with %v", p)
		}
	}()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	h.ServeHTTP(w, r)
	t.Error("went on")
}

// breaking panics when the body is written.
type breaking struct{ header http.Header }

func (w *breaking) Header() http.Header       { return w.header }
func (w *breaking) WriteHeader(int)           {}
func (w *breaking) Write([]byte) (int, error) { panic("broken") }
