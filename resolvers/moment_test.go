package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/99designs/gqlgen/graphql"
)

// reached selects the fields of an object, and everything that can be reached from it.
const reached = `fragment R on Node { id asOf
		... on Content { version title slug description status tags author { ...U }
			history(first: 100) { totalCount position nodes { ...E } } revision(version: 1) { id asOf title author { ...U } history { totalCount } } diff(from: 1) { from to changes { path } } }
		... on Presentation { version title theme isPublic markdown author { ...U } slides { id asOf title content notes order presentation { id asOf version } }
			history(first: 100) { totalCount position nodes { ...E } } revision(version: 1) { id asOf title author { ...U } slides { id asOf title } history { totalCount } } }
		... on User { ...U } }
	fragment U on User { id asOf version displayName email role lastLoginAt }
	fragment E on Event { id asOf position type actor { ...U } subject { id asOf ... on Content { title author { ...U } history { totalCount } } ... on Presentation { title slides { id asOf } } } }`

// ways returns all answers for an object at a position, by the way that was asked.
func (p *past) ways(id string, at eventstore.Position) map[string]any {
	p.t.Helper()
	admin, pos := p.actors[0], at.String()
	field, list := "content", "contents"
	if strings.HasPrefix(id, "presentation-") {
		field, list = "presentation", "presentations"
	}
	found := map[string]any{}
	a := ask(p.t, p.exec, admin, `query($id: ID!, $at: AsOf!) {
		root: `+field+`(id: $id, asOf: $at) { ...R } node(id: $id, asOf: $at) { ...R } nodes(ids: [$id, $id], asOf: $at) { ...R }
		now: `+field+`(id: $id) { revision(asOf: $at) { ...R } }
		list: `+list+`(first: 100, asOf: $at) { nodes { ...R } edges { cursor } } } `+reached, object{"id": id, "at": pos})
	found["root"], found["node"], found["nodes"] = a["root"], a["node"], a["nodes"].([]any)[0]
	if now, ok := a["now"].(object); ok {
		found["now.revision(asOf)"] = now["revision"]
	}
	nodes := a["list"].(object)["nodes"].([]any)
	found["list"] = named(nodes, id)
	for i, n := range nodes { // the page that begins right before the object
		if i > 0 && n.(object)["id"] == id {
			cursor := a["list"].(object)["edges"].([]any)[i-1].(object)["cursor"]
			page := ask(p.t, p.exec, admin, `query($after: String) { list: `+list+`(first: 1, after: $after) { nodes { ...R } } } `+reached, object{"after": cursor})
			found["page"] = named(page["list"].(object)["nodes"].([]any), id)
		}
	}
	if root, ok := a["root"].(object); ok && field == "content" {
		by := ask(p.t, p.exec, admin, `query($slug: String!, $at: AsOf!) { contentBySlug(slug: $slug, asOf: $at) { ...R } } `+reached, object{"slug": root["slug"], "at": pos})
		found["contentBySlug"] = by["contentBySlug"]
	}
	return found
}

// after returns the answers for the object of an event right after the event, by the way that was
// asked.
func (p *past) after(e eventstore.Event) map[string]any {
	p.t.Helper()
	admin, id, found := p.actors[0], string(e.Stream.ID), map[string]any{}
	field := map[domain.Kind]string{domain.KindContent: "content", domain.KindPresentation: "presentation"}[domain.Kind(e.Stream.Type)]
	a := ask(p.t, p.exec, admin, `query($id: ID!, $version: Int!, $filter: EventFilter) { events(first: 100, filter: $filter) { nodes { position subject { ...R } } }
		now: `+field+`(id: $id) { revision(version: $version) { ...R } history(first: 100) { nodes { position subject { ...R } } } } } `+reached,
		object{"id": id, "version": e.Version, "filter": object{"streamIds": []any{id}}})
	subject := func(nodes any) any {
		for _, n := range nodes.([]any) {
			if n.(object)["position"] == e.Position.String() {
				return n.(object)["subject"]
			}
		}
		p.t.Fatalf("no event at %s", e.Position)
		return nil
	}
	found["events.subject"] = subject(a["events"].(object)["nodes"])
	if now, ok := a["now"].(object); ok {
		found["now.revision(version)"], found["now.history.subject"] = now["revision"], subject(now["history"].(object)["nodes"])
	}
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(as(admin)))
	defer cancel()
	op, errs := p.exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query:     `subscription($after: Position) { eventAppended(after: $after) { asOf actor { asOf } subject { ...R } } } ` + reached,
		Variables: object{"after": (e.Position - 1).String()},
	})
	if len(errs) > 0 {
		p.t.Fatal(errs)
	}
	next, ctx := p.exec.DispatchOperation(ctx, op)
	var data object
	if err := json.Unmarshal(next(ctx).Data, &data); err != nil {
		p.t.Fatal(err)
	}
	heard := data["eventAppended"].(object)
	if actor, ok := heard["actor"].(object); heard["asOf"] != nil || ok && actor["asOf"] != nil {
		p.t.Errorf("a subscriber hears of %s as of %v, want now", e.Position, heard["asOf"])
	}
	found["eventAppended.subject"] = heard["subject"]
	return found
}

// named returns the object with an id, and nil if there is none.
func named(nodes []any, id string) any {
	for _, n := range nodes {
		if n.(object)["id"] == id {
			return n
		}
	}
	return nil
}

// moments fails for an object of an answer without a moment. Each object that is reached from one
// read in the past is read in the past.
func moments(t *testing.T, what string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			moments(t, what, one)
		}
	case object:
		if at, ok := v["asOf"]; ok && at == nil {
			t.Errorf("%s: %v was read in the past and has no asOf", what, v["id"])
		}
		for name, below := range v {
			moments(t, what+"."+name, below)
		}
	}
}

