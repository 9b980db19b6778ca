package graph

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// New creates an executable schema of [Schema] that gives the same answers and the same errors as
// the one of NewExecutableSchema. It is faster for lists: it compiles the selection of a list once
// for each parsed document into a plan, and writes rows by the plan into the bytes of the answer,
// without a context, a goroutine and a tree of marshalers for each row. gqlgen executes everything
// else. Interceptors of fields below the root are not called for values that a plan writes.
func New(cfg Config) graphql.ExecutableSchema {
	cfg.Schema = Schema()
	s, ok := NewExecutableSchema(cfg).(*executableSchema)
	if !ok {
		panic("NewExecutableSchema returned an unknown type: this package was written for another version of gqlgen")
	}
	return &planningSchema{executableSchema: s}
}

// planning is "on" in every released program. The linker sets it to "off" in the server that the
// benchmark compares with: go build -ldflags "-X flightdeck/graph.planning=off".
var planning = "on"

// planningSchema is an executable schema that keeps the plans of its queries.
type planningSchema struct {
	*executableSchema
	plans planCache
}

// Exec executes the operation of ctx.
func (s *planningSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	var p *operationPlan
	if planning == "on" && op.Operation.Operation == ast.Query {
		p = s.plans.of(op)
	}
	if p == nil {
		op.ResolverMiddleware = specifiedNulls(op.ResolverMiddleware)
		return s.executableSchema.Exec(ctx)
	}
	ec := newExecutionContext(op, s.executableSchema, nil) // operations with @defer have no plan
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		return &graphql.Response{Data: ec.answer(ctx, p)}
	}
}

// answer executes a query by its plan, as the generated method _Query executes one without.
func (ec *executionContext) answer(ctx context.Context, p *operationPlan) []byte {
	ctx = graphql.WithLazyInputUnmarshalerIndex(ctx, ec.inputUnmarshalers)
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query"})
	out := graphql.NewFieldSet(p.fields)
	for i := range p.steps {
		s := &p.steps[i]
		if s.number == typeName {
			out.Values[i] = graphql.Null // the text of the step has the name
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

// join returns the object that has the values of all fields of the operation.
func (p *operationPlan) join(values []graphql.Marshaler) []byte {
	if w, ok := values[0].(*planWriter); ok && len(values) == 1 {
		return append(w.buf, '}') // the writer has begun with the text of the step
	}
	var data bytes.Buffer
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
