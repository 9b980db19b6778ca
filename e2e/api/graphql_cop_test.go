package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"flightdeck/app"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// The tests of this file are the thirteen checks of graphql-cop, and what the OWASP GraphQL cheat
// sheet demands beyond them, against the running server. docs/security.md explains the defaults
// that leave something open.

// wantRefused sends an operation that must be refused before it runs.
func wantRefused(h *harness.Harness, query, code, limit string) {
	h.T.Helper()
	a := h.Ask("", query, nil)
	if len(a.Errors) == 0 || a.Data != nil || a.Errors[0].Extensions["code"] != code {
		h.T.Errorf("%.60s… is answered %.300s", query, a.Raw)
		return
	}
	if got, _ := a.Errors[0].Extensions["limit"].(string); got != limit {
		h.T.Errorf("%.60s… meets the limit %q, want %q", query, got, limit)
	}
}

// repeat formats each with the numbers from 0 to n-1.
func repeat(n int, each string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, each, i)
	}
	return b.String()
}

func TestCopAliasOverloading(t *testing.T) {
	t.Parallel()
	wantRefused(harness.Start(t), "query cop {"+repeat(101, "alias%d: __typename ")+"}", "LIMIT_EXCEEDED", "aliases")
}

func TestCopBatchQueries(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	batch := "[" + strings.TrimSuffix(strings.Repeat(`{"query":"query cop { __typename }"},`, 10), ",") + "]"
	if status, raw := h.Post("", []byte(batch)); status != http.StatusBadRequest || strings.Contains(string(raw), "Query") {
		t.Errorf("a batch is answered %d %s", status, raw)
	}
}

func TestCopDirectiveOverloading(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	wantRefused(h, "query cop { __typename "+strings.Repeat("@aa", 10)+" }", "GRAPHQL_VALIDATION_FAILED", "")
	wantRefused(h, "query cop { __typename "+strings.Repeat("@aa", 51)+" }", "LIMIT_EXCEEDED", "directives")
	wantRefused(h, "query cop { log { position "+strings.Repeat("...@include(if: true) { position } ", 51)+"} }", "LIMIT_EXCEEDED", "directives")
}

func TestCopCircularIntrospection(t *testing.T) {
	t.Parallel()
	wantRefused(harness.Start(t), "query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }", "GRAPHQL_VALIDATION_FAILED", "")
}

func TestCopFieldDuplication(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	wantRefused(h, "query cop {"+strings.Repeat(" __typename", 500)+"}", "LIMIT_EXCEEDED", "rootFields")
	wantRefused(h, "query cop { log {"+strings.Repeat(" position", 1001)+"} }", "LIMIT_EXCEEDED", "fields")
}

// read returns the status and the body of an answer.
func read(t *testing.T, response *http.Response) (status int, body string) {
	t.Helper()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

func TestCopMutationsByGET(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	for _, mutation := range []string{"mutation cop { __typename }", "mutation { logOut { loggedOut } }"} {
		status, body := read(t, h.Get("", "/graphql?query="+url.QueryEscape(mutation)))
		if status != http.StatusMethodNotAllowed || strings.Contains(body, `"data"`) {
			t.Errorf("%s is answered %d %s", mutation, status, body)
		}
	}
}

// TestCopQueriesByGETIgnoreCookies: queries by GET are answered, as GraphQL over HTTP demands. A
// page of another site gains nothing by that: the server ignores cookies, and lets no other origin
// read the answer.
func TestCopQueriesByGETIgnoreCookies(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Admin)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+"/graphql?query="+url.QueryEscape("{ viewer { id } }"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Cookie", "Authorization=Bearer "+token+"; token="+token)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	status, body := read(t, response)
	if status != http.StatusOK || body != `{"data":{"viewer":null}}` {
		t.Errorf("answered %d %s", status, body)
	}
	harness.WantText(t, "origins that may read it", response.Header.Get("Access-Control-Allow-Origin"), "")
	harness.WantText(t, "cookies", strings.Join(response.Header.Values("Set-Cookie"), ","), "")
}

func TestCopPOSTOfForms(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	for _, contentType := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""} {
		for _, body := range []string{"query=" + url.QueryEscape("{ __typename }"), `{"query":"{ __typename }"}`} {
			status, raw := h.Post("", []byte(body), "Content-Type", contentType)
			if status != http.StatusUnsupportedMediaType || strings.Contains(string(raw), `"data"`) {
				t.Errorf("%q as %q is answered %d %s", body, contentType, status, raw)
			}
		}
	}
}

