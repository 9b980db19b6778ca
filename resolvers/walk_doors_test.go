package resolvers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// A new field of the schema is selected without being listed anywhere, and must be reached. A new
// field with an argument that the walk has no value for fails the walk.
func TestNewDoorsAreWalkedOrFailTheWalk(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: `
		interface Node { id: ID! }
		interface Event { id: ID! subject: Node }
		type Content implements Node { id: ID! sibling: Content secret: String! }
		type ContentLost implements Event { id: ID! subject: Node heir: Content }
		type Query { contents(first: Int): [Content!]! lost: ContentLost hidden(key: String!): Content }`})
	if err != nil {
		t.Fatal(err)
	}
	d := &doors{schema: schema, of: func(string) []string { return nil }}
	for name, fields := range map[string][]string{"contents": {"sibling", "secret", "first: 500"}, "lost": {"subject", "heir", "... on Content", "secret"}} {
		parts, err := d.root(schema.Query.Fields.ForName(name), look)
		if err != nil || len(parts) != 1 {
			t.Fatalf("%s: %v, %v", name, parts, err)
		}
		for _, f := range fields {
			if !strings.Contains(parts[0].text, f) {
				t.Errorf("%s is asked for without %s: %s", name, f, parts[0].text)
			}
		}
	}
	if _, err := d.root(schema.Query.Fields.ForName("hidden"), look); err == nil {
		t.Error("a door that the walk has no key for was passed by")
	}
	if all := d.required(); !slices.Contains(all, "Content.sibling") || !slices.Contains(all, "ContentLost.heir") {
		t.Errorf("these have to be reached: %v", all)
	}
}
