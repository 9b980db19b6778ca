package graph_test

import (
	"testing"

	"flightdeck/graph"

	"github.com/vektah/gqlparser/v2/ast"
)

// Every scalar of the schema that an input has is checked before an operation runs.
func TestEveryScalarOfAnInputIsChecked(t *testing.T) {
	t.Parallel()
	schema, checked := graph.Schema(), graph.Scalars()
	known := map[string]bool{"Int": true, "Float": true, "String": true, "Boolean": true, "ID": true}
	check := func(where string, of *ast.Type) {
		if d := schema.Types[of.Name()]; d.Kind == ast.Scalar && !known[d.Name] && checked[d.Name] == nil {
			t.Errorf("%s is a %s: give Scalars a check", where, d.Name)
		}
	}
	for _, d := range schema.Types {
		for _, f := range d.Fields {
			if d.Kind == ast.InputObject {
				check(d.Name+"."+f.Name, f.Type)
			}
			for _, a := range f.Arguments {
				check(d.Name+"."+f.Name+"("+a.Name+")", a.Type)
			}
		}
	}
	for name, wrong := range map[string][]any{"AsOf": {"soon", true, -1.5}, "DateTime": {"2026", int64(1)}, "Position": {"x", true}} {
		for _, v := range wrong {
			if checked[name](v) == nil {
				t.Errorf("%v is a value of %s", v, name)
			}
		}
	}
}
