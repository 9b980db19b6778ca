package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// planType is what plans have to know of an object type; generated.
type planType struct {
	name         string
	implementors []string
	fields       []planField
}

// planField is what plans have to know of a field.
type planField struct {
	name string
	// to are the types that it can lead to, in the order of gqlgen's own switch; nil for
	// a leaf, and for what only gqlgen executes.
	to []int
	// required says that it must not be null.
	required bool
	list     bool
	// method says that it is a method of its object.
	method bool
	// concurrent says that gqlgen executes it beside its siblings.
	concurrent bool
	// slow says that it asks something of its own for each object, instead of once for
	// all of a page.
	slow bool
	// variable is the field of the Go struct that it shows; "" for what is more than that.
	variable string
}

// operationPlan is a query, compiled. Several executions may use it at the same time.
type operationPlan struct {
	fields []graphql.CollectedField
	steps  []planStep // of the fields
	length lengths    // of its answers
	weight int        // how many steps it has with all that is below
}

// plan is what is selected of objects of one type, compiled. Plans below several steps
// may be the same one.
type plan struct {
	typ   int
	steps []planStep
}

// planStep is one field of an answer.
type planStep struct {
	field  graphql.CollectedField
	number int // of the field in its type; typeName for __typename
	// text is written before the value: what separates it from the field before, and its
	// name. For __typename it is all.
	text   []byte
	object string // the name of the type
	method bool
	below  []*plan // beside planField.to; nil: gqlgen executes the field
	reads  reads   // of a field of Query
}

// typeName is the number of __typename.
const typeName = -1

// maxSteps bounds what one plan may hold. What is larger is executed by gqlgen.
const maxSteps = 2000

// compiler makes the plan of one operation.
type compiler struct {
	op      *graphql.OperationContext
	known   map[planKey]compiled
	steps   int
	refused bool
}

// planKey is what determines a plan: the type, and the selections of all that was
// merged, by their addresses.
type planKey struct {
	typ        int
	selections string
}

// compiled is a plan, nil when gqlgen has to execute what is selected, and how many
// fields in it are slow.
type compiled struct {
	plan *plan
	slow int
}

// compile returns the plan of a query, nil when it is gqlgen that has to execute it, or
// when it would not gain anything.
func compile(op *graphql.OperationContext) *operationPlan {
	c := &compiler{op: op, known: map[planKey]compiled{}}
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, queryImplementors)
	p := &operationPlan{fields: fields, steps: c.list(0, fields)}
	gains := false
	for i := range p.steps {
		c.below(0, &p.steps[i])
		p.steps[i].reads = readsOf(&p.steps[i])
		gains = gains || p.steps[i].below != nil
	}
	if c.refused || !gains {
		return nil
	}
	p.weight = c.steps
	return p
}

// list makes the steps of the fields of a type, without what is below them.
func (c *compiler) list(typ int, fields []graphql.CollectedField) []planStep {
	t := &planTypes[typ]
	steps := make([]planStep, len(fields))
	separator := "{"
	for i, field := range fields {
		number := typeName
		if field.Name != "__typename" {
			number = slices.IndexFunc(t.fields, func(f planField) bool { return f.name == field.Name })
			// gqlgen alone knows the schema, and writes what is deferred later.
			c.refused = c.refused || number < 0
		}
		// Two fields of one name are of types that exclude each other, or gqlgen writes
		// the first one only.
		again := slices.ContainsFunc(fields[:i], func(f graphql.CollectedField) bool { return f.Alias == field.Alias })
		c.refused = c.refused || again || len(field.Deferrables) > 0
		s := &steps[i]
		*s = planStep{field: field, number: number, object: t.name, text: []byte(separator + `"` + field.Alias + `":`)}
		if number == typeName {
			s.text = append(s.text, `"`+t.name+`"`...)
		} else if number >= 0 {
			s.method = t.fields[number].method
		}
		separator = ","
	}
	c.steps += len(steps)
	c.refused = c.refused || c.steps > maxSteps
	return steps
}

// plan compiles what is selected of a type. Where gqlgen would execute several slow
// fields of one object at the same time, it is gqlgen that has to.
func (c *compiler) plan(typ int, selections ast.SelectionSet) compiled {
	key := planKey{typ, addresses(selections)}
	if known, ok := c.known[key]; ok {
		return known
	}
	made := compiled{plan: &plan{typ: typ}}
	made.plan.steps = c.list(typ, graphql.CollectFields(c.op, selections, planTypes[typ].implementors))
	concurrent := 0
	for i := range made.plan.steps {
		slow := c.below(typ, &made.plan.steps[i])
		made.slow += slow
		if s := &made.plan.steps[i]; slow > 0 && s.number >= 0 && planTypes[typ].fields[s.number].concurrent {
			concurrent++
		}
	}
	if concurrent > 1 {
		made.plan = nil
	}
	c.known[key] = made
	return made
}

// below compiles what is below a step, and returns how many fields are slow there and in
// the step. A list whose elements have such fields is gqlgen's, which executes them at
// the same time.
func (c *compiler) below(typ int, s *planStep) (slow int) {
	if c.refused || s.number < 0 {
		return 0
	}
	f := &planTypes[typ].fields[s.number]
	if f.slow {
		slow = 1
	}
	plans := make([]*plan, len(f.to))
	for i, to := range f.to {
		made := c.plan(to, s.field.Selections)
		slow += made.slow
		if plans[i] = made.plan; made.plan == nil || f.list && made.slow > 0 {
			plans = nil
			break
		}
	}
	if len(plans) > 0 {
		s.below = plans
	}
	return slow
}

// addresses identifies selections.
func addresses(set ast.SelectionSet) string {
	var b strings.Builder
	for _, selection := range set {
		fmt.Fprintf(&b, "%p ", selection)
	}
	return b.String()
}
