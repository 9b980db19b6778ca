package resolvers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flightdeck/readmodel"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// doors makes operations from the schema. Each one selects everything below its root field.
type doors struct {
	schema *ast.Schema
	// of returns the ids of a type of the schema, for arguments.
	of    func(typename string) []string
	slugs []string
	// briefly leaves out the field query of payloads.
	briefly bool
}

// loadSchema parses the files of the contract.
func loadSchema(t testing.TB) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob("../schema/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no schema: %v", err)
	}
	var sources []*ast.Source
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
	}
	return gqlparser.MustLoadSchema(sources...)
}

// some returns the ids of a type, at most as many as one operation may name.
func (d *doors) some(typename string) []string {
	ids := d.of(typename)
	return ids[:min(len(ids), readmodel.MaxNodes)]
}

// part is one root field with its arguments and its selection. name is the field. For a field that
// is selected several times, subject is the object of this part.
type part struct {
	name, subject, text string
}

// versions is the number of versions that are selected of each object.
const versions = 7

// fails has the fields that fail for an invisible version. Their errors make their objects null, so
// diffs() selects each by itself.
var fails = []string{"Content.diff", "Presentation.diff"}

// root returns the parts for one field of Query or Subscription. depth is the number of steps from
// object to object below it. An argument without a known value is an error.
func (d *doors) root(f *ast.FieldDefinition, depth int) ([]part, error) {
	if !d.shows(f.Type) {
		depth++
	}
	selection, err := d.selection(f.Type, depth)
	if err != nil {
		return nil, err
	}
	var fixed []string
	subjects := []string{""}
	for _, a := range f.Arguments {
		switch kind := a.Type.String(); {
		case a.Name == "first" && kind == "Int":
			fixed = append(fixed, "first: 500")
		case a.Name == "asOf" && kind == "AsOf":
			fixed = append(fixed, "asOf: $asOf")
		case a.Name == "after" && kind == "Position":
			fixed = append(fixed, "after: $after")
		case a.Name == "ids" && kind == "[ID!]!":
			fixed = append(fixed, fmt.Sprintf("ids: %q", d.some(f.Type.Name())))
		case a.Name == "id" && kind == "ID!":
			subjects = d.of(f.Type.Name())
		case a.Name == "slug" && kind == "String!":
			subjects = d.slugs
		case a.Type.NonNull:
			return nil, fmt.Errorf("the walk has no value for the argument %s: %s of %s: teach it in doors.root", a.Name, kind, f.Name)
		}
	}
	parts := make([]part, len(subjects))
	for i, s := range subjects {
		arguments, alias := fixed, ""
		if s != "" {
			name := "id"
			if f.Arguments.ForName("slug") != nil {
				name = "slug"
			}
			arguments, alias = append(slices.Clone(fixed), fmt.Sprintf("%s: %q", name, s)), fmt.Sprintf("%s_%d: ", f.Name, i)
		}
		text := alias + f.Name
		if len(arguments) > 0 {
			text += "(" + strings.Join(arguments, ", ") + ")"
		}
		parts[i] = part{f.Name, s, text + selection}
	}
	return parts, nil
}

// selection returns all fields of a type, and "" for a scalar.
func (d *doors) selection(t *ast.Type, depth int) (string, error) {
	def := d.schema.Types[t.Name()]
	if def.IsLeafType() {
		return "", nil
	}
	var b strings.Builder
	b.WriteString(" { __typename")
	if err := d.fields(&b, def, nil, depth); err != nil {
		return "", err
	}
	if def.IsAbstractType() {
		for _, possible := range d.schema.GetPossibleTypes(def) {
			fmt.Fprintf(&b, " ... on %s { __typename", possible.Name)
			if err := d.fields(&b, possible, def, depth); err != nil {
				return "", err
			}
			b.WriteString(" }")
		}
	}
	b.WriteString(" }")
	return b.String(), nil
}