// Whichever way a moment of the past is asked for, the object and everything that is reached from
// it are the same, and say which moment it is.
func TestEveryWayToAskForAMomentGivesTheSame(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	d := open(t, eventstore.Options{})
	p := &past{desk: d, exec: newExecutor(d), random: rand.New(rand.NewPCG(seed, 0))}
	p.begin()
	for range 60 {
		p.change()
	}
	p.do(domain.System, command.UpdateUser{ID: p.actors[2].UserID, DisplayName: some("The last name")})
	p.do(domain.System, command.UpdateUser{ID: p.actors[3].UserID, DisplayName: some("The last name")})
	head := p.log.Head().Position
	check := func(what string, at eventstore.Position, want any, found map[string]any) {
		for way, got := range found {
			moments(t, way, got)
			if !reflect.DeepEqual(got, want) {
				g, _ := json.MarshalIndent(got, "", " ")  //nolint:errcheck // it was JSON
				w, _ := json.MarshalIndent(want, "", " ") //nolint:errcheck // as above
				t.Fatalf("%s at %s by %s is\n%s\nby its id it is\n%s", what, at, way, g, w)
			}
		}
		if o, ok := want.(object); ok && o["asOf"] != at.String() {
			t.Errorf("%s read at %s says asOf: %v", what, at, o["asOf"])
		}
	}
	for _, id := range p.ids {
		for at := eventstore.Position(1); at <= head; at += eventstore.Position(1 + p.random.IntN(12)) {
			found := p.ways(id, at)
			check(id, at, found["root"], found)
		}
	}
	events, err := p.log.Read(context.Background(), 0, int(head))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if slices.Contains(p.ids, string(e.Stream.ID)) {
			check(string(e.Stream.ID), e.Position, p.ways(string(e.Stream.ID), e.Position)["root"], p.after(e))
		}
	}
}

// An object that is read now has no moment, so that a mutation and a query of it have one key in a
// cache. A command that is sent again answers with the past, and says so.
func TestAnObjectOfNowHasNoMoment(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	exec := newExecutor(d)
	admin := domain.Actor{UserID: d.do(domain.System, command.CreateUser{Email: "a@example.org", DisplayName: "A", Role: domain.Admin}).ID, Role: domain.Admin}
	const write = `mutation { createContent(input: {idempotencyKey: "once", title: "First", content: "x", tags: ["t"]}) {
		content { id asOf title author { asOf } } events { asOf } position query { viewer { asOf } contents { nodes { asOf title } } } } }`
	first := ask(t, exec, admin, write, nil)["createContent"].(object)
	id := first["content"].(object)["id"]
	for _, query := range []string{
		`query($id: ID!) { content(id: $id) { asOf author { asOf } history { nodes { asOf actor { asOf } } } } }`,
		`query($id: ID!) { node(id: $id) { asOf } nodes(ids: [$id]) { asOf } contents { nodes { asOf author { asOf } } } users { nodes { asOf } } tags { nodes { asOf } } viewer { asOf } }`,
	} {
		if text := fmt.Sprint(ask(t, exec, admin, query, object{"id": id})); !strings.Contains(text, "asOf:<nil>") || strings.Count(text, "asOf:") != strings.Count(text, "asOf:<nil>") {
			t.Errorf("%s: %s", query, text)
		}
	}
	if text := fmt.Sprint(first); strings.Count(text, "asOf:") != 5 || strings.Count(text, "asOf:<nil>") != 5 {
		t.Errorf("a new command: %s", text)
	}
	ask(t, exec, admin, `mutation($id: ID!) { updateContent(input: {id: $id, title: "Second"}) { position } }`, object{"id": id})
	again := ask(t, exec, admin, write, nil)["createContent"].(object)
	moments(t, "a command that was sent again", again)
	if content := again["content"].(object); content["asOf"] != first["position"] || content["title"] != "First" {
		t.Errorf("a command that was sent again: %v", again)
	}
}

// A page that a cursor leads to is read at the moment of its cursor and says so, even when this is
// the end of the log: the answer can be kept.
func TestAPageByACursorNamesItsMoment(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	exec := newExecutor(d)
	for range 3 {
		d.do(domain.System, command.CreateUser{Email: fmt.Sprintf("%s@example.org", d.log.Head().Position), DisplayName: "A", Role: domain.Admin})
		c := newContent("c "+d.log.Head().Position.String(), domain.Published)
		c.Tags = []string{"t " + d.log.Head().Position.String()}
		d.do(domain.System, c)
		d.do(domain.System, command.CreatePresentation{Title: "p", Theme: "default", IsPublic: true, Markdown: ptr("# A")})
	}
	admin := domain.Actor{UserID: "user-0190a8c2-7b1e-7000-8000-000000000000", Role: domain.Admin}
	head := d.log.Head().Position.String()
	for _, field := range []string{"contents", "presentations", "users", "tags", "events"} {
		node := "asOf"
		if field == "presentations" {
			node = "asOf slides { asOf presentation { asOf } }"
		}
		query := `query($after: String) { page: ` + field + `(first: 1, after: $after) { nodes { ` + node + ` } position pageInfo { endCursor } } }`
		first := ask(t, exec, admin, query, nil)["page"].(object)
		if text := fmt.Sprint(first["nodes"]); strings.Contains(text, head) {
			t.Errorf("the first page of %s: %s", field, text)
		}
		second := ask(t, exec, admin, query, object{"after": first["pageInfo"].(object)["endCursor"]})["page"].(object)
		moments(t, "the second page of "+field, second)
		if at := second["nodes"].([]any)[0].(object)["asOf"]; at != head || second["position"] != head {
			t.Errorf("the second page of %s is of %v, want %s", field, at, head)
		}
	}
}
