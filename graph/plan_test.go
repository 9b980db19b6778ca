package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/account"
	"flightdeck/domain"
	"flightdeck/graph"
	"flightdeck/graph/model"
	"flightdeck/projection"
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
)

// broken has faulty resolvers: they return nil where the schema has no null, rows that belong to no
// page and panic when they are asked for more, and types that the schema does not have.
type broken struct{ graph.QueryResolver }

type brokenRoot struct{ graph.ResolverRoot }

func (brokenRoot) Query() graph.QueryResolver         { return broken{} }
func (brokenRoot) LogStatus() graph.LogStatusResolver { return broken{} }

func orphan(id string) *readmodel.Content {
	return &readmodel.Content{ID: id, Title: "a \"title\"\n\x01\xff", AuthorID: "user-of-no-page", Format: domain.Markdown, Status: domain.Draft}
}

func (broken) Contents(context.Context, *int, *string, *int, *string, *readmodel.ContentFilter, *readmodel.Order, *string, *readmodel.AsOf) (*readmodel.ContentConnection, error) {
	return &readmodel.ContentConnection{Nodes: []*readmodel.Content{orphan("1"), nil, orphan("3")}}, nil
}

func (broken) Content(_ context.Context, id string, _ *readmodel.AsOf) (*readmodel.Content, error) {
	switch id {
	case "error":
		return nil, errors.New("no content")
	case "both":
		return orphan(id), errors.New("a content and an error")
	case "panic":
		panic("a resolver panics")
	}
	return orphan(id), nil
}

func (broken) Node(_ context.Context, id string, _ *readmodel.AsOf) (readmodel.Node, error) {
	return thing(id), nil
}

func (broken) Nodes(_ context.Context, ids []string, _ *readmodel.AsOf) (nodes []readmodel.Node, _ error) {
	for _, id := range ids {
		nodes = append(nodes, thing(id))
	}
	return nodes, nil
}

// foreign is a node of a type that the schema does not have.
type foreign struct{ readmodel.Node }

// written is a node that writes itself.
type written struct {
	readmodel.Node
	graphql.Marshaler
}

func thing(id string) readmodel.Node {
	switch id {
	case "nothing":
		return (*readmodel.Content)(nil)
	case "user":
		return &readmodel.User{ID: "user", Name: "N"}
	case "foreign":
		return foreign{}
	case "written":
		return written{Marshaler: graphql.MarshalString("itself")}
	case "content":
		return orphan("content")
	}
	return nil
}

func (broken) Viewer(context.Context) (*readmodel.User, error) {
	return &readmodel.User{ID: "user", Name: "N", Address: "a@example.org", Role: domain.Admin}, nil
}

func (broken) Log(context.Context) (*model.LogStatus, error) {
	return &model.LogStatus{Lineage: "l"}, nil
}

func (broken) Size(context.Context, *model.LogStatus) (*model.LogSize, error) {
	return nil, errors.New("no size")
}

func (broken) Rebuild(context.Context, *model.LogStatus) (*projection.RebuildProgress, error) {
	panic("no rebuild")
}

func (broken) Events(context.Context, *int, *string, *int, *string, *readmodel.EventFilter) (*readmodel.EventConnection, error) {
	return &readmodel.EventConnection{Nodes: []readmodel.Event{&readmodel.GenericEvent{Envelope: &readmodel.Envelope{ID: "1"}}, &readmodel.ContentDeleted{}}}, nil
}

func (broken) APIKeys(context.Context) ([]*readmodel.APIKey, error) {
	return []*readmodel.APIKey{{APIKey: &account.APIKey{ID: "1", UserID: "u"}}, nil}, nil
}

func newExecutor(schema graphql.ExecutableSchema) *executor.Executor {
	exec := executor.New(schema)
	exec.SetRecoverFunc(func(_ context.Context, fault any) error { return fmt.Errorf("a panic of %T", fault) })
	return exec
}

