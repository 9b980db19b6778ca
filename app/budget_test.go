package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/web"
	"flightdeck/web/limit"

	"github.com/99designs/gqlgen/graphql"
)

// aliased returns a query of n fields.
func aliased(n int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d: %s ", i, field)
	}
	return "{ " + b.String() + "}"
}

// TestTheCostOfAnOperationIsBounded meets each budget and passes it. Rows and bytes are counted, so
// that the result does not depend on the machine.
func TestTheCostOfAnOperationIsBounded(t *testing.T) {
	t.Parallel()
	const contents, length = 10, 1000
	r := &repeater{harness: start(t, nil), roles: map[string]domain.Role{}, tokens: map[string]string{}}
	author := r.person(domain.Author)
	for i := range contents {
		text := strings.Repeat("word\n", length/5)
		r.do(author, command.CreateContent{Title: fmt.Sprint("T ", i), Content: text, Format: domain.Markdown, Status: domain.Published, Tags: []string{fmt.Sprint("t", i)}})
	}
	other := strings.Repeat("other\n", length/6)
	r.do(author, command.UpdateContent{ID: r.contents[0], Content: graphql.OmittableOf(&other)})
	const list = `contents(first: 10) { nodes { %s } }`
	for name, test := range map[string]struct {
		limits limit.Limits
		field  string // of Query
		most   int    // how often it may be asked for
	}{
		"totals":         {limit.Limits{Rows: 29}, `contents(first: 0) { totalCount }`, 2},
		"totals of tags": {limit.Limits{Rows: 29}, `tags(first: 0) { totalCount }`, 2},
		"search totals":  {limit.Limits{Rows: 19}, `contents(first: 0, search: "wor*") { totalCount }`, 1},
		"rows":           {limit.Limits{Rows: 29}, fmt.Sprintf(list, "id"), 2},
		"texts":          {limit.Limits{Bytes: 50 * length}, fmt.Sprintf(list, "content"), 2},
		"aliases of one": {limit.Limits{Bytes: 15 * length}, fmt.Sprintf(`content(id: %q) { x: content y: content z: content }`, r.contents[1]), 3},
		"html":           {limit.Limits{Bytes: 80 * length}, fmt.Sprintf(list, "html"), 2},
		"diff":           {limit.Limits{Bytes: 25 * length}, fmt.Sprintf(`content(id: %q) { diff(from: 1) { changes { patch before after } } }`, r.contents[0]), 2},
		"events":         {limit.Limits{Bytes: 90 * length}, `events(first: 10, filter: {kinds: [CONTENT]}) { nodes { data subject { ... on Content { content } } } }`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := r.serverConfig(ServerOptions{Limits: web.Limits{Limits: test.limits}})
			if err != nil {
				t.Fatal(err)
			}
			h := web.New(config).Handler()
			if errs := ask(t, h, r.tokens[author], aliased(test.most, test.field)); len(errs) != 0 {
				t.Errorf("%d fields are refused: %v", test.most, errs[0])
			}
			limited, most := "rows", test.limits.Rows
			if most == 0 {
				limited, most = "bytes", test.limits.Bytes
			}
			errs := ask(t, h, r.tokens[author], aliased(3*test.most, test.field))
			if len(errs) != 1 || errs[0].Extensions["code"] != "BUDGET_EXHAUSTED" ||
				errs[0].Extensions["limit"] != limited || errs[0].Extensions["max"] != fmt.Sprint(most) {
				t.Errorf("%d fields are answered with %v", 3*test.most, errs)
			}
		})
	}
}

// presented is an error as clients see it.
type presented struct {
	Message    string
	Extensions map[string]any
}

// ask sends a query and returns the errors of its answer.
func ask(t *testing.T, h http.Handler, token, query string) []presented {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request)
	var answer struct{ Errors []presented }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return answer.Errors
}
