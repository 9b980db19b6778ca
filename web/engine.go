package web

import (
	"context"
	"errors"
	"reflect"
	"runtime"

	"flightdeck/budget"
	"flightdeck/web/document"
	"flightdeck/web/limit"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxRequestErrors bounds the errors that are reported for one document.
const maxRequestErrors = 20

// engine runs operations. All transports share it; its methods may be called at the same time.
type engine struct {
	presenter presenter
	admission admission
	documents *document.Reader
	exec      *executor.Executor
	limits    limit.Limits
	steps     *budget.Turns // of subscriptions that are executed for their listeners
	large     *budget.Turns // of queries and mutations with long texts
	timedOut  error         // of an operation that took longer than limits.Time
	slow      slowLog
}

// newEngine returns the engine of a configuration with defaults.
func newEngine(config Config, admission admission) *engine {
	e := &engine{
		presenter: presenter{config.Execution.ErrorPresenter, config.Execution.Recover},
		admission: admission,
		documents: document.NewReader(document.Options{
			Schema: config.Execution.Schema.Schema(), Scalars: config.Execution.Scalars, Limits: config.Limits.Limits, Introspect: config.Documents.Introspect,
			Trusted: config.Documents.Trusted, TrustedOnly: config.Documents.TrustedOnly,
		}),
		exec:     executor.New(config.Execution.Schema),
		limits:   config.Limits.Limits,
		steps:    budget.NewTurns(max(2, runtime.GOMAXPROCS(0)), max(1, runtime.GOMAXPROCS(0)/2)),
		large:    budget.NewTurns(max(2, runtime.GOMAXPROCS(0)), max(1, runtime.GOMAXPROCS(0)/2)),
		timedOut: limit.TimedOut(config.Limits.Time),
		slow:     slowLog{config.Logger, config.Limits.Clock, config.Identity.Actor},
	}
	e.exec.SetErrorPresenter(config.Execution.ErrorPresenter)
	e.exec.SetRecoverFunc(config.Execution.Recover)
	e.exec.SetQueryCache(handedOver{})
	if len(config.Limits.Attempts) > 0 {
		e.exec.AroundRootFields(limitAttempts(limit.NewAttempts(config.Limits.Attempts), config.Identity.Actor, config.Limits.Clock))
	}
	e.exec.AroundFields(spendTexts)
	if config.Execution.AroundOperation != nil {
		e.exec.AroundOperations(config.Execution.AroundOperation)
	}
	return e
}

// Prepare finds the document of a request and validates the request. The errors are presented; the
// operation must not run then.
func (e *engine) Prepare(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	if err := e.documents.Resolve(params); err != nil {
		return nil, gqlerror.List{err}
	}
	op, errs := e.validate(graphql.StartOperationTrace(ctx), params)
	if len(errs) == 0 {
		return op, nil
	}
	if len(errs) > maxRequestErrors {
		errs = errs[:maxRequestErrors]
	}
	presented := e.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs).Errors
	if len(presented) == 0 { // the presenter has hidden all errors, which does not make the request valid
		presented = gqlerror.List{errInternal.present()}
	}
	return op, presented
}

// validate is Prepare for a request with its document, before errors are presented. The operation
// is never nil.
func (e *engine) validate(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	none := &graphql.OperationContext{RecoverFunc: e.presenter.recoverer}
	if err := e.limits.CheckVariables(params.Variables); err != nil {
		return none, gqlerror.List{err}
	}
	doc, errs := e.documents.Read(ctx, params.Query)
	if len(errs) > 0 {
		return none, errs
	}
	coerced := *params
	if named := doc.Operations.ForName(params.OperationName); named != nil {
		var err *gqlerror.Error
		if coerced.Variables, err = e.documents.Coerce(named, params.Variables); err != nil {
			return none, gqlerror.List{err}
		}
	}
	op, errs := e.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), &coerced)
	if len(errs) > 0 {
		return op, errs
	}
	op.DisableIntrospection = false // documents.Read has refused documents that may not introspect
	if err := e.limits.CheckComplexity(op); err != nil {
		return op, gqlerror.List{err}
	}
	return op, nil
}

