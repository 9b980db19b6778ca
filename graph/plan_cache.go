package graph

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxCachedPlans bounds the memory of all cached plans together, in bytes. Only queries of the
// greatest complexity come near it.
const maxCachedPlans = 32 << 20

// maxSwitches bounds the variables of @skip and @include in an operation with plans. Each
// combination of their values has a plan of its own.
const maxSwitches = 4

// planCache has the plans of the operations whose documents are still in memory.
type planCache struct {
	mu    sync.RWMutex // guards known and size
	known map[weak.Pointer[ast.OperationDefinition]]*planVariants
	size  int // of all plans, in bytes
}

// planVariants has the plans of one operation.
type planVariants struct {
	switches []string                      // the variables of @skip and @include
	plans    []atomic.Pointer[planVariant] // empty when gqlgen executes the operation
}

// planVariant has the plan for one combination of the switches. The plan is nil when gqlgen
// executes the operation.
type planVariant struct{ *operationPlan }

// of returns the plan of an operation, and nil when gqlgen executes it.
func (c *planCache) of(op *graphql.OperationContext) *operationPlan {
	key := weak.Make(op.Operation)
	c.mu.RLock()
	v := c.known[key]
	c.mu.RUnlock()
	if v == nil {
		v = c.add(key, op)
	}
	if len(v.plans) == 0 {
		return nil
	}
	at := &v.plans[v.index(op.Variables)]
	if known := at.Load(); known != nil {
		return known.operationPlan
	}
	made := &planVariant{compile(op)}
	if at.CompareAndSwap(nil, made) && made.operationPlan != nil {
		c.count(made.size)
	}
	return made.operationPlan
}

// add adds an operation without plans. It is removed when the last reference to the document is
// gone.
func (c *planCache) add(key weak.Pointer[ast.OperationDefinition], op *graphql.OperationContext) *planVariants {
	v := newPlanVariants(op)
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.known[key]; other != nil {
		return other
	}
	if c.known == nil {
		c.known = map[weak.Pointer[ast.OperationDefinition]]*planVariants{}
	}
	c.known[key] = v
	runtime.AddCleanup(op.Operation, c.remove, key)
	return v
}

// count adds the size of a new plan, and empties the cache when it is too large.
func (c *planCache) count(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += size; c.size > maxCachedPlans {
		clear(c.known)
		c.size = 0
	}
}

// remove removes the plans of an operation.
func (c *planCache) remove(key weak.Pointer[ast.OperationDefinition]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.known[key]
	delete(c.known, key)
	if v == nil {
		return
	}
	for i := range v.plans {
		if made := v.plans[i].Load(); made != nil && made.operationPlan != nil {
			c.size = max(0, c.size-made.size)
		}
	}
}

// newPlanVariants returns the variants of an operation, without a place for a plan when the
// operation has too many switches or uses @defer.
func newPlanVariants(op *graphql.OperationContext) *planVariants {
	v := new(planVariants)
	deferred := false
	eachDirective(op, func(d *ast.Directive) {
		deferred = deferred || d.Name == "defer"
		for _, argument := range d.Arguments {
			if name := argument.Value.Raw; argument.Value.Kind == ast.Variable && !slices.Contains(v.switches, name) {
				v.switches = append(v.switches, name)
			}
		}
	})
	if !deferred && len(v.switches) <= maxSwitches {
		v.plans = make([]atomic.Pointer[planVariant], 1<<len(v.switches))
	}
	return v
}

// index returns the index of the plan for the values of the variables.
func (v *planVariants) index(variables map[string]any) (at int) {
	for i, name := range v.switches {
		if on, ok := variables[name].(bool); ok && on {
			at |= 1 << i
		}
	}
	return at
}

// eachDirective visits the directives of all fields and fragments that an operation selects.
func eachDirective(op *graphql.OperationContext, visit func(*ast.Directive)) {
	fragments := map[string]bool{}
	var walk func(ast.SelectionSet)
	visitAll := func(directives ast.DirectiveList) {
		for _, d := range directives {
			visit(d)
		}
	}
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				visitAll(selection.Directives)
				walk(selection.SelectionSet)
			case *ast.InlineFragment:
				visitAll(selection.Directives)
				walk(selection.SelectionSet)
			case *ast.FragmentSpread:
				visitAll(selection.Directives)
				if definition := op.Doc.Fragments.ForName(selection.Name); definition != nil && !fragments[selection.Name] {
					fragments[selection.Name] = true
					walk(definition.SelectionSet)
				}
			}
		}
	}
	walk(op.Operation.SelectionSet)
}
