package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"flightdeck/app"
	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"

	"github.com/alecthomas/kong"
)

// harness is a FlightDeck on a database of its own, behind a real HTTP server.
type harness struct {
	*app.App
	t   *testing.T
	url string
	// options and server are the defaults, unless set before serve.
	options app.Options
	server  app.ServerOptions
	// stop closes everything; it may be called twice.
	stop func()
}

// start serves a new, empty database until the test ends. Each option may change how.
func start(t *testing.T, options ...func(*harness)) *harness {
	t.Helper()
	return startOn(t, filepath.Join(t.TempDir(), "flightdeck.db"), options...)
}

// startOn serves the database at path until the test ends.
func startOn(t *testing.T, path string, options ...func(*harness)) *harness {
	t.Helper()
	h := &harness{t: t, options: testOptions(path), server: defaultServer(t)}
	for _, set := range options {
		set(h)
	}
	h.serve()
	t.Cleanup(func() { h.stop() })
	return h
}

// serve opens the database and serves it until stop is called.
func (h *harness) serve() {
	h.t.Helper()
	d, err := app.Open(h.t.Context(), h.options)
	if err != nil {
		h.t.Fatal(err)
	}
	h.App = d
	edge, err := d.Server(h.server)
	if err != nil {
		h.t.Fatal(err)
	}
	server := httptest.NewServer(edge.Handler())
	h.url = server.URL
	h.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := edge.Shutdown(ctx); err != nil {
			h.t.Errorf("shut the edge down: %v", err)
		}
		server.Close()
		if err := d.Close(); err != nil {
			h.t.Errorf("close: %v", err)
		}
	})
}

// reopen closes the database, gives it to meanwhile, and serves it again.
func (h *harness) reopen(meanwhile func(db string)) {
	h.t.Helper()
	h.stop()
	meanwhile(h.options.DB)
	h.serve()
}

// testOptions open a database without a log for the operator.
func testOptions(path string) app.Options {
	logger := slog.New(slog.DiscardHandler)
	if os.Getenv("FLIGHTDECK_TEST_LOG") != "" {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return app.Options{DB: path, Logger: logger}
}

// defaultServer returns the server that the flags of serve describe by default, with room
// for a text of the largest size and the escapes of its JSON.
func defaultServer(t *testing.T) app.ServerOptions {
	t.Helper()
	options := app.ServerOptions{
		MaxBody: 2 * domain.MaxContentBytes, Playground: true, AnswerCacheBytes: 16 << 20,
		AttemptsPerMinute: map[string]int{"logIn": 10, "changePassword": 10, "registerUser": 10},
	}
	if err := kong.ApplyDefaults(&options.Limits); err != nil {
		t.Fatal(err)
	}
	return options
}

// user makes a user with a role and returns their id and a token.
func (h *harness) user(role domain.Role) (id, token string) {
	h.t.Helper()
	name := strings.ToLower(string(role)) + "-" + eventstoreHead(h)
	done, err := h.Commands.Do(auth.WithActor(h.t.Context(), domain.System), command.CreateUser{
		Email: name + "@example.org", DisplayName: name, Role: role,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return done.ID, h.session(done.ID)
}

// session begins a session of a user.
func (h *harness) session(userID string) (token string) {
	h.t.Helper()
	session, err := h.Commands.Begin(h.t.Context(), userID, false)
	if err != nil {
		h.t.Fatal(err)
	}
	return session.Token
}

func eventstoreHead(h *harness) string { return h.Log.Head().Position.String() }

// answer is a GraphQL response.
type answer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
	raw []byte
}

// ask posts an operation; token may be empty, vars nil.
func (h *harness) ask(token, query string, vars map[string]any) answer {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		h.t.Fatal(err)
	}
	status, raw := h.post(token, body)
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		h.t.Fatalf("status %d, not JSON: %s", status, raw)
	}
	a.raw = raw
	return a
}

// must is ask where no error is expected, at the top level or as data.
func (h *harness) must(token, query string, vars map[string]any) answer {
	h.t.Helper()
	a := h.ask(token, query, vars)
	if len(a.Errors) > 0 {
		h.t.Fatalf("%s\nanswered %s", query, a.raw)
	}
	for name, field := range a.Data {
		if payload, ok := field.(map[string]any); ok {
			if list, ok := payload["errors"].([]any); ok && len(list) > 0 {
				h.t.Fatalf("%s was refused: %v", name, list)
			}
		}
	}
	return a
}

// askFrom is ask as a proxy forwards it from an address.
func (h *harness) askFrom(address, token, query string) (a answer) {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		h.t.Fatal(err)
	}
	_, a.raw = h.post(token, body, "X-Forwarded-For", address)
	if err := json.Unmarshal(a.raw, &a); err != nil {
		h.t.Fatalf("not JSON: %s", a.raw)
	}
	return a
}

// post sends a body, with headers by name and value, and returns the status and the
// answer.
func (h *harness) post(token string, body []byte, header ...string) (status int, raw []byte) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if raw, err = io.ReadAll(response.Body); err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode, raw
}

// get asks for a page, without following where it leads.
func (h *harness) get(token, path string) *http.Response {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+strings.ReplaceAll(path, " ", "%20"), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// at follows a path of names and indexes into an answer; nil where it ends early.
func (a answer) at(path ...any) any {
	var v any = a.Data
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// text is at for a string.
func (a answer) text(path ...any) string {
	s, _ := a.at(path...).(string)
	return s
}
