package web

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// usualList is how long a list is taken to be that does not say.
const usualList = 20

// weigh refuses an operation whose answer may hold too many fields.
func (l Limits) weigh(op *graphql.OperationContext) *gqlerror.Error {
	if l.Complexity <= 0 {
		return nil
	}
	w := weight{variables: op.Variables}
	if total := w.selections(op.Operation.SelectionSet, false); total > l.Complexity {
		return beyond("complexity", l.Complexity, total, op.Operation.Position,
			"ask for fewer fields, or for shorter lists with first or last")
	}
	return nil
}

// weight estimates how many fields an answer holds at most. It needs a validated
// document.
type weight struct {
	variables map[string]any
	known     map[spread]int // of fragments, so that one spread twice in each of n is walked n times and not 2^n
}

// spread is a fragment and the place where it is spread.
type spread struct {
	name    string
	counted bool
}

// selections weighs a selection set. counted says that it is that of a connection,
// whose length is in the weight already.
func (w *weight) selections(set ast.SelectionSet, counted bool) (total int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			total = plus(total, w.field(selection, counted))
		case *ast.InlineFragment:
			total = plus(total, w.selections(selection.SelectionSet, counted))
		case *ast.FragmentSpread:
			total = plus(total, w.fragment(selection, counted))
		}
	}
	return total
}

func (w *weight) fragment(f *ast.FragmentSpread, counted bool) int {
	key := spread{f.Name, counted}
	total, ok := w.known[key]
	if !ok && f.Definition != nil {
		total = w.selections(f.Definition.SelectionSet, counted)
		if w.known == nil {
			w.known = map[spread]int{}
		}
		w.known[key] = total
	}
	return total
}

func (w *weight) field(f *ast.Field, counted bool) int {
	if f.Definition == nil || len(f.SelectionSet) == 0 {
		return 1
	}
	if f.Name == "__schema" || f.Name == "__type" {
		return 1 // small, and bounded by other limits
	}
	length, connection := w.length(f, counted)
	return plus(1, times(length, w.selections(f.SelectionSet, connection)))
}

// length returns how many objects a field may lead to. connection says that the lists
// right below the field are of that length.
func (w *weight) length(f *ast.Field, counted bool) (length int, connection bool) {
	arguments := f.Definition.Arguments
	switch {
	case arguments.ForName("first") != nil:
		for _, name := range []string{"first", "last"} {
			if n, ok := w.number(f.Arguments.ForName(name)); ok {
				return n, true
			}
		}
		return usualList, true
	case arguments.ForName("ids") != nil:
		if argument := f.Arguments.ForName("ids"); argument != nil {
			return w.elements(argument.Value), false
		}
	case f.Definition.Type.Elem != nil && !counted:
		return usualList, false
	}
	return 1, false
}

// number returns the value of an argument that is given and not null.
func (w *weight) number(argument *ast.Argument) (int, bool) {
	if argument == nil {
		return 0, false
	}
	if argument.Value.Kind == ast.IntValue {
		return parseLength(argument.Value.Raw)
	}
	switch n := w.variable(argument.Value).(type) {
	case int:
		return max(n, 0), true
	case int64:
		return int(max(n, 0)), true
	case json.Number:
		return parseLength(n.String())
	}
	return 0, false
}

// parseLength takes a number that fits nothing for the largest: whoever sent it is
// told elsewhere.
func parseLength(digits string) (int, bool) {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return math.MaxInt, true
	}
	return max(n, 0), true
}

func (w *weight) variable(value *ast.Value) any {
	if value.Kind != ast.Variable {
		return nil
	}
	return w.variables[value.Raw]
}

// elements returns the length of a list that is given in the document or a variable.
func (w *weight) elements(value *ast.Value) int {
	if list, ok := w.variable(value).([]any); ok {
		return len(list)
	}
	return max(1, len(value.Children))
}

// plus and times stay at the largest number instead of passing it.
func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func times(a, b int) int {
	if a != 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}
