package api

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// connection is a list of the API: a field with arguments, and the field by which its nodes are
// compared.
type connection struct {
	field, arguments, node string
	// forward says that the list has no arguments last and before.
	forward bool
}

func (c connection) String() string { return c.field + "(" + c.arguments + ")" }

// page reads a page of a list. paging is such as "first: 3".
func page(h *harness.Harness, token string, c connection, paging string) harness.Answer {
	h.T.Helper()
	return h.Must(token, fmt.Sprintf(`{ list: %s(%s %s) { edges { cursor node { key: %s } } nodes { key: %s }
		pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount position } }`, c.field, c.arguments, paging, c.node, c.node), nil)
}

// walk reads a list to its end in pages, forward or backward, and calls between after each of the
// first two. It returns the keys in the list's order, and the position at which they were read.
func walk(h *harness.Harness, token string, c connection, backward bool, size int, between func()) (keys []string, position string) {
	h.T.Helper()
	count, cursor, more, end := "first", "after", "hasNextPage", "endCursor"
	if backward {
		count, cursor, more, end = "last", "before", "hasPreviousPage", "startCursor"
	}
	paging := fmt.Sprintf("%s: %d", count, size)
	for n := 0; ; n++ {
		a := page(h, token, c, paging)
		got := a.Texts("key", "list", "nodes")
		if backward {
			keys = append(slices.Clone(got), keys...)
		} else {
			keys = append(keys, got...)
		}
		if n == 0 {
			position = a.Text("list", "position")
		}
		harness.WantText(h.T, c.String()+" reads a later page at", a.Text("list", "position"), position)
		if len(got) > 0 {
			first, last := a.Text("list", "edges", 0, "cursor"), a.Text("list", "edges", len(got)-1, "cursor")
			harness.WantList(h.T, c.String()+" has the cursors", []string{a.Text("list", "pageInfo", "startCursor"), a.Text("list", "pageInfo", "endCursor")}, first, last)
			harness.WantText(h.T, "edge and node", fmt.Sprint(a.At("list", "edges", 0, "node", "key")), got[0])
		}
		if next, _ := a.At("list", "pageInfo", more).(bool); !next {
			if n := a.Number("list", "totalCount"); n != len(keys) {
				h.T.Errorf("%s counts %d and has %d", c, n, len(keys))
			}
			return keys, position
		}
		if len(got) != size || n > 1000 {
			h.T.Fatalf("%s has a page of %d of %d and says there is more: %s", c, len(got), size, a.Raw)
		}
		if n < 2 {
			between()
		}
		paging = fmt.Sprintf("%s: %d, %s: %q", count, size, cursor, a.Text("list", "pageInfo", end))
	}
}

// library creates contents, decks and users that differ in all fields that lists order and filter
// by, with ties.
func library(h *harness.Harness) (admin string, authors []string) {
	_, admin = h.User(domain.Admin)
	tokens := make([]string, 2)
	authors = make([]string, 2)
	for i := range tokens {
		authors[i], tokens[i] = h.User(domain.Author)
	}
	statuses := []string{"DRAFT", "PUBLISHED", "ARCHIVED"}
	for i := range 13 {
		token := tokens[i%2]
		tags := []string{}
		for j, tag := range []string{"go", "sql", "Go", "ünï", "a b", "a%", "a_"} {
			if i%(j+2) == 0 {
				tags = append(tags, tag)
			}
		}
		id := h.CreateContent(token, harness.Object{"title": []string{"Same", "same", "Zebra", "äpfel", "Alpha"}[i%5], "tags": tags, "status": statuses[i%3], "content": "common words"})
		deck, _ := h.CreatePresentation(token, harness.Object{"title": []string{"Same", "Other"}[i%2], "isPublic": i%3 == 0, "description": "common"})
		if i%4 == 0 {
			h.Mutate(token, "publishContent", harness.Object{"id": id})
			h.Mutate(token, "addSlide", harness.Object{"presentationId": deck, "content": "slide"})
		}
	}
	return admin, authors
}

// connections returns all lists, in all their orders.
func connections() []connection {
	all := []connection{
		{field: "users", node: "id"},
		{field: "tags", node: "name", forward: true},
		{field: "tags", arguments: `prefix: "a"`, node: "name", forward: true},
		{field: "events", node: "position"},
		{field: "events", arguments: "filter: {kinds: [CONTENT]}", node: "position"},
		{field: "contents", node: "id"},
		{field: "presentations", node: "id"},
		{field: "contents", arguments: `search: "common"`, node: "id"},
		{field: "presentations", arguments: `search: "common"`, node: "id"},
		{field: "contents", arguments: `filter: {status: [PUBLISHED], tagsAny: ["go", "sql"]}`, node: "id"},
		{field: "contents", arguments: `filter: {tagsAny: ["go"]}`, node: "id"},
		{field: "contents", arguments: `filter: {tagsAny: ["sql", "go"], tagsAll: ["go"]} orderBy: {field: CREATED_AT, direction: ASC}`, node: "id"},
	}
	for _, direction := range []string{"ASC", "DESC"} {
		for _, by := range []string{"CREATED_AT", "UPDATED_AT", "PUBLISHED_AT", "TITLE", "RELEVANCE"} {
			order := fmt.Sprintf("orderBy: {field: %s, direction: %s}", by, direction)
			if by == "RELEVANCE" {
				order += ` search: "common"`
			}
			all = append(all, connection{field: "contents", arguments: order, node: "id"})
			if by != "PUBLISHED_AT" {
				all = append(all, connection{field: "presentations", arguments: order, node: "id"})
			}
		}
	}
	return all
}

