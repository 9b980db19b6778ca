package resolvers_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
)

// object is a JSON object of an answer.
type object = map[string]any

// ask runs an operation as an actor and returns its data.
func ask(t testing.TB, exec *executor.Executor, actor domain.Actor, query string, vars object) object {
	t.Helper()
	ctx := graphql.StartOperationTrace(as(actor))
	op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	next, ctx := exec.DispatchOperation(ctx, op)
	response := next(ctx)
	if len(response.Errors) > 0 {
		t.Fatalf("%v: %s", vars, response.Errors)
	}
	var data object
	if err := json.Unmarshal(response.Data, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

func newExecutor(d *desk) *executor.Executor {
	exec := executor.New(graph.New(graph.Config{Resolvers: d.root}))
	exec.SetErrorPresenter(d.root.Present)
	exec.AroundOperations(d.root.AroundOperation)
	return exec
}

// everything selects all that an actor can read at once. $all is true for actors that see all
// objects.
const everything = `query($asOf: AsOf, $all: Boolean!, $users: Boolean!) {
	contents(first: 100, asOf: $asOf) { nodes { ...C } edges { cursor } pageInfo { endCursor } totalCount position }
	byTitle: contents(first: 100, asOf: $asOf, orderBy: {field: TITLE, direction: ASC}) { nodes { ...C } }
	latest: contents(last: 100, asOf: $asOf, orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { ...C } }
	published: contents(first: 100, asOf: $asOf, orderBy: {field: PUBLISHED_AT}, filter: {status: [PUBLISHED], tagsAny: ["red"]}) { nodes { ...C } }
	found: contents(first: 100, asOf: $asOf, search: "alpha") { nodes { ...C } }
	decks: presentations(first: 100, asOf: $asOf) { nodes { ...P } totalCount position }
	foundDecks: presentations(first: 100, asOf: $asOf, search: "alp*") { nodes { ...P } }
	tags(first: 100, asOf: $asOf) { nodes { name count } }
	users(first: 100, asOf: $asOf) @include(if: $users) { nodes { id version displayName email role lastLoginAt } totalCount } }
	fragment C on Content { id version title slug description content format status html author { id displayName email } tags createdAt updatedAt publishedAt
		history(first: 100) @include(if: $all) { nodes { id position type streamVersion data subject { id } } totalCount }
		revision(version: 1) @include(if: $all) { title status } diff(from: 1) @include(if: $all) { changes { path before after patch } } }
	fragment P on Presentation { id version title description author { id displayName } theme isPublic slides { id title content notes order } markdown createdAt updatedAt
		history(first: 100) @include(if: $all) { nodes { id position type } totalCount } }`

const single = `query($id: ID!, $asOf: AsOf) { node(id: $id, asOf: $asOf) { id
	... on Content { version title status author { id } } ... on Presentation { version title author { id } slides { id notes } } ... on User { version displayName email } } }`

// past is a database with a history, and the answers that were recorded on the way.
type past struct {
	*desk
	exec   *executor.Executor
	random *rand.Rand
	actors []domain.Actor // admin, editor, two authors, a viewer, a visitor
	ids    []string       // of contents and decks
	taken  []recorded
}

// recorded is the answer that an actor got at a position while it was the head.
type recorded struct {
	actor   domain.Actor
	at      eventstore.Position
	all     object
	singles map[string]object
}

func (p *past) begin() {
	for i, role := range []domain.Role{domain.Admin, domain.Editor, domain.Author, domain.Author, domain.Viewer} {
		id := p.do(domain.System, command.CreateUser{Email: fmt.Sprintf("u%d@example.org", i), DisplayName: "U", Role: role}).ID
		p.actors = append(p.actors, domain.Actor{UserID: id, Role: role})
	}
	p.actors = append(p.actors, domain.Actor{})
}

// change runs one random command. Some commands are refused.
func (p *past) change() {
	p.t.Helper()
	texts := []string{"alpha", "beta", "# Alpha\n\ntext", "gamma <b>x</b>"}
	text := texts[p.random.IntN(len(texts))]
	author := p.actors[2+p.random.IntN(2)]
	statuses := []domain.ContentStatus{domain.Draft, domain.Published, domain.Archived}
	set := func(s string) graphql.Omittable[*string] { return graphql.OmittableOf(&s) }
	n := p.random.IntN(16)
	if len(p.ids) < 3 {
		n %= 2
	}
	var id string
	if len(p.ids) > 0 {
		id = p.ids[p.random.IntN(len(p.ids))]
	}
	target := command.ContentTarget{ID: id}
	var cmd command.Command
	switch n {
	case 0:
		cmd = command.CreateContent{Title: text, Content: text, Format: domain.Markdown, Status: statuses[p.random.IntN(3)], Tags: []string{"red", "blue"}[:p.random.IntN(3)]}
	case 1:
		cmd = command.CreatePresentation{Title: text, Theme: "default", IsPublic: p.random.IntN(2) == 0, Markdown: ptr(text + "\n\n<!-- psst -->\n\n---\n\n" + text)}
	case 2, 3, 4:
		cmd = command.UpdateContent{ID: id, Title: set(text), Description: set(text), Tags: graphql.OmittableOf([]string{"red", "green"}[p.random.IntN(2):])}
	case 5, 6:
		cmd = command.PublishContent{ContentTarget: target}
	case 7:
		cmd = command.UnpublishContent{ContentTarget: target}
	case 8:
		cmd = command.DeleteContent{ContentTarget: target}
	case 9:
		cmd = command.RestoreContent{Restore: command.Restore{ID: id, ToVersion: 1 + p.random.IntN(3)}}
	case 10, 11:
		cmd = command.UpdatePresentation{ID: id, Title: set(text), IsPublic: graphql.OmittableOf(ptr(p.random.IntN(2) == 0))}
	case 12:
		cmd = command.AddSlide{PresentationID: id, Content: text, Notes: ptr("psst")}
	case 13:
		cmd = command.DeletePresentation{ID: id}
	case 14:
		cmd = command.RestorePresentation{Restore: command.Restore{ID: id, ToVersion: 1 + p.random.IntN(4)}}
	default:
		cmd = command.UpdateUser{ID: author.UserID, DisplayName: set(text)}
	}
	who := author
	if n > 1 {
		who = domain.System
	}
	done, err := p.commands.Do(as(who), cmd)
	if err == nil && n < 2 {
		p.ids = append(p.ids, done.ID)
	}
}

func (p *past) ask(actor domain.Actor, asOf any) (all object, singles map[string]object) {
	p.t.Helper()
	all = ask(p.t, p.exec, actor, everything, object{"asOf": asOf, "all": edits(actor), "users": !actor.Visitor()})
	singles = make(map[string]object)
	for _, id := range append(p.ids, p.actors[2].UserID) {
		singles[id] = ask(p.t, p.exec, actor, single, object{"id": id, "asOf": asOf})
	}
	return all, singles
}

func (p *past) record() {
	p.t.Helper()
	for _, actor := range p.actors {
		all, singles := p.ask(actor, nil)
		p.taken = append(p.taken, recorded{actor, p.log.Head().Position, all, singles})
	}
}

// An answer as of a position equals, byte for byte, the answer that was recorded while that
// position was the head, except for objects that the asker may no longer see.
func TestAsOfEqualsTheRecordedAnswer(t *testing.T) {
	t.Parallel()
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			d := open(t, eventstore.Options{})
			p := &past{desk: d, exec: newExecutor(d), random: rand.New(rand.NewPCG(seed, 0))}
			p.begin()
			for range 8 {
				for range 1 + p.random.IntN(8) {
					p.change()
				}
				p.record()
			}
			public := make(map[string]bool)
			for _, id := range p.ids {
				public[id] = ask(t, p.exec, domain.Actor{}, single, object{"id": id})["node"] != nil
			}
			for _, then := range p.taken {
				all, singles := p.ask(then.actor, then.at.String())
				want := then.all
				if !edits(then.actor) {
					for id, answer := range then.singles {
						if node, ok := answer["node"].(object); ok && id != p.actors[2].UserID && !still(then.actor, node, public) {
							answer["node"] = nil
						}
					}
					hide(then, all, public)
				}
				equal(t, then, "everything", all, want)
				for id, answer := range singles {
					was, ok := then.singles[id]
					if !ok { // the key was made later
						was = object{"node": nil}
					}
					equal(t, then, id, answer, was)
				}
			}
		})
	}
}

