package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"flightdeck/web"

	"github.com/gorilla/websocket"
)

// The access log has the address by which a client is counted.
func TestTheAddressOfAClientIsOnlyThatOfTrustedProxies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		remote, want string
		forwarded    []string
	}{
		{"198.51.100.7:1234", "198.51.100.7", nil},
		{"198.51.100.7:1234", "198.51.100.7", []string{"203.0.113.9"}},
		{"10.0.0.1:1234", "203.0.113.9", []string{"203.0.113.9"}},
		{"10.0.0.1:1234", "203.0.113.9", []string{"1.2.3.4, 203.0.113.9"}},
		{"10.0.0.1:1234", "203.0.113.9", []string{"1.2.3.4", "203.0.113.9, 10.0.0.2"}},
		{"10.0.0.1:1234", "10.0.0.2", []string{"203.0.113.9, nonsense, 10.0.0.2"}},
		{"10.0.0.1:1234", "10.0.0.1", []string{"nonsense"}},
		{"10.0.0.1:1234", "10.0.0.1", nil},
		{"[::ffff:10.0.0.1]:1234", "2001:db8::1", []string{"[2001:db8::1]:80"}},
		{"10.0.0.1:1234", "203.0.113.9", []string{"203.0.113.9:5678"}},
		{"[2001:db8::5]:1", "2001:db8::5", []string{"203.0.113.9"}},
	} {
		var log bytes.Buffer
		config := testConfig(newStub())
		config.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		config.Network.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forwarded
		web.New(config).Handler().ServeHTTP(httptest.NewRecorder(), r)
		var line struct{ Remote string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, c.remote, line.Remote, c.want)
	}
}

func TestHSTSIsSentOverTLSOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target, remote, proto string
		want                  bool
	}{
		{"http://x/healthz", "10.0.0.1:1", "", false},
		{"https://x/healthz", "198.51.100.7:1", "", true},
		{"http://x/healthz", "10.0.0.1:1", "https", true},
		{"http://x/healthz", "198.51.100.7:1", "https", false},
		{"http://x/healthz", "10.0.0.1:1", "https, http", false},
	} {
		config := testConfig(newStub())
		config.Network.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.target, nil)
		r.RemoteAddr = c.remote
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		w := httptest.NewRecorder()
		web.New(config).Handler().ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != c.want {
			t.Errorf("%+v: HSTS %v", c, got)
		}
	}
}

func TestWebsocketsOfOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Connections = 1
	_, url := serve(t, config)
	first := dial(t, url, transportWS)
	_, response, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err == nil || response == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("a second websocket: %v, %v", response, err)
	}
	a := decode(t, text(t, response))
	if a.code() != "RATE_LIMITED" || a.Errors[0].Extensions["limit"] != "connections" {
		t.Errorf("a second websocket is answered %v", a.Errors)
	}
	first.close()
	for deadline := time.Now().Add(patience); ; { // until the server has noticed
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a websocket is refused after the first was closed")
		}
	}
}

func TestOperationsOfOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Operations = 1
	h := web.New(config).Handler()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for w := httptest.NewRecorder(); ctx.Err() == nil; w = httptest.NewRecorder() {
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query":"{wait}"}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", special)
			if h.ServeHTTP(w, r); w.Code != http.StatusTooManyRequests { // otherwise the other operation was first
				return
			}
		}
	}()
	for deadline := time.Now().Add(patience); ; { // until the first has begun
		resp := post(t, h, `{"query":"{viewer}"}`, "Accept", special)
		if a := decode(t, text(t, resp)); a.code() == "RATE_LIMITED" && resp.StatusCode == http.StatusTooManyRequests {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a second operation is never refused")
		}
	}
	cancel()
	<-ended
	if a := decode(t, text(t, post(t, h, `{"query":"{viewer}"}`))); len(a.Errors) > 0 {
		t.Errorf("after the first has ended: %v", a.Errors)
	}
}

func TestTheSchemaIsHiddenFromVisitorsWithoutTheRight(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Documents.Introspect = func(ctx context.Context) bool { return viewerOf(ctx) == "ada" }
	h := web.New(config).Handler()
	for _, query := range []string{
		`{"query":"{__schema{types{name}}}"}`, `{"query":"{a:__type(name:\"Query\"){name}}"}`,
		`{"query":"{...F} fragment F on Query {... {__schema{types{name}}}}"}`,
	} {
		for range 2 { // the second time the document is cached
			if a := decode(t, text(t, post(t, h, query))); a.code() != "INTROSPECTION_DISABLED" {
				t.Errorf("%s is answered %v", query, a.Errors)
			}
			if a := decode(t, text(t, post(t, h, query, "Authorization", "Bearer ada"))); len(a.Errors) > 0 {
				t.Errorf("%s by ada is answered %v", query, a.Errors)
			}
		}
	}
	for _, query := range []string{
		`{"query":"{lo{head}}"}`, `{"query":"{log{hea}}"}`, `{"query":"{echo(tex:\"x\")}"}`, `{"query":"{log}"}`,
		`{"query":"{...on Quer{viewer}}"}`, `{"query":"mutation{write(text:\"x\")}"}`[:0] + `{"query":"query($x:Strin){echo(text:$x)}"}`,
	} {
		visitor := text(t, post(t, h, query))
		if strings.Contains(visitor, "Did you mean") {
			t.Errorf("a visitor is answered %s", visitor)
		}
		if decode(t, visitor).code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s is answered %s", query, visitor)
		}
	}
	if ada := text(t, post(t, h, `{"query":"{log{hea}}"}`, "Authorization", "Bearer ada")); !strings.Contains(ada, "Did you mean") {
		t.Errorf("ada is answered %s", ada)
	}
}
