package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed plan.gotpl
var planTemplate string

// planned lists the fields of Query that have plans: the lists that are served at least 1.3 times
// as fast with a plan as without one. See docs/performance.md.
var planned = []string{"contents", "events", "nodes", "presentations", "users"}

// plugin writes plan.generated.go and source.generated.go.
type plugin struct{}

// Name returns the name of the plugin in gqlgen's errors.
func (plugin) Name() string { return "plan" }

// GenerateCode writes a table of the types that the planned fields lead to, and for each type a
// function that writes an object by a plan.
func (plugin) GenerateCode(data *codegen.Data) error {
	s := &schema{data: data, numbers: map[string]int{}, references: map[string]reference{}}
	s.add(data.QueryRoot)
	for i := 0; i < len(s.Types); i++ { // it grows meanwhile
		s.fields(s.Types[i])
	}
	for _, name := range slices.Sorted(maps.Keys(s.references)) {
		s.References = append(s.References, s.references[name])
	}
	for _, input := range data.Inputs {
		if !input.HasUnmarshal() {
			s.Inputs = append(s.Inputs, input)
		}
	}
	err := templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Template:        planTemplate,
		Filename:        filepath.Join(data.Config.Exec.Dir(), "plan.generated.go"),
		Data:            s,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
	})
	if err != nil {
		return err
	}
	return generateSources(data)
}

// schema is the data of the template.
type schema struct {
	Types      []*object
	References []reference
	Inputs     []*codegen.Object

	data       *codegen.Data
	numbers    map[string]int // of types, by name
	references map[string]reference
}

// object is an object type.
type object struct {
	Name   string
	Object *codegen.Object
	Fields []field
}

// field is a field of an object type.
type field struct {
	*codegen.Field
	Number int
	To     []int // the numbers of the types that the field leads to; none for a leaf
	Plan   string
	// Unplanned marks a field that only gqlgen executes.
	Unplanned bool
}

// reference is the type of a field: an object, or a list of objects.
type reference struct {
	*config.TypeReference
	Name, ElemName string
	Implementors   []codegen.InterfaceImplementor
}

// add gives a type a number.
func (s *schema) add(o *codegen.Object) int {
	n, ok := s.numbers[o.Name]
	if !ok {
		n = len(s.Types)
		s.numbers[o.Name] = n
		s.Types = append(s.Types, &object{Name: o.Name, Object: o})
	}
	return n
}

func (s *schema) fields(o *object) {
	for _, f := range o.Object.Fields {
		if f.IsReserved() {
			continue // only gqlgen knows the schema
		}
		field := field{Field: f, Number: len(o.Fields), Unplanned: unplanned(o.Object, f)}
		kind := f.TypeReference.Definition.Kind
		if composite := kind == ast.Object || kind == ast.Interface || kind == ast.Union; composite && !field.Unplanned {
			for _, name := range s.possible(f.TypeReference.Definition) {
				field.To = append(field.To, s.add(s.data.Objects.ByName(name)))
			}
			field.Plan = s.refer(f.TypeReference)
		}
		o.Fields = append(o.Fields, field)
	}
}

// unplanned reports whether only gqlgen executes a field. Below Query this is a field that asks for
// something of its own for each object: gqlgen asks for several objects at the same time.
func unplanned(o *codegen.Object, f *codegen.Field) bool {
	if o.Root && !slices.Contains(planned, f.Name) || !o.Root && (f.IsResolver || len(f.Args) > 0) {
		return true
	}
	t := f.TypeReference
	return f.HasDirectives() || f.IsBatch() || f.IsMap() || f.HasHaser || f.VOkFunc || t.IsRoot || t.IsPtrToPtr() || t.IsPtrToSlice() || t.IsPtrToIntf()
}

// possible returns the object types that a type can be, in the order of gqlgen's own switch.
func (s *schema) possible(d *ast.Definition) (names []string) {
	if d.Kind == ast.Object {
		return []string{d.Name}
	}
	for _, implementor := range s.data.Interfaces[d.Name].Implementors {
		names = append(names, implementor.Name)
	}
	return names
}

// refer adds a type whose values are written, and returns the name of the function that writes
// them.
func (s *schema) refer(t *config.TypeReference) string {
	name := "plan" + t.UniquenessKey()
	if _, ok := s.references[name]; ok {
		return name
	}
	r := reference{TypeReference: t, Name: name}
	if i := s.data.Interfaces[t.Definition.Name]; i != nil && !t.IsSlice() {
		r.Implementors = i.Implementors
	}
	s.references[name] = r
	if t.IsSlice() {
		r.ElemName = s.refer(t.Elem())
		s.references[name] = r
	}
	return name
}

