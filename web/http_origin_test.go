package web_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"flightdeck/web"
	"flightdeck/web/origin"
)

// origins returns a set of origins.
func origins(t *testing.T, list ...string) origin.Set {
	t.Helper()
	set, err := origin.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAPageOfAnAllowedOriginMaySendEveryHeader(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Network.Origins = origins(t, "https://app.example.com", "https://*.preview.example.com")
	h := web.New(config).Handler()
	const asked = "authorization,content-type,baggage,sentry-trace,traceparent,apollographql-client-name,x-apollo-operation-name,cache-control"
	for _, page := range []string{"https://app.example.com", "https://pr-17.preview.example.com"} {
		resp := ask(t, h, "OPTIONS", "/graphql", "", "Origin", page,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", asked)
		wantEqual(t, "status", resp.StatusCode, 204)
		wantEqual(t, "origin", resp.Header.Get("Access-Control-Allow-Origin"), page)
		wantEqual(t, "headers", resp.Header.Get("Access-Control-Allow-Headers"), asked)
		wantEqual(t, "methods", resp.Header.Get("Access-Control-Allow-Methods"), "GET, POST")
		wantEqual(t, "for", resp.Header.Get("Access-Control-Max-Age"), "600")
		wantEqual(t, "vary", strings.Join(resp.Header.Values("Vary")[:2], ", "), "Origin, Access-Control-Request-Headers")
	}
	resp := ask(t, h, "OPTIONS", "/graphql", "", "Origin", "https://evil.example.com",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", asked)
	wantEqual(t, "headers", resp.Header.Get("Access-Control-Allow-Headers"), "")
	wantEqual(t, "origin", resp.Header.Get("Access-Control-Allow-Origin"), "")
	wantEqual(t, "vary", resp.Header.Get("Vary"), "Origin")
}

func TestAPageOfAnAllowedOriginMayReadTheAnswer(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Network.Origins = origins(t, "https://app.example.com")
	h := web.New(config).Handler()
	resp := post(t, h, `{"query":"{log{head}}"}`, "Origin", "https://app.example.com")
	wantEqual(t, "origin", resp.Header.Get("Access-Control-Allow-Origin"), "https://app.example.com")
	wantEqual(t, "shown", resp.Header.Get("Access-Control-Expose-Headers"), "ETag, X-Request-Id")
	wantEqual(t, "credentials", resp.Header.Get("Access-Control-Allow-Credentials"), "")
	wantEqual(t, "vary", resp.Header.Get("Vary"), "Origin")

	resp = post(t, h, `{"query":"{log{head}}"}`, "Origin", "https://evil.example.com")
	wantEqual(t, "origin", resp.Header.Get("Access-Control-Allow-Origin"), "")
}

// TestAnswersForAllOriginsAreTheSame: a cache need not keep one for each origin.
func TestAnswersForAllOriginsAreTheSame(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Network.Origins = origins(t, "*")
	h := web.New(config).Handler()
	for _, page := range []string{"https://app.example.com", "null", ""} {
		resp := post(t, h, `{"query":"{log{head}}"}`, "Origin", page)
		wantEqual(t, "origin", resp.Header.Get("Access-Control-Allow-Origin"), "*")
		wantEqual(t, "vary", resp.Header.Get("Vary"), "Accept, Accept-Encoding, Authorization")
	}
}

func TestARefusedOriginIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := testConfig(newStub())
	config.Network.Origins = origins(t, "https://app.example.com")
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	h := web.New(config).Handler()
	for range 3 {
		for _, page := range []string{"http://localhost:3000", "https://ada@evil.example.com/ada", "", "https://app.example.com", "http://example.com", "ada@example.org"} {
			post(t, h, `{"query":"{log{head}}"}`, "Origin", page, "X-Request-Id", "r-1")
		}
	}
	wantEqual(t, "lines", strings.Count(log.String(), "\n"), 3)
	for _, part := range []string{
		"origin=http://localhost:3000 remote=192.0.2.1 request_id=r-1", "origin=https://evil.example.com", `origin="of no known form"`, "--allow-origin",
	} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%q is not in %s", part, log.String())
		}
	}
	if strings.Contains(log.String(), "ada") {
		t.Errorf("the log has parts that no origin has: %s", log.String())
	}
	for i := range 1000 {
		post(t, h, `{"query":"{log{head}}"}`, "Origin", fmt.Sprintf("http://localhost:%d", 10_000+i))
	}
	wantEqual(t, "lines", strings.Count(log.String(), "\n"), 101)
}

func TestAServerIsReachedByItsNamesOnly(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := testConfig(newStub())
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	hosts, err := origin.ParseHosts([]string{"deck.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	config.Network.Hosts = hosts
	h := web.New(config).Handler()
	for _, path := range []string{"/graphql?query={log{head}}", "/playground", "/healthz"} {
		for host, status := range map[string]int{
			"127.0.0.1:8080": 200, "localhost:8080": 200, "deck.example.org": 200, "rebound.example.com:8080": 403,
		} {
			resp := ask(t, h, "GET", "http://"+host+path, "")
			wantEqual(t, host+path, resp.StatusCode, status)
			if status == 403 {
				body := text(t, resp)
				wantEqual(t, "code", decode(t, body).code(), "FORBIDDEN")
				wantEqual(t, "advice", strings.Contains(body, "--allow-host"), true)
			}
		}
	}
	wantEqual(t, "lines", strings.Count(log.String(), "host=rebound.example.com:8080"), 1)
}
