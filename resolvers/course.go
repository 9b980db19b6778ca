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

// Course is the way of one subscription along the log: where it is, and what its
// client knows. Without more it has no end. Follow returns one that is gone in steps,
// each of them a page of the log at most; it then is a Follower of package web.
type Course struct {
	at eventstore.Position // delivered up to here

	// Of a course that is gone in steps.
	stepped bool
	until   eventstore.Position // the step ends there at the latest
	begun   bool                // the step continues; at was given by whoever steps
	ended   bool                // the operation has nothing more to say
	narrows bool
	latest  bool

	// Of eventStream: whether it has told that it is live, and where and when it has
	// last told anything.
	live   bool
	told   eventstore.Position
	toldAt time.Time

	// Of what shows an object: whether it does at the moment, once that is known.
	shows, known bool
}

type courseKey struct{}

// course returns the course of the subscription that is executed.
func course(ctx context.Context) *Course {
	if c, ok := ctx.Value(courseKey{}).(*Course); ok {
		return c
	}
	return new(Course)
}

// sameness is what two subscriptions that get the same have in common.
type sameness struct {
	document, operation, variables string
	actor                          domain.Actor
}

// Follow returns a course of a subscription, to be gone in steps, and a key that is
// equal for all who get the same: what they may see depends on nothing but who they
// are and on the log. It returns nil for an operation that is not valid after all.
func (r *Resolver) Follow(ctx context.Context, op *graphql.OperationContext) (c *Course, key any) {
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 {
		return nil, nil
	}
	variables := make(map[string]any, len(op.Variables))
	for name, value := range op.Variables {
		if !onlyBegins(op, fields[0], name) {
			variables[name] = value
		}
	}
	text, err := json.Marshal(variables)
	if err != nil {
		return nil, nil
	}
	latest := fields[0].Name == "contentChanged" || fields[0].Name == "presentationChanged"
	return &Course{stepped: true, latest: latest}, sameness{op.RawQuery, op.OperationName, string(text), auth.ActorFrom(ctx)}
}

// onlyBegins reports whether a variable does nothing but say where a subscription
// begins, which whoever has caught up has in common with all others.
func onlyBegins(op *graphql.OperationContext, field graphql.CollectedField, variable string) bool {
	for _, name := range []string{"after", "lineage"} {
		argument := field.Arguments.ForName(name)
		if argument != nil && argument.Value.Kind == ast.Variable && argument.Value.Raw == variable {
			return mentions(op.RawQuery, "$"+variable) == 2 // where it is declared, and here
		}
	}
	return false
}

// mentions counts where a document may use a variable; a comment or a text that looks
// like one counts as well.
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

// Begin returns a context in which the subscription, when it is executed, delivers
// from where its arguments let it begin, up to a position at most.
func (c *Course) Begin(ctx context.Context, until int64) context.Context {
	c.until, c.ended = eventstore.Position(until), true
	return context.WithValue(ctx, courseKey{}, c)
}

// Continue is Begin for what comes after a position.
func (c *Course) Continue(ctx context.Context, after, until int64) context.Context {
	c.begun, c.at = true, eventstore.Position(after)
	return c.Begin(ctx, until)
}

// Reached returns up to where the last step has gone, and false when the subscription
// has ended with it.
func (c *Course) Reached() (position int64, ok bool) { return int64(c.at), !c.ended }

// Revoked reports whether the last step had something in it that may have taken from
// somebody what they could see before.
func (c *Course) Revoked() bool { return c.narrows }

// Latest reports whether only the last result counts.
func (c *Course) Latest() bool { return c.latest }

// begin puts a course at its beginning, unless it goes on: after a position of this
// log, or at its end. A client that comes back goes on after what it has seen.
func (c *Course) begin(ctx context.Context, r *Resolver, after *eventstore.Position, lineage *string) error {
	if c.begun {
		return nil
	}
	end := c.end(r)
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
		c.at = end
	case *after > end:
		return domain.Errorf(domain.Invalid, "position %s is in the future, or of another log: this one ends at %s", *after, end).At("after")
	default:
		c.at = *after
	}
	c.told, c.toldAt = c.at, time.Now()
	return nil
}

// end is where the log ends, or the step.
func (c *Course) end(r *Resolver) eventstore.Position {
	if c.stepped {
		return c.until
	}
	return r.Log.Head().Position
}

// arrive notes that a page was delivered.
func (c *Course) arrive(page []eventstore.Event) {
	c.at = page[len(page)-1].Position
	c.narrows = false
	for _, e := range page {
		c.narrows = c.narrows || policy.CanRevoke(e.Type)
	}
}
