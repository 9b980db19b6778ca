package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
)

// try runs an operation as the operator and returns its data and its errors.
func try(t testing.TB, exec *executor.Executor, query string, vars object) (data object, errs string) {
	t.Helper()
	ctx := graphql.StartOperationTrace(as(domain.System))
	op, wrong := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	next, ctx := exec.DispatchOperation(ctx, op)
	response := next(ctx)
	if err := json.Unmarshal(response.Data, &data); err != nil {
		t.Fatal(err)
	}
	return data, response.Errors.Error()
}

// relayPage is Relay's algorithm on a list of names: https://relay.dev/graphql/connections.htm. The
// cursors are places in the list; a negative number was not given.
func relayPage(all []string, first, after, last, before int) (page []string, next, previous bool) {
	from, to := 0, len(all)
	if after >= 0 {
		from = after + 1
	}
	if before >= 0 {
		to = max(before, from)
	}
	page = all[from:to]
	next, previous = before >= 0, after >= 0
	if first >= 0 {
		next = len(page) > first
		page = page[:min(first, len(page))]
	}
	if last >= 0 {
		previous = len(page) > last
		page = page[max(0, len(page)-last):]
	}
	return page, next, previous
}

// A page is the one that Relay's algorithm gives, for every pair of cursors, in both directions and
// both orders.
func TestPagesFollowRelaysAlgorithm(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	exec := newExecutor(d)
	want := []string{"a", "b", "c", "d"}
	for _, title := range want {
		d.do(domain.System, newContent(title, domain.Draft))
	}
	for _, direction := range []string{"ASC", "DESC"} {
		query := `query($first: Int, $after: String, $last: Int, $before: String) { contents(first: $first, after: $after, last: $last, before: $before, orderBy: {field: TITLE, direction: ` + direction + `}) {
			edges { cursor node { title } } pageInfo { hasNextPage hasPreviousPage } totalCount } }`
		read := func(vars object) (titles, cursors []string, info object) {
			data, errs := try(t, exec, query, vars)
			if errs != "" {
				t.Fatalf("%v: %s", vars, errs)
			}
			list := data["contents"].(object)
			for _, e := range list["edges"].([]any) {
				titles = append(titles, e.(object)["node"].(object)["title"].(string))
				cursors = append(cursors, e.(object)["cursor"].(string))
			}
			return titles, cursors, list["pageInfo"].(object)
		}
		all, cursors, _ := read(nil)
		if !slices.Equal(all, want) {
			t.Fatalf("all are %v", all)
		}
		for after := -1; after < len(all); after++ {
			for before := -1; before < len(all); before++ {
				for _, count := range []int{0, 1, 2, 4, 5} {
					for _, forward := range []bool{true, false} {
						vars, first, last := object{}, -1, -1
						if forward {
							first, vars["first"] = count, count
						} else {
							last, vars["last"] = count, count
						}
						if after >= 0 {
							vars["after"] = cursors[after]
						}
						if before >= 0 {
							vars["before"] = cursors[before]
						}
						page, next, previous := relayPage(all, first, after, last, before)
						titles, _, info := read(vars)
						if !slices.Equal(titles, page) || info["hasNextPage"] != next || info["hasPreviousPage"] != previous {
							t.Errorf("%s first %d after %d last %d before %d: %v %v, want %v next %t previous %t", direction, first, after, last, before, titles, info, page, next, previous)
						}
					}
				}
			}
		}
		slices.Reverse(want)
	}
	if _, errs := try(t, exec, `{ contents(first: 1, last: 1) { totalCount } }`, nil); !strings.Contains(errs, "use one of them") {
		t.Errorf("first and last: %q", errs)
	}
}

// Input that people send is understood, or its error names what is wrong, and nothing beside the
// field with the error is lost.
func TestInputIsUnderstoodOrNamed(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	exec := newExecutor(d)
	id := d.do(domain.System, newContent("one", domain.Draft)).ID
	d.do(domain.System, command.UpdateContent{ID: id, Title: some("two")})
	d.do(domain.System, newContent("other", domain.Draft))
	for _, c := range []struct{ query, data, errs string }{
		{`{ contents(search: "") { totalCount } }`, "map[contents:map[totalCount:2]]", ""},
		{`{ contents(search: "  ", orderBy: {field: RELEVANCE}) { nodes { title } } }`, "map[contents:map[nodes:[map[title:other] map[title:two]]]]", ""},
		{`{ contents(search: "**") { totalCount } }`, "map[contents:<nil>]", "search has no word in it"},
		{`{ presentations(search: "") { totalCount } }`, "map[presentations:map[totalCount:0]]", ""},
		{`{ contents(orderBy: {field: RELEVANCE}) { totalCount } }`, "map[contents:<nil>]", "give search, or another order"},
		{`{ events(filter: {types: ["ContentUpdated"]}) { totalCount } }`, "map[events:map[totalCount:1]]", ""},
		{`{ events(filter: {types: ["ContentCreated", "ContentCreate"]}) { totalCount } }`, "map[events:<nil>]", `"ContentCreate" is not a type of event: the types are ContentCreated, `},
		{`{ contents(first: 2, orderBy: {field: CREATED_AT, direction: ASC}) { nodes { title diff(from: 2) { from } } } }`,
			"map[contents:map[nodes:[map[diff:map[from:2] title:two] map[diff:<nil> title:other]]]]", "version 2 does not exist"},
		{`{ contents(first: 1) { nodes { title history(first: 1000) { totalCount } } } }`, "map[contents:map[nodes:[map[history:<nil> title:other]]]]", "first: 1000 is outside"},
	} {
		data, errs := try(t, exec, c.query, nil)
		if fmt.Sprint(data) != c.data || (c.errs == "") != (errs == "") || !strings.Contains(errs, c.errs) {
			t.Errorf("%s: %v %q, want %s %q", c.query, data, errs, c.data, c.errs)
		}
	}
	for _, after := range []string{`2`, `"2"`} {
		ctx, cancel := context.WithCancel(graphql.StartOperationTrace(as(domain.System)))
		op, wrong := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: `subscription { eventAppended(after: ` + after + `) { position } }`})
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		next, running := exec.DispatchOperation(ctx, op)
		if got := string(next(running).Data); got != `{"eventAppended":{"position":"3"}}` {
			t.Errorf("after: %s: %s", after, got)
		}
		cancel()
	}
}