// Function returns the name of gqlgen's own function for the field.
func (f field) Function() string { return "_" + f.Object.Name + "_" + f.Name }

// Resolve returns the statements that find the value of the field, as gqlgen's own functions do.
func (f field) Resolve() string {
	var b strings.Builder
	if len(f.Args) > 0 {
		b.WriteString("fc := graphql.GetFieldContext(ctx)\n")
	}
	switch {
	case f.IsResolver:
		fmt.Fprintf(&b, "return ec.Resolvers.%s", f.ShortInvocation())
	case f.IsMethod() && f.NoErr:
		fmt.Fprintf(&b, "return obj.%s(%s), nil", f.GoFieldName, f.CallArgs())
	case f.IsMethod():
		fmt.Fprintf(&b, "return obj.%s(%s)", f.GoFieldName, f.CallArgs())
	default:
		fmt.Fprintf(&b, "return obj.%s, nil", f.GoFieldName)
	}
	return b.String()
}

// inMemory reports whether the value is in memory, so that reading it cannot fail.
func (f field) inMemory() bool {
	return !f.Unplanned && (f.IsVariable() || f.IsMethod() && f.NoErr && !f.MethodHasContext && !types.IsInterface(f.TypeReference.GO))
}

// Variable returns the name of the Go struct's field that a leaf is copied from, and "" for any
// other field.
func (f field) Variable() string {
	if f.IsVariable() && f.Leaf() != "" {
		return f.GoFieldName
	}
	return ""
}

// Check and OrInvalid enclose the expression that writes a field and returns false for null. A null
// where the schema allows none makes the whole object null.
func (f field) Check() string {
	if f.TypeReference.GQL.NonNull {
		return "valid = "
	}
	return ""
}

// OrInvalid returns the text after the expression: see Check.
func (f field) OrInvalid() string {
	if f.TypeReference.GQL.NonNull {
		return " && valid"
	}
	return ""
}

// Leaf returns the statement that writes a scalar or an enum in memory, and "" for a field that
// gqlgen's own function writes.
func (f field) Leaf() string {
	t := f.TypeReference
	kind := t.Definition.Kind
	if kind != ast.Scalar && kind != ast.Enum || !f.inMemory() {
		return ""
	}
	value := "obj." + f.GoFieldName
	if f.IsMethod() {
		value += "()"
	}
	if !t.IsSlice() {
		return leaf(t, value)
	}
	elem := leaf(t.Elem(), "v")
	if elem == "" || t.Elem().IsNilable() {
		return ""
	}
	list := fmt.Sprintf("w.buf = append(w.buf, '[')\nfor i, v := range %s {\nif i > 0 {\nw.buf = append(w.buf, ',')\n}\n%s\n}\nw.buf = append(w.buf, ']')", value, elem)
	if t.GQL.NonNull {
		return list
	}
	return fmt.Sprintf("if %s == nil {\nw.null()\n} else {\n%s\n}", value, list)
}

// leaf returns the statement that writes the value of an expression.
func leaf(t *config.TypeReference, value string) string {
	if !t.IsPtr() && config.IsNilable(t.GO) {
		return "" // each such type has a nil of its own
	}
	if !t.IsPtr() {
		return plainLeaf(t, value)
	}
	inner := plainLeaf(t.Elem(), "*p")
	if inner == "" || t.GQL.NonNull { // a nil pointer is an error then
		return ""
	}
	return fmt.Sprintf("if p := %s; p == nil {\nw.null()\n} else {\n%s\n}", value, inner)
}

// plainLeaf returns the statement that writes a value that is not nil: by the function Append…
// beside the function Marshal… of its type, or by its own method MarshalGQL.
func plainLeaf(t *config.TypeReference, value string) string {
	switch {
	case t.IsContext || t.CastType != nil || t.HasEnumValues() || config.IsNilable(t.GO):
		return ""
	case t.Marshaler != nil:
		name := "Append" + strings.TrimPrefix(t.Marshaler.Name(), "Marshal")
		if t.Marshaler.Pkg().Scope().Lookup(name) == nil {
			return ""
		}
		return fmt.Sprintf("w.buf = %s.%s(w.buf, %s)", templates.CurrentImports.Lookup(t.Marshaler.Pkg().Path()), name, value)
	case t.IsMarshaler:
		receiver := value
		if strings.HasPrefix(value, "*") {
			receiver = strings.TrimPrefix(value, "*") // a pointer has the methods too
		}
		return fmt.Sprintf("%s.MarshalGQL(w)", receiver)
	}
	return ""
}