// fields writes the fields of a type, or those that its interface does not have. The latter get
// names of their own, because the types of an interface differ in their nullability.
func (d *doors) fields(b *strings.Builder, def, interfaced *ast.Definition, depth int) error {
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") || interfaced != nil && interfaced.Fields.ForName(f.Name) != nil || slices.Contains(fails, def.Name+"."+f.Name) {
			continue
		}
		if d.briefly && f.Type.Name() == "Query" {
			continue
		}
		left := depth
		if d.shows(f.Type) {
			left--
		}
		connects := d.schema.Types[f.Type.Name()].Fields.ForName("nodes") != nil
		if left < 0 || connects && left == 0 {
			continue
		}
		if strings.HasSuffix(def.Name, "Edge") { // the edges have the same objects as nodes
			left = 0
		}
		selection, err := d.selection(f.Type, left)
		if err != nil {
			return err
		}
		calls, err := d.calls(def, f)
		if err != nil {
			return err
		}
		for i, call := range calls {
			alias := f.Name
			if len(calls) > 1 {
				alias = fmt.Sprintf("%s_%d", f.Name, i+1)
			}
			if interfaced != nil {
				alias += "__" + def.Name
			}
			if selection != " { __typename }" {
				fmt.Fprintf(b, " %s: %s%s", alias, call, selection)
			}
		}
	}
	return nil
}

// fieldOf returns the field behind a name in an answer that fields or root has chosen.
func fieldOf(alias string) string {
	name, _, _ := strings.Cut(alias, "__")
	name, _, _ = strings.Cut(name, "_")
	return name
}

// calls returns the calls of a field below the root: one, or one for each version.
func (d *doors) calls(def *ast.Definition, f *ast.FieldDefinition) (calls []string, err error) {
	var arguments []string
	for _, a := range f.Arguments {
		switch {
		case a.Name == "version":
			for v := 1; v <= versions; v++ {
				calls = append(calls, fmt.Sprintf("%s(version: %d)", f.Name, v))
			}
			return calls, nil
		case a.Name == "first":
			arguments = append(arguments, "first: 500")
		case a.Name == "ids":
			arguments = append(arguments, fmt.Sprintf("ids: %q", d.some(f.Type.Name())))
		case def.Name == "Query" && a.Type.NonNull: // of a payload: the root selects each id
			return nil, nil
		case a.Type.NonNull:
			return nil, fmt.Errorf("the walk has no value for the argument %s of %s.%s: teach it in doors.calls", a.Name, def.Name, f.Name)
		}
	}
	if arguments == nil {
		return []string{f.Name}, nil
	}
	return []string{f.Name + "(" + strings.Join(arguments, ", ") + ")"}, nil
}

// shows reports whether a type is a node or an event.
func (d *doors) shows(t *ast.Type) bool {
	def := d.schema.Types[t.Name()]
	return slices.ContainsFunc([]string{"Node", "Event"}, func(name string) bool {
		return def.Name == name || slices.Contains(def.Interfaces, name)
	})
}

// required returns the fields, as Type.field, that must be reached: those of nodes and events that
// lead to objects, and those on the way to a node or an event.
func (d *doors) required() (all []string) {
	for _, def := range d.schema.Types {
		if def.Kind != ast.Object || strings.HasPrefix(def.Name, "__") {
			continue
		}
		for _, f := range def.Fields {
			below := d.schema.Types[f.Type.Name()]
			if strings.HasPrefix(f.Name, "__") || below.IsLeafType() {
				continue
			}
			if d.shows(ast.NamedType(def.Name, nil)) || d.leads(below, map[string]bool{}) {
				all = append(all, def.Name+"."+f.Name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// leads reports whether a type leads to a node or an event.
func (d *doors) leads(def *ast.Definition, seen map[string]bool) bool {
	if def.IsLeafType() || seen[def.Name] {
		return false
	}
	seen[def.Name] = true
	if d.shows(ast.NamedType(def.Name, nil)) {
		return true
	}
	types := []*ast.Definition{def}
	if def.IsAbstractType() {
		types = d.schema.GetPossibleTypes(def)
	}
	return slices.ContainsFunc(types, func(one *ast.Definition) bool {
		return slices.ContainsFunc(one.Fields, func(f *ast.FieldDefinition) bool { return d.leads(d.schema.Types[f.Type.Name()], seen) })
	})
}
