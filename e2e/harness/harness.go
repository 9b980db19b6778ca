// Package harness runs FlightDeck for the tests of the whole program: in process behind an HTTP
// server, as a command line, or as a process. It sends operations, listens to subscriptions, and
// knows how a client reads an answer.
//
// Start with [Start], [CLI] and [StartProcess].
package harness

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"flightdeck/app"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/web"

	"github.com/alecthomas/kong"
)

// Harness is an App on a database of its own, behind an HTTP server.
type Harness struct {
	*app.App
	T   *testing.T
	URL string
	// AppOptions and ServerOptions have defaults. Changes take effect at the next Serve.
	AppOptions    app.Options
	ServerOptions app.ServerOptions
	// Stop closes the server and the App. It may be called twice.
	Stop func()
}

// Start serves a new database until the test ends. The options run before that.
func Start(t *testing.T, options ...func(*Harness)) *Harness {
	t.Helper()
	return StartOn(t, filepath.Join(t.TempDir(), "flightdeck.db"), options...)
}

// StartOn is Start on the database at a path.
func StartOn(t *testing.T, path string, options ...func(*Harness)) *Harness {
	t.Helper()
	h := &Harness{T: t, AppOptions: AppOptions(path), ServerOptions: DefaultServerOptions(t)}
	for _, set := range options {
		set(h)
	}
	h.Serve()
	t.Cleanup(func() { h.Stop() })
	return h
}

// Serve opens the database and serves it until Stop.
func (h *Harness) Serve() {
	h.T.Helper()
	d, err := app.Open(h.T.Context(), h.AppOptions)
	if err != nil {
		h.T.Fatal(err)
	}
	h.App = d
	edge, err := d.Server(h.ServerOptions)
	if err != nil {
		h.T.Fatal(err)
	}
	server := httptest.NewServer(edge.Handler())
	h.URL = server.URL
	h.Stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := edge.Shutdown(ctx); err != nil {
			h.T.Errorf("shut the edge down: %v", err)
		}
		server.Close()
		if err := d.Close(); err != nil {
			h.T.Errorf("close: %v", err)
		}
	})
}

// Reopen stops, calls meanwhile with the closed database, and serves it again.
func (h *Harness) Reopen(meanwhile func(db string)) {
	h.T.Helper()
	h.Stop()
	meanwhile(h.AppOptions.DB)
	h.Serve()
}

// AppOptions returns the options of a database at a path. FLIGHTDECK_TEST_LOG=1 logs to standard
// error.
func AppOptions(path string) app.Options {
	logger := slog.New(slog.DiscardHandler)
	if os.Getenv("FLIGHTDECK_TEST_LOG") != "" {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return app.Options{DB: path, Logger: logger}
}

// DefaultServerOptions returns the defaults of flightdeck serve, with room for a text of the
// largest size and the escapes of its JSON.
func DefaultServerOptions(t *testing.T) app.ServerOptions {
	t.Helper()
	options := app.ServerOptions{
		Playground: true, AnswerCacheBytes: 16 << 20,
		Limits: web.Limits{
			Body:     2 * domain.MaxContentBytes,
			Attempts: map[string]int{"logIn": 10, "changePassword": 10, "updateUser.email": 10, "registerUser": 10},
		},
	}
	if err := kong.ApplyDefaults(&options.Limits.Limits); err != nil {
		t.Fatal(err)
	}
	return options
}

// In returns the harness for a subtest.
func (h *Harness) In(t *testing.T) *Harness {
	part := *h
	part.T = t
	return &part
}

// Head returns the last position of the log.
func (h *Harness) Head() eventstore.Position { return h.Log.Head().Position }
