package resolvers

import (
	"context"
	"log/slog"
	"sync"

	"flightdeck/auth"
	"flightdeck/budget"
	"flightdeck/command"
	"flightdeck/eventstore"
	"flightdeck/projection"
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Resolver answers the API. Its fields are set before it is used.
type Resolver struct {
	Log       *eventstore.Store
	Reader    *readmodel.Reader
	Commands  *command.Commands
	Rebuilder *projection.Rebuilder
	Logger    *slog.Logger
	Rendered  Rendered
	// CatchUps bounds the pages of old events that followers have in memory; nil does not.
	CatchUps *budget.Turns
	// RequestID returns the id under which a request is logged.
	RequestID func(context.Context) string
	// Remote returns the network address of the client of a request.
	Remote func(context.Context) string
	// NoStore keeps the answer to a request out of the cache of answers.
	NoStore func(context.Context)
	// LastEventID returns the position up to which the reconnected client of an event stream has
	// seen everything, and "" for any other client. SetEventID sets the position that the next item
	// of a subscription brings its client to; it is called right before the item is sent.
	LastEventID func(context.Context) string
	SetEventID  func(ctx context.Context, position string)
}

// operation has the view that the fields of one operation share, so that they see one state of the
// world.
type operation struct {
	mu    sync.Mutex // guards the fields below
	view  readmodel.View
	begun bool
	token string // of the session that a mutation of the operation began, "" for none
}

type operationKey struct{}

// AroundOperation gives the fields of an operation a common view. Each mutation of the operation
// acts as the actor of the mutations before it: logging in changes the actor.
func (r *Resolver) AroundOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	o := new(operation)
	if op := graphql.GetOperationContext(ctx); op.Operation.Operation == ast.Mutation {
		around := op.RootResolverMiddleware
		op.RootResolverMiddleware = func(ctx context.Context, field graphql.RootResolver) graphql.Marshaler {
			return around(o.asker(ctx), field)
		}
	}
	return next(context.WithValue(ctx, operationKey{}, o))
}

// asker returns ctx with the current actor of the operation and the token of its session. After a
// log-out this is a visitor without a token.
func (o *operation) asker(ctx context.Context) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.begun {
		return ctx
	}
	if o.view.Actor.Visitor() || o.token != "" {
		ctx = auth.WithToken(ctx, o.token)
	}
	return auth.WithActor(ctx, o.view.Actor)
}

// now returns the view for fields that name no moment: the head of the log at the time of the first
// call, or the position of the operation's last mutation.
func (r *Resolver) now(ctx context.Context) readmodel.View {
	o, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return r.latest(ctx)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.begun {
		o.view, o.begun = r.latest(ctx), true
	}
	return o.view
}

// latest returns the view at the head of the log.
func (r *Resolver) latest(ctx context.Context) readmodel.View {
	return r.Reader.Head(auth.ActorFrom(ctx))
}

// view returns the view at a moment, and at now for nil.
func (r *Resolver) view(ctx context.Context, asOf *readmodel.AsOf) (readmodel.View, error) {
	v := r.now(ctx)
	if asOf == nil {
		return v, nil
	}
	position, settled, err := r.Reader.Resolve(ctx, *asOf)
	if err == nil && !settled { // the instant is now, and another moment in the next request
		r.NoStore(ctx)
		position = v.At
	}
	return readmodel.View{At: position, Actor: v.Actor, Named: true}, err
}

// advance moves the view of the operation to that of a mutation.
func (r *Resolver) advance(ctx context.Context, to readmodel.View) {
	if o, ok := ctx.Value(operationKey{}).(*operation); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.view, o.begun = to, true
	}
}

// enter lets the next mutations of the operation act with the token of a session that has begun, or
// with none.
func (r *Resolver) enter(ctx context.Context, token string) {
	if o, ok := ctx.Value(operationKey{}).(*operation); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.token = token
	}
}

// viewer returns the user of the request, and nil for a visitor.
func (r *Resolver) viewer(ctx context.Context) (*readmodel.User, error) {
	v := r.now(ctx)
	if v.Actor.UserID == "" {
		return nil, nil
	}
	return r.Reader.User(ctx, v, v.Actor.UserID)
}

// page returns the paging arguments of a connection.
func page(first *int, after *string, last *int, before *string) readmodel.Page {
	return readmodel.Page{First: first, After: after, Last: last, Before: before}
}

// value returns *p, and the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