// TestPagingNeitherSkipsNorRepeats walks every list in every order, forward and backward, while
// objects are added, changed and deleted between pages.
func TestPagingNeitherSkipsNorRepeats(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	token, _ := library(h)
	disturb := func() {
		id := h.CreateContent(token, harness.Object{"title": "Newest", "tags": []string{"go", "new"}, "content": "common", "status": "PUBLISHED"})
		some := h.Must(token, `{ contents(first: 3, orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { id } } presentations(first: 1, orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { id } } }`, nil)
		h.Mutate(token, "updateContent", harness.Object{"id": some.Text("contents", "nodes", 0, "id"), "title": "Aaa " + id})
		h.Mutate(token, "deleteContent", harness.Object{"id": some.Text("contents", "nodes", 1, "id")})
		h.Mutate(token, "publishContent", harness.Object{"id": some.Text("contents", "nodes", 2, "id")})
		h.CreatePresentation(token, harness.Object{"title": "Newer", "description": "common"})
		h.Mutate(token, "updatePresentation", harness.Object{"id": some.Text("presentations", "nodes", 0, "id"), "title": "Moved " + id})
		h.User(domain.Viewer)
	}
	for i, c := range connections() {
		for _, backward := range []bool{false, true}[:map[bool]int{true: 1, false: 2}[c.forward]] {
			quiet := func() {}
			between := quiet
			if i%3 == 0 || strings.Contains(c.arguments, "UPDATED") {
				between = disturb
			}
			size := map[bool]int{true: 25, false: 4}[c.field == "events"]
			got, position := walk(h, token, c, backward, size, between)
			then := c
			if c.field != "events" {
				then.arguments += fmt.Sprintf(` asOf: %q`, position)
			}
			want, _ := walk(h, token, then, false, 500, quiet)
			if c.field == "events" {
				want = want[:len(got)]
			}
			if !slices.Equal(got, want) || len(got) == 0 {
				t.Errorf("%s, backward %v: paged as\n%q\nwhole\n%q", c, backward, got, want)
			}
			if sorted := slices.Sorted(slices.Values(got)); len(slices.Compact(sorted)) != len(got) {
				t.Errorf("%s, backward %v: something comes twice: %q", c, backward, got)
			}
		}
	}
}

func TestListsAreInTheOrderAskedFor(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	token, _ := library(h)
	read := func(field, order, search string) []map[string]any {
		published := map[bool]string{true: "publishedAt", false: ""}[field == "contents"]
		a := h.Must(token, fmt.Sprintf(`{ list: %s(first: 100 %s %s) { nodes { id title createdAt updatedAt %s } } }`, field, order, search, published), nil)
		list, _ := a.At("list", "nodes").([]any)
		nodes := make([]map[string]any, len(list))
		for i, one := range list {
			nodes[i], _ = one.(map[string]any)
		}
		return nodes
	}
	text := func(v any) string { s, _ := v.(string); return s } // null is first
	for _, field := range []string{"contents", "presentations"} {
		for by, member := range map[string]string{"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "PUBLISHED_AT": "publishedAt", "TITLE": "title"} {
			if field == "presentations" && by == "PUBLISHED_AT" {
				continue
			}
			ascending := read(field, fmt.Sprintf("orderBy: {field: %s, direction: ASC}", by), "")
			for i := range len(ascending) - 1 {
				a, b := ascending[i], ascending[i+1]
				if x, y := text(a[member]), text(b[member]); x > y || x == y && text(a["id"]) >= text(b["id"]) {
					t.Errorf("%s by %s: %v is before %v", field, by, a, b)
				}
			}
			for _, direction := range []string{"", "direction: DESC"} {
				descending := read(field, fmt.Sprintf("orderBy: {field: %s %s}", by, direction), "")
				slices.Reverse(descending)
				if fmt.Sprint(descending) != fmt.Sprint(ascending) || len(ascending) != 13 {
					t.Errorf("%s by %s: descending is not the reverse of ascending", field, by)
				}
			}
		}
		newest := read(field, "", "")
		if fmt.Sprint(newest) != fmt.Sprint(read(field, "orderBy: {field: CREATED_AT, direction: DESC}", "")) {
			t.Errorf("%s are not the latest first", field)
		}
		if fmt.Sprint(read(field, "", `search: "common"`)) != fmt.Sprint(read(field, "orderBy: {field: RELEVANCE}", `search: "common"`)) {
			t.Errorf("the most relevant of the %s is not the first", field)
		}
	}
	harness.WantText(t, "RELEVANCE without a search", h.Ask(token, "{ contents(orderBy: {field: RELEVANCE}) { totalCount } }", nil).Code(), "BAD_USER_INPUT")
}

