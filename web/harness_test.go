package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flightdeck/web"

	"github.com/alecthomas/kong"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// patience bounds the time that a test waits.
const patience = 20 * time.Second

type viewerKey struct{}

// viewerOf returns the name in the token, nil for a visitor.
func viewerOf(ctx context.Context) any { return ctx.Value(viewerKey{}) }

var errNoSuchToken = errors.New("no such token")

// authenticate accepts the tokens "Bearer <name>" and refuses "Bearer nobody". For "Bearer broken"
// it returns an internal error.
func authenticate(ctx context.Context, authorization string) (context.Context, time.Time, error) {
	switch name, _ := strings.CutPrefix(authorization, "Bearer "); name {
	case "":
		return ctx, time.Time{}, nil
	case "nobody":
		return nil, time.Time{}, errNoSuchToken
	case "broken":
		return nil, time.Time{}, errors.New("secret detail")
	default:
		return context.WithValue(ctx, viewerKey{}, name), time.Time{}, nil
	}
}

// present masks internal errors.
func present(_ context.Context, err error) *gqlerror.Error {
	if errors.Is(err, errNoSuchToken) {
		return &gqlerror.Error{Message: "log in again", Extensions: map[string]any{"code": "UNAUTHENTICATED"}}
	}
	if e, ok := errors.AsType[*gqlerror.Error](err); ok && e.Unwrap() == nil {
		return e
	}
	return &gqlerror.Error{Message: "internal error", Extensions: map[string]any{"code": "INTERNAL"}}
}

// testConfig returns the configuration of most tests.
func testConfig(schema *stub) web.Config {
	return web.Config{
		Execution:  web.Execution{Schema: schema, ErrorPresenter: present},
		Identity:   web.Identity{Authenticate: authenticate},
		Limits:     defaultLimits(),
		Playground: true,
		Logger:     slog.New(slog.DiscardHandler),
		Version:    "1.2.3",
	}
}

// defaultLimits returns the defaults of the command line.
func defaultLimits() (l web.Limits) {
	if err := kong.ApplyDefaults(&l.Limits); err != nil {
		panic(err)
	}
	return l
}

// ask sends one request to a handler and returns the answer.
func ask(t *testing.T, h http.Handler, method, target, body string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// post sends a JSON body to /graphql.
func post(t *testing.T, h http.Handler, body string, header ...string) *http.Response {
	t.Helper()
	return ask(t, h, http.MethodPost, "/graphql", body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

// answer is a GraphQL response.
type answer struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

// code returns the code of the first error, "" for none.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func decode(t *testing.T, body string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("not a GraphQL response: %v: %s", err, body)
	}
	return a
}

// wantEqual reports a value that is not the wanted one. subject names the value.
func wantEqual[T comparable](t *testing.T, subject string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", subject, got, want)
	}
}

func panickingAuthenticate(context.Context, string) (context.Context, time.Time, error) {
	panic("secret detail")
}