// A clock of a client that is ahead by a few seconds asks for now. Such an answer is not kept: the
// instant is another moment in the next request.
func TestAnInstantAFewSecondsAheadIsNow(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	kept := true
	d.root.NoStore = func(context.Context) { kept = false }
	exec := newExecutor(d)
	id := d.do(domain.System, newContent("one", domain.Draft)).ID
	const query = `query($id: ID!, $at: AsOf!) { content(id: $id, asOf: $at) { asOf title } }`
	ahead := func(by time.Duration) string { return domain.InstantOf(time.Now().Add(by)).String() }
	data, errs := try(t, exec, query, object{"id": id, "at": ahead(4 * time.Second)})
	if fmt.Sprint(data, errs) != fmt.Sprintf("map[content:map[asOf:%s title:one]]", d.log.Head().Position) || kept {
		t.Errorf("4 s ahead: %v %q, kept %t", data, errs, kept)
	}
	if data, errs = try(t, exec, query, object{"id": id, "at": ahead(time.Hour)}); !strings.Contains(errs, "is in the future: it is 2") {
		t.Errorf("an hour ahead: %v %q", data, errs)
	}
	kept = true
	if data, errs = try(t, exec, query, object{"id": id, "at": ahead(-time.Hour)}); fmt.Sprint(data, errs) != "map[content:<nil>]" || !kept {
		t.Errorf("an hour ago: %v %q, kept %t", data, errs, kept)
	}
	recorded, err := d.log.Read(context.Background(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	cut := recorded[0].RecordedAt.UTC().Format("2006-01-02T15:04:05.000Z")
	if data, errs = try(t, exec, query, object{"id": id, "at": cut}); !strings.Contains(fmt.Sprint(data), "title:one") {
		t.Errorf("at %s, the millisecond of the event: %v %q", cut, data, errs)
	}
}

// A content whose slug is taken since comes back under another one.
func TestRestoreTakesAnotherSlug(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	exec := newExecutor(d)
	id := d.do(domain.System, newContent("Page", domain.Draft)).ID
	d.do(domain.System, command.DeleteContent{ContentTarget: command.ContentTarget{ID: id}})
	d.do(domain.System, newContent("Page", domain.Draft))
	const restore = `mutation($input: RestoreInput!) { restoreContent(input: $input) { content { slug title } errors { message path } } }`
	for _, c := range []struct{ slug, want string }{
		{"", `map[content:<nil> errors:[map[message:the slug "page" is taken: choose another in slug, which takes the place of that of the version path:[input slug]]]]`},
		{"page", `map[content:<nil> errors:[map[message:the slug "page" is taken: choose another in slug, which takes the place of that of the version path:[input slug]]]]`},
		{"Not A Slug", `is not usable in an address`},
		{"page-again", `map[content:map[slug:page-again title:Page] errors:[]]`},
	} {
		input := object{"id": id, "toVersion": 1}
		if c.slug != "" {
			input["slug"] = c.slug
		}
		data, errs := try(t, exec, restore, object{"input": input})
		if got := fmt.Sprint(data["restoreContent"]); errs != "" || !strings.Contains(got, c.want) {
			t.Errorf("with the slug %q: %s %q, want %s", c.slug, got, errs, c.want)
		}
	}
	deck := d.do(domain.System, command.CreatePresentation{Title: "Deck", Theme: "default", Markdown: ptr("# A")}).ID
	data, _ := try(t, exec, `mutation($id: ID!) { restorePresentation(input: {id: $id, toVersion: 1, slug: "x"}) { errors { message } } }`, object{"id": deck})
	if !strings.Contains(fmt.Sprint(data), "a deck has no slug") {
		t.Errorf("a deck with a slug: %v", data)
	}
}