func TestPagesAreAskedForInOneWay(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	token, _ := library(h)
	cursor := page(h, token, connection{field: "contents", node: "id"}, "first: 1").Text("list", "pageInfo", "endCursor")
	for _, c := range connections() {
		for _, paging := range []string{"first: 1000", "first: 501", "first: -1", "last: -1", "last: 501", "first: 1 last: 1", `first: 1 before: "x"`, `last: 1 after: "x"`, `after: "x" before: "y"`} {
			if c.forward && (strings.Contains(paging, "last") || strings.Contains(paging, "before")) {
				continue
			}
			a := h.Ask(token, fmt.Sprintf("{ %s(%s %s) { totalCount } }", c.field, c.arguments, paging), nil)
			harness.WantText(t, c.String()+paging, a.Code(), "BAD_USER_INPUT")
		}
		none := page(h, token, c, "first: 0")
		harness.WantList(t, c.String()+" of none", none.Texts("key", "list", "nodes"))
		harness.WantNull(t, "a cursor of none", none.At("list", "pageInfo", "endCursor"))
		if none.Number("list", "totalCount") == 0 {
			t.Errorf("%s: an empty page is counted as an empty list", c)
		}
		whole := page(h, token, c, "first: null after: null")
		if n := len(whole.Texts("key", "list", "nodes")); n != min(20, whole.Number("list", "totalCount")) {
			t.Errorf("%s: a page is %d by default", c, n)
		}
	}
	for _, args := range []string{
		fmt.Sprintf(`orderBy: {field: TITLE} after: %q`, cursor), fmt.Sprintf(`filter: {status: [DRAFT]} after: %q`, cursor), fmt.Sprintf(`search: "common" after: %q`, cursor),
		fmt.Sprintf(`after: %q asOf: "1"`, cursor), fmt.Sprintf(`orderBy: {field: CREATED_AT, direction: ASC} before: %q`, cursor),
		`after: ""`, `after: "garbage"`, `after: "😀"`, fmt.Sprintf(`after: %q`, cursor[1:]), fmt.Sprintf("after: %q", strings.Repeat("A", 10_000)),
	} {
		harness.WantText(t, args, h.Ask(token, fmt.Sprintf("{ contents(%s) { nodes { id } } }", args), nil).Code(), "BAD_USER_INPUT")
	}
	for _, other := range []string{"presentations", "users", "events", "tags"} {
		harness.WantText(t, other, h.Ask(token, fmt.Sprintf("{ %s(after: %q) { totalCount } }", other, cursor), nil).Code(), "BAD_USER_INPUT")
	}
	elsewhere := harness.Start(t)
	foreign, _ := library(elsewhere)
	harness.WantText(t, "another database", elsewhere.Ask(foreign, fmt.Sprintf("{ contents(after: %q) { totalCount } }", cursor), nil).Code(), "BAD_USER_INPUT")
	same := h.Must(token, fmt.Sprintf(`{ contents(after: %q asOf: %q) { position } }`, cursor, h.Head().String()), nil)
	harness.WantText(t, "asOf that is the cursor's", same.Text("contents", "position"), h.Head().String())
}

// TestForgedCursorsAreNoFaultOfTheServer changes the content of a cursor.
func TestForgedCursorsAreNoFaultOfTheServer(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	token, _ := library(h)
	by := connection{field: "contents", arguments: "orderBy: {field: TITLE}", node: "id"}
	raw, err := base64.RawURLEncoding.DecodeString(page(h, token, by, "first: 1").Text("list", "pageInfo", "endCursor"))
	if err != nil {
		t.Fatal(err)
	}
	head := h.Log.Head().Position
	for _, change := range [][2]string{
		{`"p":` + head.String(), `"p":-1`},
		{`"p":` + head.String(), fmt.Sprintf(`"p":%d`, head+1)},
		{`"p":` + head.String(), fmt.Sprintf(`"p":%d`, eventstore.Forever)},
		{`"p":` + head.String(), `"p":1.5`},
		{`"k":["`, `"k":[1,"`},
		{`"k":["`, `"k":["a\u0000`},
		{`"k":["`, `"k":[{},"`},
		{`"k":["`, `"k":["\ud800`},
		{`"k":`, `"x":`},
		{`"l":"`, `"l":"x`},
		{`"k":["`, `"k":["'; DROP TABLE contents; --`},
		{`"k":["`, `"k":["?0`},
	} {
		forged := strings.Replace(string(raw), change[0], change[1], 1)
		if forged == string(raw) {
			t.Fatalf("%s has no %s", raw, change[0])
		}
		a := h.Ask(token, fmt.Sprintf("{ contents(%s after: %q) { totalCount nodes { id } } }", by.arguments, base64.RawURLEncoding.EncodeToString([]byte(forged))), nil)
		if len(a.Errors) > 0 && a.Code() != "BAD_USER_INPUT" {
			t.Errorf("the cursor %s is answered %s", forged, a.Raw)
		}
	}
}