// execute runs a query or a mutation and returns its only response, nil if ctx ended before the
// operation had one.
func (e *engine) execute(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	leave := e.admission.operation(ctx)
	if leave == nil {
		return refused(limit.TooMany(limit.Operations, e.limits.Operations))
	}
	defer leave()
	defer e.slow.watch(ctx, op)()
	if most := e.limits.Time; most > 0 {
		bounded, cancel := context.WithTimeoutCause(ctx, most, e.timedOut)
		defer cancel()
		ctx = bounded
	}
	ctx, stop := budget.With(ctx, e.limits.Budget(), clientOf(ctx).key(), e.large)
	defer stop()
	next, running := e.exec.DispatchOperation(ctx, op)
	resp := next(running)
	if over := budget.From(ctx).Exceeded(); over != nil && (resp == nil || op.Operation.Operation == ast.Query) {
		return refused(e.presenter.present(ctx, over)) // half of an answer is of no use, and each of its fields would repeat the error
	}
	if late, ok := errors.AsType[*gqlerror.Error](context.Cause(ctx)); ok && resp == nil {
		return refused(late)
	}
	return resp
}

func refused(err *gqlerror.Error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{err}}
}

// stream runs an operation and calls yield with each of its responses, until yield returns false. A
// response is valid until yield returns: generated code uses its buffer again. stream returns true
// after the last response, and false if ctx or yield has ended the operation, or a response was a
// refusal: an interceptor may repeat its refusal without end.
func (e *engine) stream(ctx context.Context, op *graphql.OperationContext, yield func(*graphql.Response) bool) bool {
	if !isSubscription(op) {
		if resp := e.execute(ctx, op); resp != nil {
			yield(resp)
		}
		return ctx.Err() == nil
	}
	ctx = budget.WithRenewed(ctx, e.limits.Budget(), clientOf(ctx).key())
	next, running := e.exec.DispatchOperation(ctx, op)
	for resp := next(running); resp != nil; resp = next(running) {
		if !yield(resp) || !executed(resp) {
			return false
		}
	}
	return ctx.Err() == nil
}

// Collect executes a subscription to its end and returns its results as JSON. It returns false if
// the subscription was cancelled or refused.
func (e *engine) Collect(ctx context.Context, op *graphql.OperationContext) (results [][]byte, ok bool) {
	ok = e.stream(ctx, op, func(resp *graphql.Response) bool {
		results = append(results, encodeResponse(resp))
		return true
	})
	return results, ok
}

// Turn waits for the turn of a step of a subscription. However many different subscriptions a
// client has, their steps take half of the processors at most.
func (e *engine) Turn(ctx context.Context) (done func(), err error) {
	return e.steps.Wait(budget.WithRenewed(ctx, e.limits.Budget(), clientOf(ctx).key()))
}

// Guard runs f, and logs a panic of f.
func (e *engine) Guard(ctx context.Context, f func()) {
	defer func() {
		if p := recover(); p != nil {
			_ = e.presenter.presentPanic(ctx, p) //nolint:errcheck // presented for the log alone
		}
	}()
	f()
}

// spendTexts spends the text of each field that gqlgen executes: aliases repeat one text. A plan of
// package graph spends its own texts.
func spendTexts(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	size := 0
	switch value := value.(type) {
	case string:
		size = len(value)
	case nil:
	default:
		switch v := reflect.Indirect(reflect.ValueOf(value)); {
		case v.Kind() == reflect.String, v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8: // the latter is JSON
			size = v.Len()
		}
	}
	if err == nil && size > 0 {
		err = budget.From(ctx).Bytes(size)
	}
	return value, err
}

// isSubscription reports whether an operation may have more than one result.
func isSubscription(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Subscription
}

type documentKey struct{}

// handedOver is a cache for the executor with one document, that of the executor's context: the
// executor must not parse or validate again.
type handedOver struct{}

func (handedOver) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return doc, ok
}

func (handedOver) Add(context.Context, string, *ast.QueryDocument) {}
