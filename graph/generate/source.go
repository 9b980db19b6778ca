package main

import (
	_ "embed"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed source.gotpl
var sourceTemplate string

// sourcedType is a type with fields whose sources are known.
type sourcedType struct {
	Name   string
	Fields []sourcedField
}

// sourcedField is a field with the name of its source in package graph.
type sourcedField struct{ Name, Source string }

// generateSources writes source.generated.go: what each field of the schema is made of.
func generateSources(data *codegen.Data) error {
	var all []sourcedType
	for _, o := range data.Objects {
		if o.Root || o.IsReserved() {
			continue
		}
		t := sourcedType{Name: o.Name}
		for _, f := range o.Fields {
			if s := source(o, f); s != "" && !f.IsReserved() {
				t.Fields = append(t.Fields, sourcedField{f.Name, s})
			}
		}
		all = append(all, t)
	}
	for _, d := range data.Schema.Types {
		if d.Kind == ast.Interface && !d.BuiltIn {
			all = append(all, sharedSources(data, d))
		}
	}
	all = slices.DeleteFunc(all, func(t sourcedType) bool { return len(t.Fields) == 0 })
	slices.SortFunc(all, func(a, b sourcedType) int { return strings.Compare(a.Name, b.Name) })
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Template:        sourceTemplate,
		Filename:        filepath.Join(data.Config.Exec.Dir(), "source.generated.go"),
		Data:            all,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
	})
}

// sharedSources returns the fields of an interface that have one source in all its object types.
func sharedSources(data *codegen.Data, d *ast.Definition) sourcedType {
	t := sourcedType{Name: d.Name}
	for _, field := range d.Fields {
		var found []string
		for _, possible := range data.Schema.GetPossibleTypes(d) {
			o := data.Objects.ByName(possible.Name)
			for _, f := range o.Fields {
				if f.Name == field.Name {
					found = append(found, source(o, f))
				}
			}
		}
		slices.Sort(found)
		if found = slices.Compact(found); len(found) == 1 && found[0] != "" {
			t.Fields = append(t.Fields, sourcedField{field.Name, found[0]})
		}
	}
	return t
}

// source returns the source of a field, and "" for a computed one.
func source(o *codegen.Object, f *codegen.Field) string {
	if f.IsResolver || f.IsMap() || f.HasDirectives() || len(f.Args) > 0 || f.IsMethod() && (!f.NoErr || f.MethodHasContext) {
		return ""
	}
	switch f.TypeReference.Definition.Kind {
	case ast.Object, ast.Interface, ast.Union:
		return "Selection"
	}
	columns := columnsOf(o.Type)
	if f.IsMethod() && len(columns) > 0 || f.IsVariable() && slices.Contains(columns, f.GoFieldName) {
		return "Row"
	}
	return ""
}

// columnsOf returns the fields of a Go struct that are columns of a table: those with a tag of bun.
func columnsOf(t types.Type) (names []string) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for i := range s.NumFields() {
		if tag := reflect.StructTag(s.Tag(i)).Get("bun"); tag != "" && tag != "-" {
			names = append(names, s.Field(i).Name())
		}
	}
	return names
}
