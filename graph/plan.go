package graph

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// New creates an executable schema that answers as that of NewExecutableSchema does, byte
// for byte and error for error, and faster: queries are compiled into plans once for
// each parsed document, and values that are in memory are written by them without a
// context, a goroutine or a tree of marshalers for each. What has no plan, mutations and
// subscriptions among it, is executed by gqlgen. Interceptors of fields that are no root
// fields are not called for what a plan writes.
func New(cfg Config) graphql.ExecutableSchema {
	s, ok := NewExecutableSchema(cfg).(*executableSchema)
	if !ok {
		panic("gqlgen's schema is of another type") // a version of gqlgen that this was not written for
	}
	return &planned{executableSchema: s}
}

// planned is an executable schema with the plans of its queries.
type planned struct {
	*executableSchema
	plans plans
}

// Exec executes the operation of ctx.
func (s *planned) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation != ast.Query {
		return s.executableSchema.Exec(ctx)
	}
	p := s.plans.of(op)
	if p == nil {
		return s.executableSchema.Exec(ctx)
	}
	ec := newExecutionContext(op, s.executableSchema, nil) // nothing in a plan is deferred
	return onlyOnce(func(ctx context.Context) *graphql.Response { return &graphql.Response{Data: ec.answer(ctx, p)} })
}

func onlyOnce(answer graphql.ResponseHandler) graphql.ResponseHandler {
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		return answer(ctx)
	}
}

// answer executes a query by its plan, as the generated _Query does without one.
func (ec *executionContext) answer(ctx context.Context, p *operationPlan) []byte {
	ctx = graphql.WithLazyInputUnmarshalerIndex(ctx, ec.inputUnmarshalers)
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query"})
	out := graphql.NewFieldSet(p.fields)
	for i := range p.steps {
		s := &p.steps[i]
		if s.number == typeName {
			out.Values[i] = graphql.Null // its name is in the text of the step
			continue
		}
		inner := graphql.WithRootFieldContext(ctx, &graphql.RootFieldContext{Object: s.field.Name, Field: s.field})
		if len(s.reads) > 0 {
			inner = context.WithValue(inner, readsKey{}, s.reads)
		}
		out.ResolveRootConcurrently(inner, ec.OperationContext, i, true, planTypes[0].fields[s.number].required,
			func(ctx context.Context) graphql.Marshaler { return ec.planRoot(ctx, p, s) })
	}
	out.Dispatch(ctx)
	if out.Invalids > 0 {
		return []byte("null")
	}
	return p.join(out.Values)
}

// join makes an answer of the values of its fields.
func (p *operationPlan) join(values []graphql.Marshaler) []byte {
	var data bytes.Buffer
	if w, ok := values[0].(*planWriter); ok && len(values) == 1 {
		w.buf = append(w.buf, '}')
		p.length.note(len(w.buf))
		return w.buf
	}
	for i := range p.steps {
		s := &p.steps[i]
		data.Write(s.text)
		if s.number != typeName {
			values[i].MarshalGQL(&data)
		}
	}
	data.WriteByte('}')
	return data.Bytes()
}

// Planned reports whether a schema of New executes an operation by a plan, at least in
// part. Tests ask it.
func Planned(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Query && len(switches(op)) <= maxSwitches && compile(op) != nil
}

// plans are the plans of operations, for as long as the documents they are in are held
// by somebody.
type plans struct {
	mu    sync.RWMutex // guards what follows
	known map[weak.Pointer[ast.OperationDefinition]]*variants
	steps int // of all plans
}

// maxKeptSteps bounds what all plans together may hold: some 30 MB. It takes queries of
// the greatest complexity to come near.
const maxKeptSteps = 200_000

// maxSwitches is how many variables may switch fields on and off in an operation that is
// compiled: each combination has a plan of its own.
const maxSwitches = 4

// variants are the plans of one operation.
type variants struct {
	switches []string // the variables of @skip and @include
	plans    []atomic.Pointer[variant]
}

// variant is the plan for one combination of the switches, or nil.
type variant struct{ *operationPlan }

// of returns the plan of an operation, nil when gqlgen is to execute it.
func (p *plans) of(op *graphql.OperationContext) *operationPlan {
	key := weak.Make(op.Operation)
	p.mu.RLock()
	v := p.known[key]
	p.mu.RUnlock()
	if v == nil {
		v = p.add(key, op)
	}
	if len(v.plans) == 0 {
		return nil
	}
	at := &v.plans[v.position(op.Variables)]
	if known := at.Load(); known != nil {
		return known.operationPlan
	}
	made := &variant{compile(op)}
	if at.CompareAndSwap(nil, made) && made.operationPlan != nil {
		p.count(made.weight)
	}
	return made.operationPlan
}

// add begins to remember the plans of an operation.
func (p *plans) add(key weak.Pointer[ast.OperationDefinition], op *graphql.OperationContext) *variants {
	v := &variants{switches: switches(op)}
	if len(v.switches) <= maxSwitches {
		v.plans = make([]atomic.Pointer[variant], 1<<len(v.switches))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.known[key]; other != nil {
		return other
	}
	if p.known == nil {
		p.known = map[weak.Pointer[ast.OperationDefinition]]*variants{}
	}
	p.known[key] = v
	runtime.AddCleanup(op.Operation, p.forget, key)
	return v
}

// count counts the steps of another plan, and begins anew when there are too many.
func (p *plans) count(steps int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.steps += steps; p.steps > maxKeptSteps {
		clear(p.known)
		p.steps = 0
	}
}

// forget forgets the plans of an operation that nobody holds any more.
func (p *plans) forget(key weak.Pointer[ast.OperationDefinition]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.known[key]
	delete(p.known, key)
	if v == nil {
		return
	}
	for i := range v.plans {
		if made := v.plans[i].Load(); made != nil && made.operationPlan != nil {
			p.steps = max(0, p.steps-made.weight)
		}
	}
}

// position is the place of the plan for these variables.
func (v *variants) position(variables map[string]any) (at int) {
	for i, name := range v.switches {
		if on, ok := variables[name].(bool); ok && on {
			at |= 1 << i
		}
	}
	return at
}

// switches returns the variables that an operation switches fields with.
func switches(op *graphql.OperationContext) (names []string) {
	fragments := map[string]bool{}
	var walk func(ast.SelectionSet)
	note := func(directives ast.DirectiveList) {
		for _, d := range directives {
			for _, argument := range d.Arguments {
				if name := argument.Value.Raw; argument.Value.Kind == ast.Variable && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				note(selection.Directives)
				walk(selection.SelectionSet)
			case *ast.InlineFragment:
				note(selection.Directives)
				walk(selection.SelectionSet)
			case *ast.FragmentSpread:
				note(selection.Directives)
				if definition := op.Doc.Fragments.ForName(selection.Name); definition != nil && !fragments[selection.Name] {
					fragments[selection.Name] = true
					walk(definition.SelectionSet)
				}
			}
		}
	}
	walk(op.Operation.SelectionSet)
	return names
}
