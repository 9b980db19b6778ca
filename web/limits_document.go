package web

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// census counts what a document holds, in one walk over its text and before it is
// validated: some rules of validation take time by the square of what they see.
type census struct {
	limits    Limits
	fragments map[string]*ast.FragmentDefinition
	// spread is what is known of the fragments that were walked; one that is being
	// walked has its entry already, so that a circle ends.
	spread map[string]*shape

	fields, aliases, directives int
	introspects                 bool
	refused                     *gqlerror.Error // the first limit that was met
}

// shape is what a selection set adds to the one that it stands in.
type shape struct {
	depth  int // of its fields; 0 for none
	fields int // at its top
	nested int // fragments within fragments
}

// take counts a document. introspects says whether it asks for the schema.
func (l Limits) take(doc *ast.QueryDocument) (introspects bool, refused *gqlerror.Error) {
	c := census{limits: l, fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)), spread: map[string]*shape{}}
	for _, f := range doc.Fragments {
		c.fragments[f.Name] = f
		c.check("fragments", l.Fragments, len(doc.Fragments), f.Position, "define fewer")
	}
	for _, op := range doc.Operations {
		c.directed(op.Directives)
		for _, v := range op.VariableDefinitions {
			c.directed(v.Directives)
			c.value(v.DefaultValue)
		}
		s := c.selections(op.SelectionSet, false)
		c.check("depth", l.Depth, s.depth, op.Position, "ask for what lies deeper in another operation")
		c.check("rootFields", l.RootFields, s.fields, op.Position, "send several operations")
		c.check("fragmentNesting", l.FragmentNest, s.nested, op.Position, "spread fragments less deeply")
	}
	for _, f := range doc.Fragments {
		c.fragment(f.Name) // those that nobody spreads are counted too
	}
	return c.introspects, c.refused
}

func (c *census) check(limit string, most, actual int, at *ast.Position, advice string) {
	if most > 0 && actual > most && c.refused == nil {
		c.refused = beyond(limit, most, actual, at, advice)
	}
}

// selections counts a selection set. Below the schema depth is not counted: the rule
// MaxIntrospectionDepth bounds it there.
func (c *census) selections(set ast.SelectionSet, schema bool) (s shape) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			s.depth = max(s.depth, c.field(selection, schema))
			s.fields++
		case *ast.InlineFragment:
			c.directed(selection.Directives)
			s.join(c.selections(selection.SelectionSet, schema), 0)
		case *ast.FragmentSpread:
			c.directed(selection.Directives)
			s.join(*c.fragment(selection.Name), 1)
		}
	}
	return s
}

// join adds the shape of a fragment that is spread in s.
func (s *shape) join(other shape, level int) {
	s.depth = max(s.depth, other.depth)
	s.fields += other.fields
	s.nested = max(s.nested, other.nested+level)
}

// field counts a field and returns its depth.
func (c *census) field(f *ast.Field, schema bool) int {
	c.fields++
	c.check("fields", c.limits.Fields, c.fields, f.Position, "send several operations")
	if f.Alias != "" && f.Alias != f.Name {
		c.aliases++
		c.check("aliases", c.limits.Aliases, c.aliases, f.Position, "send several operations")
	}
	c.directed(f.Directives)
	for _, argument := range f.Arguments {
		c.value(argument.Value)
	}
	if f.Name == "__schema" || f.Name == "__type" {
		schema, c.introspects = true, true
	}
	below := c.selections(f.SelectionSet, schema)
	c.check("fragmentNesting", c.limits.FragmentNest, below.nested, f.Position, "spread fragments less deeply")
	if schema {
		return 0
	}
	return 1 + below.depth
}

// fragment returns the shape of a fragment, counted once. One that is not defined has
// none: validation says so.
func (c *census) fragment(name string) *shape {
	if known, ok := c.spread[name]; ok {
		return known
	}
	s := new(shape)
	c.spread[name] = s
	if definition := c.fragments[name]; definition != nil {
		c.directed(definition.Directives)
		*s = c.selections(definition.SelectionSet, isSchemaType(definition.TypeCondition))
	}
	return s
}

// isSchemaType reports whether a type is one of introspection.
func isSchemaType(name string) bool { return len(name) > 2 && name[:2] == "__" }

func (c *census) directed(list ast.DirectiveList) {
	for _, directive := range list {
		c.directives++
		c.check("directives", c.limits.Directives, c.directives, directive.Position, "use fewer @skip and @include")
		for _, argument := range directive.Arguments {
			c.value(argument.Value)
		}
	}
}

// value looks for lists that are too long.
func (c *census) value(v *ast.Value) {
	if v == nil {
		return
	}
	if v.Kind == ast.ListValue {
		c.check("list", c.limits.List, len(v.Children), v.Position, "send a shorter list")
	}
	for _, child := range v.Children {
		c.value(child.Value)
	}
}

// takeVariables looks for lists in variables that are too long.
func (l Limits) takeVariables(value any) *gqlerror.Error {
	switch value := value.(type) {
	case []any:
		if l.List > 0 && len(value) > l.List {
			return beyond("list", l.List, len(value), nil, "send a shorter list")
		}
		for _, element := range value {
			if err := l.takeVariables(element); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range value {
			if err := l.takeVariables(member); err != nil {
				return err
			}
		}
	}
	return nil
}
