package resolvers_test

import (
	"context"
	"testing"

	"flightdeck/domain"
	"flightdeck/graph"
	"flightdeck/resolvers"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// keyOf returns the key of a subscription, and nil for one that has no follower.
func keyOf(t *testing.T, ctx context.Context, query string, variables map[string]any) any {
	t.Helper()
	root := &resolvers.Resolver{}
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: root}).Schema()
	if errs := validator.ValidateWithRules(schema, doc, nil); len(errs) > 0 {
		t.Fatal(errs)
	}
	f, key := root.NewFollower(ctx, &graphql.OperationContext{RawQuery: query, Doc: doc, Operation: doc.Operations[0], Variables: variables})
	if f == nil {
		return nil
	}
	return key
}

// Two subscriptions have equal keys if and only if their clients get equal results.
func TestSubscriptionsWithEqualResultsShareAKey(t *testing.T) {
	t.Parallel()
	const query = `subscription($after: Position, $lineage: ID, $filter: EventFilter) {
		it: eventAppended(after: $after, lineage: $lineage, filter: $filter) { position } }`
	ada, bob := domain.Actor{UserID: "a", Role: domain.Viewer}, domain.Actor{UserID: "b", Role: domain.Viewer}
	about := func(id string) map[string]any { return map[string]any{"streamIds": []any{id}, "kinds": nil} }
	key := keyOf(t, as(ada), query, map[string]any{"after": "1", "filter": about("x")})
	for name, test := range map[string]struct {
		actor     domain.Actor
		query     string
		variables map[string]any
		same      bool
	}{
		"from elsewhere":     {ada, query, map[string]any{"after": "2", "lineage": "l", "filter": about("x")}, true},
		"from now on":        {ada, query, map[string]any{"filter": map[string]any{"kinds": nil, "streamIds": []any{"x"}}}, true},
		"another filter":     {ada, query, map[string]any{"after": "1", "filter": about("y")}, false},
		"no filter":          {ada, query, map[string]any{"after": "1"}, false},
		"another document":   {ada, query + " ", map[string]any{"after": "1", "filter": about("x")}, false},
		"somebody else":      {bob, query, map[string]any{"after": "1", "filter": about("x")}, false},
		"with another role":  {domain.Actor{UserID: "a", Role: domain.Author}, query, map[string]any{"after": "1", "filter": about("x")}, false},
		"who has logged out": {domain.Actor{}, query, map[string]any{"after": "1", "filter": about("x")}, false},
	} {
		if got := keyOf(t, as(test.actor), test.query, test.variables) == key; got != test.same {
			t.Errorf("%s: keys are equal: %t, want %t", name, got, test.same)
		}
	}
}

// A variable for the first position is part of the key if the document uses it for anything else.
func TestVariableThatIsUsedTwiceIsPartOfTheKey(t *testing.T) {
	t.Parallel()
	for query, same := range map[string]bool{
		`subscription($p: Position) { eventAppended(after: $p) { position } }`:                                     true,
		`subscription($p: Position, $pq: Boolean!) { eventAppended(after: $p) { position @skip(if: $pq) } }`:       true,
		`subscription($p: ID!) { eventAppended(lineage: $p, filter: {streamIds: [$p]}) { position } }`:             false,
		`subscription($p: ID!) { contentChanged(id: $p) { version } }`:                                             false,
		`subscription($p: Position) { ...f } fragment f on Subscription { eventStream(after: $p) { __typename } }`: true,
		`subscription($p: Boolean!) { eventAppended(after: "1") { position @include(if: $p) } }`:                   false,
	} {
		of := func(value any) any {
			return keyOf(t, as(domain.System), query, map[string]any{"p": value, "pq": true})
		}
		if one, other := of("1"), of("2"); one == nil || (one == other) != same {
			t.Errorf("%s: keys are equal: %t, want %t", query, one == other, same)
		}
	}
	if key := keyOf(t, as(domain.System), `subscription($p: Boolean!) { eventAppended @skip(if: $p) { position } }`, map[string]any{"p": true}); key != nil {
		t.Error("a subscription without a field has a key")
	}
}
