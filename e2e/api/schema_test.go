package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/e2e/harness"
	"flightdeck/graph"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// definitions calls visit for every definition of a schema that is not GraphQL's own: with its
// path, its description, and its text without the description.
func definitions(schema *ast.Schema, visit func(path, description, text string)) {
	arguments := func(path string, list ast.ArgumentDefinitionList) {
		for _, a := range list {
			visit(path+"("+a.Name+":)", a.Description, fmt.Sprint(a.Type, a.DefaultValue, directives(a.Directives)))
		}
	}
	for name, d := range schema.Directives {
		if !d.Position.Src.BuiltIn || name == "oneOf" { // printed for tools that do not know it
			visit("@"+name, d.Description, fmt.Sprint(d.Locations, d.IsRepeatable))
			arguments("@"+name, d.Arguments)
		}
	}
	for name, d := range schema.Types {
		if d.BuiltIn {
			continue
		}
		visit(name, d.Description, fmt.Sprint(d.Kind, d.Interfaces, d.Types, directives(d.Directives)))
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			visit(name+"."+f.Name, f.Description, fmt.Sprint(f.Type, f.DefaultValue, directives(f.Directives)))
			arguments(name+"."+f.Name, f.Arguments)
		}
		for _, v := range d.EnumValues {
			visit(name+"."+v.Name, v.Description, directives(v.Directives))
		}
	}
}

func directives(list ast.DirectiveList) string {
	var text []string
	for _, d := range list {
		var arguments []string
		for _, a := range d.Arguments {
			arguments = append(arguments, a.Name+": "+a.Value.String())
		}
		text = append(text, "@"+d.Name+"("+strings.Join(arguments, ", ")+")")
	}
	return strings.Join(text, " ")
}

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	t.Parallel()
	n := 0
	definitions(graph.NewExecutableSchema(graph.Config{}).Schema(), func(path, description, _ string) {
		n++
		if strings.TrimSpace(description) == "" {
			t.Errorf("schema/ does not describe %s", path)
		}
	})
	if n < 500 {
		t.Errorf("only %d definitions were looked at", n)
	}
}

func TestThePrintedSchemaIsTheServedOne(t *testing.T) {
	t.Parallel()
	printed, read := printedSchema(t)
	wantDefinitions(t, read, described(graph.NewExecutableSchema(graph.Config{}).Schema()))
	for _, sorted := range [][]string{names(printed, "\ntype "), names(printed, "\ninput "), fields(read.Query), fields(read.Mutation)} {
		if len(sorted) < 10 || !slices.IsSorted(sorted) {
			t.Errorf("not sorted: %v", sorted)
		}
	}
}

func TestSchemaForRelayLacksOneArgument(t *testing.T) {
	t.Parallel()
	_, read := printedSchema(t, "--relay")
	served := described(graph.NewExecutableSchema(graph.Config{}).Schema())
	wantDefinitions(t, read, slices.DeleteFunc(served, func(d string) bool { return strings.HasPrefix(d, "Query.node(asOf:)") }))
}

// printedSchema returns the output of the command schema, as text and parsed.
func printedSchema(t *testing.T, flags ...string) (string, *ast.Schema) {
	t.Helper()
	status, printed, problems := harness.CLI(append([]string{"schema"}, flags...)...)
	if status != 0 || problems != "" {
		t.Fatalf("schema %v exits with %d: %s", flags, status, problems)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: printed})
	if err != nil {
		t.Fatal(err)
	}
	return printed, schema
}

// described lists the definitions of a schema, a line each.
func described(schema *ast.Schema) []string {
	var all []string
	definitions(schema, func(path, description, text string) {
		all = append(all, path+": "+text+" "+strings.TrimSpace(description))
	})
	return all
}

func wantDefinitions(t *testing.T, schema *ast.Schema, want []string) {
	t.Helper()
	got := described(schema)
	for _, d := range want {
		if !slices.Contains(got, d) {
			t.Errorf("not printed: %s", d)
		}
	}
	for _, d := range got {
		if !slices.Contains(want, d) {
			t.Errorf("printed, but not served: %s", d)
		}
	}
}

// names lists the words that follow a mark in a text.
func names(text, mark string) []string {
	var all []string
	for _, after := range strings.Split(text, mark)[1:] {
		all = append(all, strings.Fields(after)[0])
	}
	return all
}

func fields(d *ast.Definition) []string {
	var all []string
	for _, f := range d.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			all = append(all, f.Name)
		}
	}
	return all
}
