package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"flightdeck/graph"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// schemaCommand prints the API's schema, for the tools of front ends: generators of
// types, compilers, linters. It needs no database.
type schemaCommand struct {
	Relay bool `help:"Leave out what Relay's compiler does not accept: the argument asOf of node."`
}

// Run prints the schema.
func (c *schemaCommand) Run(env *environment) error {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	if c.Relay {
		schema = forRelay(schema)
	}
	return writeSchema(env.stdout, schema)
}

// forRelay returns a copy of a schema in which Query.node takes an id and nothing
// else. Relay's compiler refuses to make a fragment refetchable otherwise, even when
// the other arguments may be left out; the server answers both.
func forRelay(schema *ast.Schema) *ast.Schema {
	relay, query := *schema, *schema.Query
	query.Fields = slices.Clone(query.Fields)
	for i, f := range query.Fields {
		if f.Name == "node" {
			node := *f
			node.Arguments = ast.ArgumentDefinitionList{f.Arguments.ForName("id")}
			query.Fields[i] = &node
		}
	}
	relay.Query, relay.Types = &query, maps.Clone(schema.Types)
	relay.Types[query.Name] = &query
	return &relay
}

// writeSchema writes a schema in GraphQL's definition language, with its
// descriptions and without what is built in. Definitions are sorted by name, and so
// are the fields of the root types, so that it does not show from which files they
// came; all other fields, arguments and values keep the order of schema/, which is
// one to read them in.
func writeSchema(w io.Writer, schema *ast.Schema) error {
	var documents []*ast.SchemaDocument
	for _, name := range slices.Sorted(maps.Keys(schema.Directives)) {
		if d := schema.Directives[name]; !d.Position.Src.BuiltIn {
			documents = append(documents, &ast.SchemaDocument{Directives: ast.DirectiveDefinitionList{d}})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		d := schema.Types[name]
		if d.BuiltIn {
			continue
		}
		if d == schema.Query || d == schema.Mutation || d == schema.Subscription {
			d = withSortedFields(d)
		}
		documents = append(documents, &ast.SchemaDocument{Definitions: ast.DefinitionList{d}})
	}
	var text strings.Builder
	for i, d := range documents {
		if i > 0 {
			text.WriteByte('\n')
		}
		formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchemaDocument(d)
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("print the schema: %w", err)
	}
	return nil
}

// withSortedFields returns a copy of a definition: the schema itself is shared.
func withSortedFields(d *ast.Definition) *ast.Definition {
	sorted := *d
	sorted.Fields = slices.SortedFunc(slices.Values(d.Fields), func(a, b *ast.FieldDefinition) int { return cmp.Compare(a.Name, b.Name) })
	return &sorted
}
