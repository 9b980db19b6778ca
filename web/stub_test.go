package web_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var (
	//go:embed testdata/stub.graphql
	stubSDL string
	// stubIntrospection is the answer of graphql-js to the introspection query for stubSDL.
	// GraphiQL shows more for a known schema.
	//
	//go:embed testdata/introspection.json
	stubIntrospection []byte
)

// stub executes the schema of testdata.
type stub struct {
	schema *ast.Schema
	ticks  chan int // results of the subscription tick, which ends when ticks is closed
}

func newStub() *stub {
	return &stub{
		schema: gqlparser.MustLoadSchema(&ast.Source{Input: stubSDL}),
		ticks:  make(chan int),
	}
}

func (s *stub) Schema() *ast.Schema { return s.schema }

func (s *stub) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *stub) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, nil)
	if op.Operation.Operation == ast.Subscription {
		return s.subscribe(ctx, fields[0])
	}
	var done bool
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		return &graphql.Response{Data: s.object(ctx, op, fields)}
	}
}

func (s *stub) object(ctx context.Context, op *graphql.OperationContext, fields []graphql.CollectedField) []byte {
	var b bytes.Buffer
	for i, field := range fields {
		b.WriteByte(",{"[max(0, 1-i)])
		fmt.Fprintf(&b, "%q:", field.Alias)
		b.Write(s.field(ctx, op, field))
	}
	b.WriteByte('}')
	return b.Bytes()
}

func (s *stub) field(ctx context.Context, op *graphql.OperationContext, field graphql.CollectedField) []byte {
	switch field.Name {
	case "__schema":
		return bytes.TrimSpace(stubIntrospection)
	case "__typename":
		return asJSON(field.ObjectDefinition.Name)
	case "log":
		return s.object(ctx, op, graphql.CollectFields(op, field.Selections, nil))
	case "head":
		return asJSON("42")
	case "viewer":
		return asJSON(viewerOf(ctx))
	case "echo", "write":
		return asJSON(field.ArgumentMap(op.Variables)["text"])
	case "fail":
		graphql.AddError(ctx, errors.New("secret detail"))
	case "panic":
		panic("secret detail")
	case "wait":
		<-ctx.Done()
		graphql.AddError(ctx, context.Cause(ctx))
	}
	return []byte("null")
}

// subscribe runs a subscription. It uses one buffer for all results, as generated code does.
func (s *stub) subscribe(ctx context.Context, field graphql.CollectedField) graphql.ResponseHandler {
	var b bytes.Buffer
	var numbers []int
	reel, follows := ctx.Value(reelKey{}).(*reel)
	if follows {
		numbers = reel.step()
	}
	result := func(value any) *graphql.Response {
		b.Reset()
		fmt.Fprintf(&b, "{%q:%s}", field.Alias, asJSON(value))
		return &graphql.Response{Data: b.Bytes()}
	}
	return func(ctx context.Context) *graphql.Response {
		switch field.Name {
		case "flood":
			return result(strings.Repeat("x", 64<<10))
		case "refused":
			return &graphql.Response{Errors: gqlerror.List{{Message: "refused"}}}
		}
		if follows {
			if len(numbers) == 0 {
				return nil
			}
			n := numbers[0]
			numbers = numbers[1:]
			return result(n)
		}
		select {
		case n, ok := <-s.ticks:
			if !ok {
				return nil
			}
			return result(n)
		case <-ctx.Done():
			return nil
		}
	}
}

func asJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}
