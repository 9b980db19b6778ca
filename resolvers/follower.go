package resolvers

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// follower leads one subscription along the log. It knows the position that the subscription has
// reached, and the state that its client knows. The zero value runs to the end of the subscription;
// the follower of NewFollower runs in steps, and is a Follower of package fanout.
type follower struct {
	at eventstore.Position // everything up to here is delivered

	// These fields belong to a follower that runs in steps.
	stepped   bool
	until     eventstore.Position // the last position of the step
	continued bool                // Continue has set at; the arguments no longer count
	ended     bool                // the operation cannot be continued
	revoked   bool                // an event of the step may hide earlier results
	latest    bool                // each result replaces those before it

	// These fields belong to eventStream.
	begun  bool                // Begin was called
	live   bool                // CaughtUp was sent
	told   eventstore.Position // of the last item
	toldAt time.Time           // of the last item

	// shown says whether the client of a subscription to an object has the object, once known.
	shown, known bool
}

type followerKey struct{}

// followerFrom returns the follower of the subscription that ctx executes.
func followerFrom(ctx context.Context) *follower {
	if f, ok := ctx.Value(followerKey{}).(*follower); ok {
		return f
	}
	return new(follower)
}

// shareKey identifies subscriptions with equal results.
type shareKey struct {
	document, operation, variables string
	actor                          domain.Actor
}

// NewFollower returns a follower that leads a subscription in steps, and a comparable key. Two
// subscriptions with equal keys have equal results: visibility depends only on the actor and the
// log. The follower is nil for an operation that selects no field, or several.
func (r *Resolver) NewFollower(ctx context.Context, op *graphql.OperationContext) (f *follower, key any) {
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 {
		return nil, nil
	}
	variables := make(map[string]any, len(op.Variables))
	for name, value := range op.Variables {
		if !onlyStarts(op, fields[0], name) {
			variables[name] = value
		}
	}
	text, err := json.Marshal(variables)
	if err != nil {
		return nil, nil
	}
	latest := fields[0].Name == "contentChanged" || fields[0].Name == "presentationChanged"
	return &follower{stepped: true, latest: latest}, shareKey{op.RawQuery, op.OperationName, string(text), auth.ActorFrom(ctx)}
}

// onlyStarts reports whether the only use of a variable is to name the position that a subscription
// starts at. Subscriptions that have caught up do not differ by such a variable.
func onlyStarts(op *graphql.OperationContext, field graphql.CollectedField, variable string) bool {
	for _, name := range []string{"after", "lineage"} {
		argument := field.Arguments.ForName(name)
		if argument != nil && argument.Value.Kind == ast.Variable && argument.Value.Raw == variable {
			return mentions(op.RawQuery, "$"+variable) == 2 // the declaration and this argument
		}
	}
	return false
}

// mentions counts the places where a document may use a variable. Comments and texts that look like
// a use count, too.
func mentions(document, variable string) (n int) {
	for _, rest := range strings.Split(document, variable)[1:] {
		if rest == "" || !isNameByte(rest[0]) {
			n++
		}
	}
	return n
}

func isNameByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// Begin returns a context for the first step. An execution of the subscription in that context
// starts at the position that its arguments name, and ends at until.
func (f *follower) Begin(ctx context.Context, until int64) context.Context {
	f.begun = true
	return f.step(ctx, until)
}

// Continue returns a context for the step after a position. A follower that begins with Continue
// leads clients that have caught up by followers of their own: it does not tell them again.
func (f *follower) Continue(ctx context.Context, after, until int64) context.Context {
	f.at = eventstore.Position(after)
	if !f.begun && !f.continued {
		f.live, f.told, f.toldAt = true, f.at, time.Now()
	}
	f.continued = true
	return f.step(ctx, until)
}

// step returns a context for a step that ends at a position.
func (f *follower) step(ctx context.Context, until int64) context.Context {
	f.until, f.ended = eventstore.Position(until), true
	return context.WithValue(ctx, followerKey{}, f)
}

// Reached returns the last position of the step that has ended, and false when the subscription has
// ended with it.
func (f *follower) Reached() (position int64, ok bool) { return int64(f.at), !f.ended }

// Revoked reports whether an event of the last step may hide earlier results from a reader.
func (f *follower) Revoked() bool { return f.revoked }

// Latest reports whether each result replaces those before it.
func (f *follower) Latest() bool { return f.latest }

// start moves a follower to its first position, unless it continues: after a position of this log,
// or at the end of the log. A client that reconnects starts after the last event that it has seen.
func (f *follower) start(ctx context.Context, r *Resolver, after *eventstore.Position, lineage *string) error {
	if f.continued {
		return nil
	}
	end := f.end(r)
	seen, err := r.seen(ctx)
	if seen != nil && (after == nil || *seen > *after) {
		after = seen
	}
	switch {
	case err != nil:
		return err
	case lineage != nil && *lineage != r.Log.Lineage():
		return domain.Errorf(domain.Invalid, "the cursor is of another log, %s: read log { head lineage }, fetch everything again, and subscribe after head", *lineage).At("lineage")
	case after == nil:
		f.at = end
	case *after > end:
		return domain.Errorf(domain.Invalid, "position %s is in the future, or of another log: this one ends at %s", *after, end).At("after")
	default:
		f.at = *after
	}
	f.told, f.toldAt = f.at, time.Now()
	return nil
}

// end returns the last position of the log, or of the step.
func (f *follower) end(r *Resolver) eventstore.Position {
	if f.stepped {
		return f.until
	}
	return r.Log.Head().Position
}

// arrive moves the follower to the end of a page that was delivered.
func (f *follower) arrive(page []eventstore.Event) {
	f.at = page[len(page)-1].Position
	f.revoked = false
	for _, e := range page {
		f.revoked = f.revoked || policy.CanRevoke(e.Type)
	}
}
