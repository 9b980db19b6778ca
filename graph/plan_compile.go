package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// planType describes an object type. The table planTypes is generated.
type planType struct {
	name         string
	implementors []string
	fields       []planField
}

// planField describes a field of an object type.
type planField struct {
	name string
	// to has the types of the objects that the field leads to, in the order of gqlgen's own switch.
	// It is nil for a leaf.
	to []int
	// unplanned marks a field that only gqlgen executes: it has arguments or a resolver, so that
	// gqlgen asks for the values of several objects at the same time.
	unplanned bool
	// required marks a field of Query that must not be null.
	required bool
	// method marks a field that is a method of its Go type.
	method bool
	// variable is the name of the Go struct's field that the value is copied from. It is empty for
	// a value that depends on more.
	variable string
}

// operationPlan is a compiled query. Executions use it concurrently.
type operationPlan struct {
	fields []graphql.CollectedField
	steps  []planStep // parallel to fields
	size   int        // in memory, in bytes, with the steps below
}

// plan is the compiled selection of an object type. Several steps may share a plan.
type plan struct {
	typ   int
	steps []planStep
}

// planStep writes one field.
type planStep struct {
	field  graphql.CollectedField
	number int // of the field in its type, or typeName
	// text precedes the value: a separator and the field's name. For __typename it has the value,
	// too.
	text   []byte
	object string // the name of the type
	method bool
	below  []*plan // parallel to planField.to; nil for a leaf, and for a root field without a plan
	reads  reads   // of a root field
}

// typeName is the number of the field __typename.
const typeName = -1

const (
	// maxPlan bounds the plan of one operation, in bytes: 2000 steps with names of usual length.
	maxPlan = 400 << 10
	// stepBytes is the memory of a step beside its text, in bytes, about.
	stepBytes = 192
)

// compiler makes the plan of one operation.
type compiler struct {
	op    *graphql.OperationContext
	known map[planKey]*plan // nil: the selection has no plan
	size  int               // of the plan so far, in bytes
}

// planKey identifies a plan: its type, and the selections that it was compiled from, by address.
type planKey struct {
	typ        int
	selections string
}

// compile returns the plan of a query. It returns nil when none of the root fields has a plan.
func compile(op *graphql.OperationContext) *operationPlan {
	c := &compiler{op: op, known: map[planKey]*plan{}}
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, queryImplementors)
	steps, ok := c.list(0, fields)
	if !ok {
		return nil
	}
	planned := false
	for i := range steps {
		s := &steps[i]
		if s.number == typeName || planTypes[0].fields[s.number].unplanned {
			continue
		}
		if s.below, ok = c.below(0, s); ok && len(s.below) > 0 {
			s.reads = readsOf(s)
			planned = true
		}
	}
	if !planned {
		return nil
	}
	return &operationPlan{fields: fields, steps: steps, size: c.size}
}

// list returns the steps for the fields of a type, without the plans below them. It returns false
// when the fields are gqlgen's to execute: two of them have one name, or one belongs to
// introspection.
func (c *compiler) list(typ int, fields []graphql.CollectedField) ([]planStep, bool) {
	t := &planTypes[typ]
	for _, field := range fields {
		c.size += stepBytes + len(field.Alias)
	}
	if c.size > maxPlan {
		return nil, false
	}
	steps := make([]planStep, len(fields))
	separator := "{"
	for i, field := range fields {
		s := &steps[i]
		*s = planStep{field: field, number: typeName, object: t.name, text: []byte(separator + `"` + field.Alias + `":`)}
		separator = ","
		if slices.ContainsFunc(fields[:i], func(f graphql.CollectedField) bool { return f.Alias == field.Alias }) {
			return nil, false
		}
		if field.Name == "__typename" {
			s.text = append(s.text, `"`+t.name+`"`...)
			continue
		}
		if s.number = slices.IndexFunc(t.fields, func(f planField) bool { return f.name == field.Name }); s.number < 0 {
			return nil, false
		}
		s.method = t.fields[s.number].method
	}
	return steps, true
}

// plan returns the plan of the selections of a type, and nil when there is none.
func (c *compiler) plan(typ int, selections ast.SelectionSet) *plan {
	key := planKey{typ, addresses(selections)}
	if known, ok := c.known[key]; ok {
		return known
	}
	c.known[key] = nil
	steps, ok := c.list(typ, graphql.CollectFields(c.op, selections, planTypes[typ].implementors))
	if !ok {
		return nil
	}
	for i := range steps {
		s := &steps[i]
		if s.number == typeName {
			continue
		}
		if planTypes[typ].fields[s.number].unplanned {
			return nil
		}
		if s.below, ok = c.below(typ, s); !ok {
			return nil
		}
	}
	made := &plan{typ, steps}
	c.known[key] = made
	return made
}

// below returns the plans for the types that a step leads to. It returns false when one of them has
// no plan.
func (c *compiler) below(typ int, s *planStep) (plans []*plan, ok bool) {
	for _, to := range planTypes[typ].fields[s.number].to {
		p := c.plan(to, s.field.Selections)
		if p == nil {
			return nil, false
		}
		plans = append(plans, p)
	}
	return plans, true
}

// addresses identifies selections.
func addresses(set ast.SelectionSet) string {
	var b strings.Builder
	for _, selection := range set {
		fmt.Fprintf(&b, "%p ", selection)
	}
	return b.String()
}
