package web

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const (
	// maxTokens bounds what parsing one document may cost.
	maxTokens = 15_000
	// maxRequestErrors bounds the list of what is wrong with one document.
	maxRequestErrors = 20
)

func (s *Server) newExecutor() *executor.Executor {
	exec := executor.New(s.config.Schema)
	exec.SetErrorPresenter(s.errorPresenter())
	exec.SetRecoverFunc(s.recoverFunc())
	exec.SetQueryCache(newDocumentCache())
	exec.SetParserTokenLimit(maxTokens)
	exec.SetDefaultRulesFn(documentRules)
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

// prepare parses and validates a request. The errors are of the request, already
// presented; the operation has not run then.
func (s *Server) prepare(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	op, errs := s.exec.CreateOperationContext(graphql.StartOperationTrace(ctx), params)
	op.DisableIntrospection = false
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

// documentRules are the rules of the GraphQL specification and our own. The
// executor changes the list that it gets, so each document has its own.
func documentRules() *rules.Rules {
	list := rules.NewDefaultRules()
	list.AddRule(noDefer.Name, noDefer.RuleFunc)
	list.AddRule(noNUL.Name, noNUL.RuleFunc)
	return list
}

// isSubscription reports whether an operation yields more than one result.
func isSubscription(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Subscription
}
