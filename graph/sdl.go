package graph

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// ForRelay returns a copy of a schema in which Query.node takes an id and nothing else. Relay's
// compiler refuses to make a fragment refetchable otherwise, even when the other arguments may be
// left out; the server answers both.
func ForRelay(schema *ast.Schema) *ast.Schema {
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

// WriteSDL writes a schema in GraphQL's schema definition language, with its descriptions and
// without GraphQL's built-in types and directives, except @oneOf: many tools are older than this
// directive, and read it when the schema defines it. Definitions are sorted by name, and so are the
// fields of the root types: the files of schema/ leave no trace in the order. All other fields,
// arguments and values keep the order of schema/, which is an order for readers.
func WriteSDL(w io.Writer, schema *ast.Schema) error {
	var documents []*ast.SchemaDocument
	for _, name := range slices.Sorted(maps.Keys(schema.Directives)) {
		d := *schema.Directives[name]
		if name == "oneOf" {
			d.Position = &ast.Position{Src: new(ast.Source)} // as if schema/ defined it
		}
		if !d.Position.Src.BuiltIn {
			documents = append(documents, &ast.SchemaDocument{Directives: ast.DirectiveDefinitionList{&d}})
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

// withSortedFields returns a copy of a definition with its fields sorted by name.
func withSortedFields(d *ast.Definition) *ast.Definition {
	sorted := *d
	sorted.Fields = slices.SortedFunc(slices.Values(d.Fields), func(a, b *ast.FieldDefinition) int { return cmp.Compare(a.Name, b.Name) })
	return &sorted
}
