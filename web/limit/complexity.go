package limit

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// defaultListLength is assumed for lists without a first or last argument.
const defaultListLength = 20

// CheckComplexity refuses a validated operation whose answer may hold too many fields.
func (l Limits) CheckComplexity(op *graphql.OperationContext) *gqlerror.Error {
	if l.Complexity <= 0 {
		return nil
	}
	e := estimate{variables: op.Variables}
	if total := e.selections(op.Operation.SelectionSet, false); total > l.Complexity {
		return exceeded("complexity", l.Complexity, total, op.Operation.Position,
			"ask for fewer fields, or for shorter lists with first or last")
	}
	return nil
}

// estimate computes the greatest number of fields that an answer can hold.
type estimate struct {
	variables map[string]any
	// fragments holds the totals of fragments: n fragments that spread the next one twice take n
	// walks, not 2^n.
	fragments map[fragmentUse]int
}

// fragmentUse is a fragment, and whether the lists in it are already counted at its spread.
type fragmentUse struct {
	name    string
	counted bool
}

// selections returns the total of a selection set. counted tells that the set belongs to a
// connection, whose length is counted at the connection's field.
func (e *estimate) selections(set ast.SelectionSet, counted bool) (total int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			total = plus(total, e.field(selection, counted))
		case *ast.InlineFragment:
			total = plus(total, e.selections(selection.SelectionSet, counted))
		case *ast.FragmentSpread:
			total = plus(total, e.fragment(selection, counted))
		}
	}
	return total
}

func (e *estimate) fragment(f *ast.FragmentSpread, counted bool) int {
	use := fragmentUse{f.Name, counted}
	total, ok := e.fragments[use]
	if !ok && f.Definition != nil {
		total = e.selections(f.Definition.SelectionSet, counted)
		if e.fragments == nil {
			e.fragments = map[fragmentUse]int{}
		}
		e.fragments[use] = total
	}
	return total
}

func (e *estimate) field(f *ast.Field, counted bool) int {
	if f.Definition == nil || len(f.SelectionSet) == 0 {
		return 1
	}
	if f.Name == "__schema" || f.Name == "__type" {
		return 1 // small, and bounded by other limits
	}
	length, connection := e.length(f, counted)
	return plus(1, times(length, e.selections(f.SelectionSet, connection)))
}

// length returns the greatest number of objects that a field leads to. connection tells that the
// lists right below the field have that length.
func (e *estimate) length(f *ast.Field, counted bool) (length int, connection bool) {
	arguments := f.Definition.Arguments
	switch {
	case arguments.ForName("first") != nil:
		for _, name := range []string{"first", "last"} {
			if n, ok := e.number(f.Arguments.ForName(name)); ok {
				return n, true
			}
		}
		return defaultListLength, true
	case arguments.ForName("ids") != nil:
		if argument := f.Arguments.ForName("ids"); argument != nil {
			return e.elements(argument.Value), false
		}
	case f.Definition.Type.Elem != nil && !counted:
		return defaultListLength, false
	}
	return 1, false
}

// number returns the value of an argument, and false for an argument that is absent or null.
func (e *estimate) number(argument *ast.Argument) (int, bool) {
	if argument == nil {
		return 0, false
	}
	if argument.Value.Kind == ast.IntValue {
		return parseLength(argument.Value.Raw)
	}
	switch n := e.variable(argument.Value).(type) {
	case int:
		return max(n, 0), true
	case int64:
		return int(max(n, 0)), true
	case json.Number:
		return parseLength(n.String())
	}
	return 0, false
}

// parseLength reads a number, and returns the largest int for digits that fit no int: the executor
// reports those.
func parseLength(digits string) (int, bool) {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return math.MaxInt, true
	}
	return max(n, 0), true
}

func (e *estimate) variable(value *ast.Value) any {
	if value.Kind != ast.Variable {
		return nil
	}
	return e.variables[value.Raw]
}

// elements returns the length of a list in the document or in a variable.
func (e *estimate) elements(value *ast.Value) int {
	if list, ok := e.variable(value).([]any); ok {
		return len(list)
	}
	return max(1, len(value.Children))
}

// plus adds, and returns the largest int instead of overflowing.
func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// times multiplies, and returns the largest int instead of overflowing.
func times(a, b int) int {
	if a != 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}