func TestCopPlayground(t *testing.T) {
	t.Parallel()
	h := harness.Start(t, func(h *harness.Harness) { h.ServerOptions.Playground = false })
	for _, path := range []string{"/", "/playground", "/graphiql", "/graphql", "/console"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		status, body := read(t, response)
		_ = response.Body.Close()
		if status < 400 || strings.Contains(strings.ToLower(body), "graphiql") {
			t.Errorf("%s is answered %d %.100s", path, status, body)
		}
	}
}

func TestCopIntrospectionByRole(t *testing.T) {
	t.Parallel()
	for setting, allowed := range map[string][]string{
		"all": {"", "VIEWER", "ADMIN"}, "signed-in": {"VIEWER", "ADMIN"}, "admin": {"ADMIN"}, "off": {},
	} {
		h := harness.Start(t, func(h *harness.Harness) { h.ServerOptions.Introspection = app.Introspection(setting) })
		tokens := map[string]string{"": ""}
		_, tokens["VIEWER"] = h.User(domain.Viewer)
		_, tokens["ADMIN"] = h.User(domain.Admin)
		for role, token := range tokens {
			want := slices.Contains(allowed, role)
			for _, query := range []string{"query cop { __schema { types { name fields { name } } } }", `{ __type(name: "User") { name } }`} {
				if a := h.Ask(token, query, nil); (len(a.Errors) == 0) != want {
					t.Errorf("%s, %q: %s is answered %.200s", setting, role, query, a.Raw)
				}
			}
			for _, query := range []string{"query cop { __schema { directive } }", `{ content(idd: "x") { id } contentt { nodes { id } } }`, `{ user(ids: "x") { id } }`, `mutation { logIn(input: {emai: "x"}) { token } }`} {
				if a := h.Ask(token, query, nil); strings.Contains(string(a.Raw), "Did you mean") && !want {
					t.Errorf("%s, %q: %s suggests %.200s", setting, role, query, a.Raw)
				}
			}
		}
	}
}

func TestCopSuggestionsAndTracing(t *testing.T) {
	t.Parallel()
	h := harness.Start(t, func(h *harness.Harness) { h.ServerOptions.Introspection = app.IntrospectionOff })
	if a := h.Ask("", "query cop { __schema { directive } }", nil); strings.Contains(string(a.Raw), "Did you mean") || len(a.Errors) == 0 {
		t.Errorf("suggested %s", a.Raw)
	}
	_, raw := h.Post("", []byte(`{"query":"query cop { __typename }","extensions":{"tracing":true}}`), "X-Apollo-Tracing", "1")
	if strings.Contains(string(raw), "tracing") {
		t.Errorf("a trace is shown: %s", raw)
	}
}

func TestCopErrorsTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	for _, body := range []string{
		`{"query":"qwerty cop { abc }"}`, `{"query":"query cop { abc }","variables":[]}`, `{"query":17}`, `{`, ``, `null`, `{"query":"query($x: Int!) { contents(first: $x) { nodes { id } } }","variables":{"x":"\u0000"}}`,
		`{"query":"{ contents(first: 99999999999999999999) { nodes { id } } }"}`, `{"query":"{ content(id: \"' OR 1=1\") { id } }"}`,
	} {
		status, raw := h.Post("", []byte(body))
		for _, inside := range []string{"goroutine", ".go:", "panic", "runtime", "sqlite", "SELECT", "exception", "flightdeck/"} {
			if status >= 500 || strings.Contains(string(raw), inside) {
				t.Errorf("%s is answered %d %s", body, status, raw)
			}
		}
		var a harness.Answer
		if err := json.Unmarshal(raw, &a); err != nil || len(a.Errors) == 0 {
			t.Errorf("%s is answered %s", body, raw)
		}
	}
}

// TestOrdinaryClientsMeetNoLimit with the introspection query of tools, and with a page of every
// field.
func TestOrdinaryClientsMeetNoLimit(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Admin)
	h.Must(token, introspection, nil)
	h.Must(token, `{ contents(first: 500) { totalCount pageInfo { endCursor hasNextPage } edges { cursor node {
		id version title slug description content html format status tags createdAt updatedAt publishedAt author { id displayName role email }
		history(first: 5) { nodes { position type recordedAt actor { id displayName } } } } } } }`, nil)
	h.Must(token, `{ presentations(first: 100) { nodes { id title markdown slides { id order title content notes presentation { id title } } author { id } } } }`, nil)
}

// introspection is the query of clients and tools, with nine levels of types in types.
const introspection = `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
	types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue }
	type { ...TypeRef } isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
	enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
	ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
