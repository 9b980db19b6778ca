package app

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/web"
)

// harness is an App on a new database.
type harness struct {
	*App
	t testing.TB
}

// start opens a new database until the test ends. A nil clock is the machine's.
func start(t testing.TB, clock func() time.Time) *harness {
	t.Helper()
	a, err := Open(t.Context(), Options{
		DB: filepath.Join(t.TempDir(), "flightdeck.db"), Clock: clock, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return &harness{App: a, t: t}
}

// user creates a user with a role, and returns the user's id and a token.
func (h *harness) user(role domain.Role) (id, token string) {
	h.t.Helper()
	name := strings.ToLower(string(role)) + "-" + h.Log.Head().Position.String()
	done, err := h.Commands.Do(auth.WithActor(h.t.Context(), domain.System), command.CreateUser{
		Email: name + "@example.org", DisplayName: name, Role: role,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return done.ID, h.session(done.ID)
}

// session begins a session of a user, and returns its token.
func (h *harness) session(userID string) (token string) {
	h.t.Helper()
	session, err := h.Commands.Begin(h.t.Context(), userID, false)
	if err != nil {
		h.t.Fatal(err)
	}
	return session.Token
}

// config returns the configuration of a server with a cache of answers.
func (h *harness) config() web.Config {
	h.t.Helper()
	config, err := h.serverConfig(ServerOptions{AnswerCacheBytes: 16 << 20})
	if err != nil {
		h.t.Fatal(err)
	}
	return config
}

// authenticate returns an error if a token is not valid.
func (h *harness) authenticate(token string) error {
	_, _, err := authenticator{app: h.App}.authenticate(h.t.Context(), "Bearer "+token)
	return err
}

// must sends an operation without variables to a new server; the answer has no errors.
func (h *harness) must(token, query string) {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		h.t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	web.New(h.config()).Handler().ServeHTTP(w, request)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"errors":[{`) {
		h.t.Fatalf("%s is answered %d %s", query, w.Code, w.Body)
	}
}
