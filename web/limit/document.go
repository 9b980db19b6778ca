package limit

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
)

// documentCounter counts the parts of a document, in one walk over its text and before validation:
// some validation rules take time quadratic in the document's size.
type documentCounter struct {
	limits    Limits
	fragments map[string]*ast.FragmentDefinition
	// shapes holds the fragments that were walked. The entry of a fragment exists before its walk
	// ends, so that a cycle of fragments ends.
	shapes map[string]*shape

	fields, aliases, directives int
	introspects                 bool
	refused                     *gqlerror.Error // the first limit that was exceeded
}

// shape is the size that a selection set adds to the set around it.
type shape struct {
	depth  int // of its fields; 0 without fields
	fields int // at its top
	nested int // fragments within fragments
}

// CheckDocument counts a parsed document, which need not be valid. It reports whether the document
// asks for the schema, and returns the first limit that the document exceeds, or nil.
func (l Limits) CheckDocument(doc *ast.QueryDocument) (introspects bool, refused *gqlerror.Error) {
	c := documentCounter{limits: l, fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)), shapes: map[string]*shape{}}
	for _, f := range doc.Fragments {
		c.fragments[f.Name] = f
		c.check("fragments", l.Fragments, len(doc.Fragments), f.Position, "define fewer")
	}
	for _, op := range doc.Operations {
		c.countDirectives(op.Directives)
		for _, v := range op.VariableDefinitions {
			c.countDirectives(v.Directives)
			c.countLists(v.DefaultValue)
		}
		s := c.countSelections(op.SelectionSet, false)
		c.check("depth", l.Depth, s.depth, op.Position, "ask for what lies deeper in another operation")
		c.check("rootFields", l.RootFields, s.fields, op.Position, "send several operations")
		c.check("fragmentNesting", l.FragmentNest, s.nested, op.Position, "spread fragments less deeply")
	}
	for _, f := range doc.Fragments {
		c.countFragment(f.Name) // counts a fragment without a spread, too
	}
	return c.introspects, c.refused
}

func (c *documentCounter) check(limit string, most, actual int, at *ast.Position, advice string) {
	if most > 0 && actual > most && c.refused == nil {
		c.refused = exceeded(limit, most, actual, at, advice)
	}
}

// countSelections counts a selection set. Below the schema it counts no depth, which the validation
// rule MaxIntrospectionDepth bounds there.
func (c *documentCounter) countSelections(set ast.SelectionSet, schema bool) (s shape) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			s.depth = max(s.depth, c.countField(selection, schema))
			s.fields++
		case *ast.InlineFragment:
			c.countDirectives(selection.Directives)
			s.join(c.countSelections(selection.SelectionSet, schema), 0)
		case *ast.FragmentSpread:
			c.countDirectives(selection.Directives)
			s.join(*c.countFragment(selection.Name), 1)
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

// countField counts a field and returns its depth.
func (c *documentCounter) countField(f *ast.Field, schema bool) int {
	c.fields++
	c.check("fields", c.limits.Fields, c.fields, f.Position, "send several operations")
	if f.Alias != "" && f.Alias != f.Name {
		c.aliases++
		c.check("aliases", c.limits.Aliases, c.aliases, f.Position, "send several operations")
	}
	c.countDirectives(f.Directives)
	for _, argument := range f.Arguments {
		c.countLists(argument.Value)
	}
	if f.Name == "__schema" || f.Name == "__type" {
		schema, c.introspects = true, true
	}
	below := c.countSelections(f.SelectionSet, schema)
	c.check("fragmentNesting", c.limits.FragmentNest, below.nested, f.Position, "spread fragments less deeply")
	if schema {
		return 0
	}
	return 1 + below.depth
}

// countFragment returns the shape of a fragment, which it counts once. An undefined fragment is
// empty here; validation reports it.
func (c *documentCounter) countFragment(name string) *shape {
	if known, ok := c.shapes[name]; ok {
		return known
	}
	s := new(shape)
	c.shapes[name] = s
	if definition := c.fragments[name]; definition != nil {
		c.countDirectives(definition.Directives)
		*s = c.countSelections(definition.SelectionSet, isSchemaType(definition.TypeCondition))
	}
	return s
}

// isSchemaType reports whether a type belongs to introspection.
func isSchemaType(name string) bool { return len(name) > 2 && name[:2] == "__" }

func (c *documentCounter) countDirectives(list ast.DirectiveList) {
	for _, directive := range list {
		c.directives++
		c.check("directives", c.limits.Directives, c.directives, directive.Position, "use fewer @skip and @include")
		for _, argument := range directive.Arguments {
			c.countLists(argument.Value)
		}
	}
}

// countLists checks the length of every list in a value.
func (c *documentCounter) countLists(v *ast.Value) {
	if v == nil {
		return
	}
	if v.Kind == ast.ListValue {
		c.check("list", c.limits.List, len(v.Children), v.Position, "send a shorter list")
	}
	for _, child := range v.Children {
		c.countLists(child.Value)
	}
}

// CheckVariables checks the length of every list in the variables of a request, which are decoded
// JSON.
func (l Limits) CheckVariables(value any) *gqlerror.Error {
	switch value := value.(type) {
	case []any:
		if l.List > 0 && len(value) > l.List {
			return exceeded("list", l.List, len(value), nil, "send a shorter list")
		}
		for _, element := range value {
			if err := l.CheckVariables(element); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range value {
			if err := l.CheckVariables(member); err != nil {
				return err
			}
		}
	}
	return nil
}

// CheckTokens counts the lexical tokens of a text that the parser has refused: the parser's error
// is the same for a text with too many tokens and for one with a syntax error. It returns nil for
// the latter.
func (l Limits) CheckTokens(text string) *gqlerror.Error {
	if tokens := countTokens(text, l.Tokens); l.Tokens > 0 && tokens > l.Tokens {
		return exceeded("tokens", l.Tokens, tokens, nil, "send a shorter document, and values in variables")
	}
	return nil
}

// countTokens counts up to most+1 tokens.
func countTokens(text string, most int) (n int) {
	for l := lexer.New(&ast.Source{Input: text}); n <= most; {
		switch token, err := l.ReadToken(); {
		case err != nil || token.Kind == lexer.EOF:
			return n
		case token.Kind != lexer.Comment:
			n++
		}
	}
	return n
}
