package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/web"
	"flightdeck/web/limit"
)

// body returns the JSON of a request.
func body(t *testing.T, query string, variables map[string]any) string {
	t.Helper()
	data, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// nest returns a query for a tree with a number of levels.
func nest(levels int) string {
	return strings.Repeat("{below", levels-1) + "{name" + strings.Repeat("}", levels)
}

// many returns n copies of a format, with their numbers.
func many(n int, each string) string {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, each+" ", i)
	}
	return b.String()
}

// small are limits that a test can reach and exceed by one.
var small = limit.Limits{
	Depth: 4, Complexity: 100, Aliases: 3, RootFields: 5, Fields: 12, Directives: 3,
	Fragments: 4, FragmentNest: 2, Tokens: 90, List: 4,
}

func TestEachLimitIsMetAndNotPassed(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Limits = small
	h := web.New(config).Handler()
	within := []string{
		nest(4),
		`{` + many(3, "a%d:viewer") + `}`,
		`{` + many(5, "viewer #%d\n") + `}`,
		`{log{` + many(11, "head #%d\n") + `}}`,
		`{viewer @skip(if: false) @include(if: true) log @skip(if: false) {head}}`,
		`{viewer ...A} fragment A on Query {viewer ...B} fragment B on Query {viewer}`,
		`{sum(of: [1, 2, 3, 4])}`,
		`{trees(first: 99) {name}}`,
		`{trees(last: 33) {name below {name}}}`,
		`{trees {name ...F}} fragment F on Tree {name}`,
		`{forest {name}}`,
	}
	for _, query := range within {
		a := decode(t, text(t, post(t, h, body(t, query, nil))))
		if len(a.Errors) > 0 {
			t.Errorf("%s: %v", query, a.Errors)
		}
	}
	for _, c := range []struct {
		limit  string
		actual int
		query  string
	}{
		{"depth", 5, nest(5)},
		{"depth", 5, `{below{...F}} fragment F on Tree {below{below{below{name}}}}`},
		{"depth", 5, `{below{... on Tree {below{below{below{name}}}}}}`},
		{"aliases", 4, `{` + many(4, "a%d:viewer") + `}`},
		{"aliases", 4, `{log {` + many(4, "a%d:head") + `}}`},
		{"rootFields", 6, `{` + many(6, "viewer #%d\n") + `}`},
		{"rootFields", 6, `{...A ...A} fragment A on Query {viewer ...B} fragment B on Query {viewer viewer}`},
		{"fields", 13, `{log{` + many(12, "head #%d\n") + `}}`},
		{"directives", 4, `{viewer @skip(if: false) @include(if: true) log @skip(if: false) @include(if: true) {head}}`},
		{"directives", 4, `{viewer ` + many(4, "@a%d") + `}`},
		{"fragments", 5, `{viewer} ` + many(5, "fragment F%d on Query {viewer}")},
		{"fragmentNesting", 3, `{...A} fragment A on Query {...B} fragment B on Query {...C} fragment C on Query {viewer}`},
		{"fragmentNesting", 3, `{...Z} fragment Z on Query {below{...A}} fragment A on Tree {...B} fragment B on Tree {...C} fragment C on Tree {name}`},
		{"tokens", 91, `{log{` + many(100, "head #%d\n") + `}}`},
		{"list", 5, `{sum(of: [1, 2, 3, 4, 5])}`},
		{"complexity", 101, `{trees(first: 100) {name}}`},
		{"complexity", 103, `{trees(last: 34) {name below {name}}}`},
		{"complexity", 121, `{trees {name name name name name name}}`},
		{"complexity", 441, `{trees {below {forest {name}}}}`},
	} {
		a := decode(t, text(t, post(t, h, body(t, c.query, nil), "Accept", special)))
		if len(a.Errors) != 1 {
			t.Errorf("%s: %s has %d errors", c.limit, c.query, len(a.Errors))
			continue
		}
		e := a.Errors[0].Extensions
		if e["code"] != "LIMIT_EXCEEDED" || e["limit"] != c.limit || e["max"] == nil || e["actual"] != float64(c.actual) {
			t.Errorf("%s of %d: %s answers %v", c.limit, c.actual, c.query, a.Errors[0])
		}
	}
}

func TestVariablesAreWithinTheLimits(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Limits = small
	h := web.New(config).Handler()
	for _, c := range []struct {
		limit, query string
		variables    map[string]any
	}{
		{"", `query($n: Int) {trees(first: $n) {name}}`, map[string]any{"n": 99}},
		{"complexity", `query($n: Int) {trees(first: $n) {name}}`, map[string]any{"n": 100}},
		{"complexity", `query($n: Int = 100) {trees(first: $n) {name}}`, nil},
		{"", `query($n: Int) {trees(first: $n) {name}}`, map[string]any{"n": nil}},
		{"", `query($l: [Int!]!) {sum(of: $l)}`, map[string]any{"l": []int{1, 2, 3, 4}}},
		{"list", `query($l: [Int!]!) {sum(of: $l)}`, map[string]any{"l": []int{1, 2, 3, 4, 5}}},
		{"list", `{viewer}`, map[string]any{"unused": map[string]any{"deep": []any{[]int{1, 2, 3, 4, 5}}}}},
		{"list", `query($l: [Int!]! = [1, 2, 3, 4, 5]) {sum(of: $l)}`, nil},
	} {
		a := decode(t, text(t, post(t, h, body(t, c.query, c.variables))))
		limit := ""
		if len(a.Errors) > 0 {
			limit, _ = a.Errors[0].Extensions["limit"].(string)
		}
		if limit != c.limit {
			t.Errorf("%s with %v: the limit is %q, want %q: %v", c.query, c.variables, limit, c.limit, a.Errors)
		}
	}
}

// A document whose fragments each spread the next one twice is answered at once, and so is one
// whose fragments form a circle.
func TestComplexityOfMultiplyingFragmentsIsComputedInTime(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	var b strings.Builder
	b.WriteString("{below{...F0}}")
	for i := range 9 {
		fmt.Fprintf(&b, " fragment F%d on Tree {below{...F%d} %s:below{...F%d}}", i, i+1, "a", i+1)
	}
	b.WriteString(" fragment F9 on Tree {name}")
	a := decode(t, text(t, post(t, h, body(t, b.String(), nil))))
	if len(a.Errors) > 0 {
		t.Errorf("2^9 leaves are refused: %v", a.Errors)
	}
	circle := `{below{...A}} fragment A on Tree {below{...B}} fragment B on Tree {below{...A ...A}}`
	a = decode(t, text(t, post(t, h, body(t, circle, nil))))
	wantEqual(t, "code of a circle", a.code(), "GRAPHQL_VALIDATION_FAILED")
}

func TestOperationsEndAtTheirTimeLimit(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Time = time.Millisecond
	h := web.New(config).Handler()
	resp := post(t, h, `{"query":"{wait}"}`)
	a := decode(t, text(t, resp))
	if a.code() != "TIMED_OUT" || a.Errors[0].Extensions["limit"] != "time" || a.Errors[0].Extensions["max"] != 0.001 {
		t.Errorf("status %d: %v", resp.StatusCode, a.Errors)
	}
}
