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

// plugin writes plan.generated.go.
type plugin struct{}

// Name is how gqlgen calls the plugin in errors.
func (plugin) Name() string { return "plan" }

// GenerateCode writes the types that a query can lead to: what their fields are, and a
// function for each that writes an object by a plan.
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
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Template:        planTemplate,
		Filename:        filepath.Join(data.Config.Exec.Dir(), "plan.generated.go"),
		Data:            s,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
	})
}

// schema is what the template is given.
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
	To     []int // the numbers of the types that it leads to; none for a leaf
	Plan   string
}

// reference is a type as a field has it: an object, or a list of them.
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
			continue // the schema is gqlgen's to tell
		}
		field := field{Field: f, Number: len(o.Fields)}
		kind := f.TypeReference.Definition.Kind
		if composite := kind == ast.Object || kind == ast.Interface || kind == ast.Union; composite && !f.TypeReference.IsRoot && planned(f) {
			for _, name := range s.possible(f.TypeReference.Definition) {
				field.To = append(field.To, s.add(s.data.Objects.ByName(name)))
			}
			field.Plan = s.refer(f.TypeReference)
		}
		o.Fields = append(o.Fields, field)
	}
}

// planned reports whether a field is one of those that the template can write.
func planned(f *codegen.Field) bool {
	return !f.HasDirectives() && !f.IsBatch() && !f.IsMap() && !f.HasHaser && !f.VOkFunc && !f.TypeReference.IsPtrToPtr() &&
		!f.TypeReference.IsPtrToSlice() && !f.TypeReference.IsPtrToIntf()
}

// possible returns the types that a type can be, in the order of gqlgen's own switch.
func (s *schema) possible(d *ast.Definition) (names []string) {
	if d.Kind == ast.Object {
		return []string{d.Name}
	}
	for _, implementor := range s.data.Interfaces[d.Name].Implementors {
		names = append(names, implementor.Name)
	}
	return names
}

// refer notes that values of a type are to be written, and returns the name of the
// function that does.
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

// List reports whether the field leads to several objects.
func (f field) List() bool { return f.TypeReference.GQL.Elem != nil }

// Slow reports whether the field asks something of its own for each object, which
// gqlgen does for several objects at once.
func (f field) Slow() bool { return f.IsResolver || len(f.Args) > 0 }

// Function is gqlgen's own for the field.
func (f field) Function() string { return "_" + f.Object.Name + "_" + f.Name }

// Resolve is how the value of the field is found, as gqlgen's own functions do it.
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

// inMemory reports whether the value is there without a question that could fail.
func (f field) inMemory() bool {
	return !f.IsResolver && len(f.Args) == 0 && planned(f.Field) &&
		(f.IsVariable() || f.IsMethod() && f.NoErr && !f.MethodHasContext && !types.IsInterface(f.TypeReference.GO))
}

// Variable is the field of the Go struct that a leaf shows, "" for what is more than that.
func (f field) Variable() string {
	if f.IsVariable() && f.Leaf() != "" {
		return f.GoFieldName
	}
	return ""
}

// InMemory is inMemory of a field that leads to objects.
func (f field) InMemory() bool { return f.To != nil && f.inMemory() }

// Value is the Go expression for a field that is in memory.
func (f field) Value() string {
	if f.IsMethod() {
		return "obj." + f.GoFieldName + "()"
	}
	return "obj." + f.GoFieldName
}

// Check and OrInvalid are around what writes a field and reports whether that is not
// null: where the schema has no null, the object is null then as a whole.
func (f field) Check() string {
	if f.TypeReference.GQL.NonNull {
		return "valid = "
	}
	return ""
}

// OrInvalid is said at Check.
func (f field) OrInvalid() string {
	if f.TypeReference.GQL.NonNull {
		return " && valid"
	}
	return ""
}

// Leaf is the statement that writes a field in memory that has no fields of its own, ""
// where gqlgen's own function has to.
func (f field) Leaf() string {
	t := f.TypeReference
	kind := t.Definition.Kind
	if kind != ast.Scalar && kind != ast.Enum || !f.inMemory() {
		return ""
	}
	if !t.IsSlice() {
		return leaf(t, f.Value())
	}
	elem := leaf(t.Elem(), "v")
	if elem == "" || t.Elem().IsNilable() {
		return ""
	}
	list := fmt.Sprintf("w.buf = append(w.buf, '[')\nfor i, v := range %s {\nif i > 0 {\nw.buf = append(w.buf, ',')\n}\n%s\n}\nw.buf = append(w.buf, ']')", f.Value(), elem)
	if t.GQL.NonNull {
		return list
	}
	return fmt.Sprintf("if %s == nil {\nw.null()\n} else {\n%s\n}", f.Value(), list)
}

// leaf is the statement that writes the value of an expression.
func leaf(t *config.TypeReference, value string) string {
	if !t.IsPtr() && config.IsNilable(t.GO) {
		return "" // what nil is differs
	}
	if !t.IsPtr() {
		return plainLeaf(t, value)
	}
	inner := plainLeaf(t.Elem(), "*p")
	if inner == "" || t.GQL.NonNull { // nil is an error then
		return ""
	}
	return fmt.Sprintf("if p := %s; p == nil {\nw.null()\n} else {\n%s\n}", value, inner)
}

// plainLeaf writes a value that is not nil: by the function Append… beside the function
// Marshal… of its type, or by its own method MarshalGQL.
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
