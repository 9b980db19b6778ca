package graph

import (
	"context"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
)

// draftLocation is a location of directives in drafts of the specification, which released tools do
// not know. gqlparser declares it.
const draftLocation = "DIRECTIVE_DEFINITION"

// Schema returns the schema that is served: that of schema/ with the definitions of the
// specification that released tools know. gqlparser adds those of drafts, and @defer, which no
// transport of this program serves.
func Schema() *ast.Schema {
	schema := *parsedSchema
	schema.Directives, schema.Types = maps.Clone(schema.Directives), maps.Clone(schema.Types)
	delete(schema.Directives, "defer")
	for name, d := range schema.Directives {
		if slices.Contains(d.Locations, draftLocation) {
			known := *d
			known.Locations = slices.DeleteFunc(slices.Clone(d.Locations), func(l ast.DirectiveLocation) bool { return l == draftLocation })
			schema.Directives[name] = &known
		}
	}
	locations := *schema.Types["__DirectiveLocation"]
	locations.EnumValues = slices.DeleteFunc(slices.Clone(locations.EnumValues), func(v *ast.EnumValueDefinition) bool { return v.Name == draftLocation })
	schema.Types[locations.Name] = &locations
	return &schema
}

// specifiedNulls returns the middleware around a resolver of introspection that answers null where
// the specification says so. gqlgen answers an empty list there, or false.
func specifiedNulls(around graphql.FieldMiddleware) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		value, err := around(ctx, next)
		if err == nil && absent(ctx, value) {
			return nil, nil
		}
		return value, err
	}
}

// absent reports whether the value of a field is one that gqlgen has for a kind of types without
// the field.
func absent(ctx context.Context, value any) bool {
	empty := false
	switch value := value.(type) {
	case []introspection.Field:
		empty = len(value) == 0
	case []introspection.Type:
		empty = len(value) == 0
	case []introspection.EnumValue:
		empty = len(value) == 0
	case []introspection.InputValue:
		empty = len(value) == 0
	case bool:
		empty = !value
	}
	if !empty {
		return false
	}
	field := graphql.GetFieldContext(ctx)
	if field.Object != "__Type" || field.Parent == nil {
		return false
	}
	t, ok := field.Parent.Result.(*introspection.Type)
	return ok && !slices.Contains(kindsWith[field.Field.Name], ast.DefinitionKind(t.Kind()))
}

// kindsWith has the kinds of types that have a field of __Type. See
// https://spec.graphql.org/October2021/#sec-The-__Type-Type.
var kindsWith = map[string][]ast.DefinitionKind{
	"fields":        {ast.Object, ast.Interface},
	"interfaces":    {ast.Object, ast.Interface},
	"possibleTypes": {ast.Interface, ast.Union},
	"enumValues":    {ast.Enum},
	"inputFields":   {ast.InputObject},
	"isOneOf":       {ast.InputObject},
}