// edits reports whether an actor sees all contents and decks.
func edits(actor domain.Actor) bool { return actor.Role == domain.Editor || actor.Role == domain.Admin }

// still reports whether an actor may still see an object of an earlier answer.
func still(actor domain.Actor, node object, public map[string]bool) bool {
	author, _ := node["author"].(object)
	id, _ := node["id"].(string)
	return public[id] || author != nil && actor.Owns(fmt.Sprint(author["id"]))
}

// hide removes the objects that are hidden today from a recorded answer, together with the numbers
// that count them.
func hide(then recorded, all object, public map[string]bool) {
	counts := make(map[string]int)
	for name, field := range then.all {
		list, _ := field.(object)
		if name == "tags" || name == "users" {
			continue
		}
		nodes, _ := list["nodes"].([]any)
		nodes = slices.DeleteFunc(nodes, func(n any) bool {
			node, _ := n.(object)
			return !still(then.actor, node, public)
		})
		list["nodes"] = nodes
		if _, ok := list["totalCount"]; ok {
			list["totalCount"] = float64(len(nodes))
		}
		if name == "contents" {
			for _, n := range nodes {
				node, _ := n.(object)
				tags, _ := node["tags"].([]any)
				for _, tag := range tags {
					counts[fmt.Sprint(tag)]++
				}
			}
			// The cursors of hidden objects are gone, too.
			now, _ := all[name].(object)
			list["edges"], list["pageInfo"] = now["edges"], now["pageInfo"]
		}
	}
	tags, _ := then.all["tags"].(object)
	nodes, _ := tags["nodes"].([]any)
	nodes = slices.DeleteFunc(nodes, func(n any) bool {
		tag, _ := n.(object)
		count := counts[fmt.Sprint(tag["name"])]
		tag["count"] = float64(count)
		return count == 0
	})
	tags["nodes"] = nodes
}

func equal(t *testing.T, then recorded, what string, got, want object) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		g, _ := json.MarshalIndent(got, "", " ")  //nolint:errcheck // it was JSON
		w, _ := json.MarshalIndent(want, "", " ") //nolint:errcheck // as above
		t.Fatalf("%s as of %s for %v is\n%s\nrecorded was\n%s", what, then.at, then.actor, g, w)
	}
}