// ask returns the answer to a query: its data, and its errors, sorted, since gqlgen returns errors
// in any order.
func ask(t *testing.T, exec *executor.Executor, query string, vars map[string]any) (answer string, op *graphql.OperationContext) {
	t.Helper()
	ctx := graphql.StartOperationTrace(context.Background())
	op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(errs) > 0 {
		t.Fatalf("%s: %v", query, errs)
	}
	next, ctx := exec.DispatchOperation(ctx, op)
	r := next(ctx)
	var texts []string
	for _, e := range r.Errors {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	if next(ctx) != nil {
		t.Errorf("%s: a second response follows the first one", query)
	}
	return string(r.Data) + "\n" + strings.Join(texts, "\n"), op
}

// The answers of faulty resolvers are those of gqlgen: the same nulls, and the same errors at the
// same paths.
func TestPlansFailAsGqlgenDoes(t *testing.T) {
	t.Parallel()
	config := graph.Config{Resolvers: brokenRoot{}}
	plans, gqlgen := newExecutor(graph.New(config)), newExecutor(graph.NewExecutableSchema(config))
	for _, query := range []string{
		`{ contents { position nodes { id title } } }`,
		`{ contents { edges { node { id } } } }`,
		`{ contents { edges { __typename } } log { head } }`,
		`{ contents { edges { node { author { id } } } } }`,
		`{ contents { totalCount } }`,
		`{ a: contents { pageInfo { endCursor hasNextPage } position } b: viewer { id } }`,
		`{ content(id: "1") { id author { displayName } title } }`,
		`{ content(id: "1") { author { id } diff(from: 1) { from } } }`,
		`{ content(id: "1") { author { id } revision(version: 1) { id } title } }`,
		`{ content(id: "error") { id } other: content(id: "both") { id } }`,
		`{ content(id: "panic") { id } }`,
		`{ content(id: "1") { description content tags publishedAt format html } }`,
		`{ node(id: "nothing") { id } }`,
		`{ node(id: "none") { id } }`,
		`{ node(id: "foreign") { id } }`,
		`{ node(id: "written") { id } }`,
		`{ node(id: "user") { id ... on User { email displayName forgotten lastLoginAt } } }`,
		`{ nodes(ids: ["content", "nothing", "none", "written", "user"]) { __typename id ... on Content { title author { id } } } }`,
		`{ nodes(ids: ["content", "foreign", "user"]) { id ... on User { email } } }`,
		`{ nodes(ids: ["user", "content"]) { ... on Presentation { title } } }`,
		`{ viewer { id email role } }`,
		`{ viewer { role } again: viewer { email } }`,
		`{ log { head recordedAt size { events } } }`,
		`{ log { head rebuild { __typename } } }`,
		`{ log { size { walBytes } rebuild { __typename } } }`,
		`{ events { nodes { id type } } }`,
		`{ events { nodes { actor { id } } } }`,
		`{ events { nodes { data } } }`,
		`{ events { nodes { ... on ContentDeleted { __typename } ... on GenericEvent { correlationId } } } }`,
		`{ apiKeys { id name } }`,
		`{ apiKeys { id createdBy { id } expiresAt } }`,
		`{ __typename }`,
		`{ __typename viewer { __typename } __schema { queryType { name } } }`,
		`{ viewer { id } viewer { role } ...F } fragment F on Query { viewer { ... { version } id } }`,
	} {
		want, _ := ask(t, gqlgen, query, nil)
		for range 2 {
			if got, _ := ask(t, plans, query, nil); got != want {
				t.Errorf("%s\nwith plans: %s\nby gqlgen:  %s", query, got, want)
			}
		}
	}
}

// Each request is answered by the plan for the values of its variables.
func TestPlansFollowVariablesThatSwitchFields(t *testing.T) {
	t.Parallel()
	config := graph.Config{Resolvers: brokenRoot{}}
	plans, gqlgen := newExecutor(graph.New(config)), newExecutor(graph.NewExecutableSchema(config))
	plans.SetQueryCache(graphql.MapCache[*ast.QueryDocument]{})
	query := `query($a: Boolean!, $b: Boolean = true, $c: Boolean!) { nodes(ids: ["user"]) @include(if: $a) { id ... on User { role @skip(if: $b) ...F @include(if: $c) } } more: nodes(ids: ["user"]) { id } }
		fragment F on User { version @skip(if: $a) displayName @include(if: $b) }`
	for i := range 16 {
		vars := map[string]any{"a": i&1 > 0, "b": i&2 > 0, "c": i&4 > 0}
		if i&8 > 0 {
			delete(vars, "b")
		}
		want, _ := ask(t, gqlgen, query, vars)
		if got, op := ask(t, plans, query, vars); got != want || !graph.Planned(op) {
			t.Errorf("%v\nwith plans: %s\nby gqlgen:  %s", vars, got, want)
		}
	}
}

// A list of each planned type has a plan. A list that asks for something of its own for each
// element, and a field that leads to one object, have none.
func TestWhichQueriesHavePlans(t *testing.T) {
	t.Parallel()
	exec := newExecutor(graph.New(graph.Config{Resolvers: brokenRoot{}}))
	for query, want := range map[string]bool{
		`{ contents { nodes { title author { displayName } } totalCount } }`:     true,
		`{ contents { nodes { html } } }`:                                        false,
		`{ presentations { edges { cursor node { title slides { title } } } } }`: true,
		`{ tags { nodes { name count } pageInfo { endCursor } } }`:               false,
		`{ users { nodes { displayName } } }`:                                    true,
		`{ events { nodes { type recordedAt actor { id } subject { id } } } }`:   true,
		`{ node(id: "1") { id ... on Content { history { nodes { id } } } } }`:   false,
		`{ nodes(ids: []) { ... on Content { title } } }`:                        true,
		`{ nodes(ids: []) { ... on Content { history { nodes { id } } } } }`:     false,
		`{ content(id: "1") { title } }`:                                         false,
		`{ content(id: "1") { title } contents { nodes { title } } }`:            true,
		`{ __typename }`: false,
		`{ __schema { queryType { name } } contents { nodes { id } } }`:                                      false,
		`mutation { logOut { query { contents { nodes { id } } } } }`:                                        false,
		`{ a: users { nodes { id } } ... on Query { a: users { nodes { role } } } }`:                         true,
		`query($a: Boolean!) { contents { nodes { id @skip(if: $a) slug @include(if: $a) } } }`:              true,
		`query($a: Boolean!) { contents { nodes { id html @include(if: $a) } } log @skip(if: $a) { head } }`: true,
	} {
		op, errs := exec.CreateOperationContext(graphql.StartOperationTrace(context.Background()), &graphql.RawParams{Query: query, Variables: map[string]any{"a": false}})
		if len(errs) > 0 {
			t.Fatalf("%s: %v", query, errs)
		}
		if got := graph.Planned(op); got != want {
			t.Errorf("%s: has a plan: %v, want %v", query, got, want)
		}
	}
}
