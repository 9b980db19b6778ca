package web

import (
	"context"
	"errors"

	"flightdeck/web/limit"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxRequestErrors bounds the list of what is wrong with one document.
const maxRequestErrors = 20

func (s *Server) newExecutor() *executor.Executor {
	exec := executor.New(s.config.Schema)
	exec.SetErrorPresenter(s.errorPresenter())
	exec.SetRecoverFunc(s.recoverFunc())
	exec.SetQueryCache(handedOver{})
	if len(s.config.Tries) > 0 {
		exec.AroundRootFields(s.aroundRootField)
	}
	if s.config.AroundOperation != nil {
		exec.AroundOperations(s.config.AroundOperation)
	}
	return exec
}

func (s *Server) errorPresenter() graphql.ErrorPresenterFunc {
	if s.config.ErrorPresenter != nil {
		return s.config.ErrorPresenter
	}
	return graphql.DefaultErrorPresenter
}

func (s *Server) recoverFunc() graphql.RecoverFunc {
	if s.config.Recover != nil {
		return s.config.Recover
	}
	return s.logPanic
}

// prepare finds the document of a request, where it is only named, parses and
// validates it. The errors are of the request, already presented; the operation has
// not run then.
func (s *Server) prepare(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	if err := s.resolve(params); err != nil {
		return nil, gqlerror.List{err.present()}
	}
	op, errs := s.plan(graphql.StartOperationTrace(ctx), params)
	if len(errs) == 0 {
		return op, nil
	}
	if len(errs) > maxRequestErrors {
		errs = errs[:maxRequestErrors]
	}
	presented := s.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs).Errors
	if len(presented) == 0 { // the presenter hid them all; the operation must not run for that
		presented = gqlerror.List{errInternal.present()}
	}
	return op, presented
}

// plan is prepare before its errors are presented. The context of the operation is
// never nil.
func (s *Server) plan(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	none := &graphql.OperationContext{RecoverFunc: s.recoverFunc()}
	if err := s.config.Limits.CheckVariables(params.Variables); err != nil {
		return none, gqlerror.List{err}
	}
	doc, errs := s.document(ctx, params.Query)
	if len(errs) > 0 {
		return none, errs
	}
	op, errs := s.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), params)
	if len(errs) > 0 {
		return op, errs
	}
	op.DisableIntrospection = false // document has decided
	if err := s.config.Limits.CheckComplexity(op); err != nil {
		return op, gqlerror.List{err}
	}
	return op, nil
}

// execute runs a query or a mutation and returns its only response, nil when ctx ended
// before there was one.
func (s *Server) execute(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	leave := s.enter(ctx)
	if leave == nil {
		return refusedResponse(limit.TooMany(limit.Operations, s.config.Limits.Operations))
	}
	defer leave()
	if most := s.config.Limits.Time; most > 0 {
		bounded, cancel := context.WithTimeoutCause(ctx, most, s.timedOut)
		defer cancel()
		ctx = bounded
	}
	next, running := s.exec.DispatchOperation(ctx, op)
	resp := next(running)
	if late, ok := errors.AsType[*gqlerror.Error](context.Cause(ctx)); ok && resp == nil {
		return refusedResponse(late)
	}
	return resp
}

func refusedResponse(refused *gqlerror.Error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{refused}}
}

// isSubscription reports whether an operation yields more than one result.
func isSubscription(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Subscription
}
