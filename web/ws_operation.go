package web

import (
	"context"
	"fmt"
	"slices"

	"flightdeck/graph/errorcode"
	"flightdeck/web/fanout"
	"flightdeck/web/limit"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var errTooManyOperations = &refusal{
	errorcode.Overloaded,
	fmt.Sprintf("more than %d operations on one connection: end some first", maxOperations),
}

// operation is a query, a mutation or a subscription that a client has started.
type operation struct {
	id       string
	envelope []byte          // of a result, up to the result; endOfEnvelope follows
	ctx      context.Context //nolint:containedctx // the operation ends with it
	cancel   context.CancelFunc
	shared   *fanout.Subscription // nil for an operation that shares no results
	leave    func()               // ends the counting of a subscription; nil for another operation

	concluded bool // its last message is in the queue
	stopped   bool // the client has ended it; under the connection's mu
}

// subscribe starts an operation.
func (c *connection) subscribe(m message) error {
	if c.session == nil {
		return errUnauthorized
	}
	id, err := m.operationID()
	if err != nil {
		return c.invalid(err)
	}
	params, err := decodeRequest(m.Payload)
	if err != nil {
		return c.invalid(err)
	}
	if err := checkText(params); err != nil {
		return c.refuse(id, asRefusal(err))
	}
	ctx, cancel := context.WithCancel(c.seen.context(c.session, id))
	op := &operation{id: id, envelope: openEnvelope(c.protocol.next, id), ctx: ctx, cancel: cancel}
	switch duplicate, full := c.register(op); {
	case duplicate:
		cancel()
		return &closing{code: closeDuplicateID, reason: "Subscriber for " + id + " already exists", quotes: true}
	case full:
		cancel()
		return c.refuse(id, errTooManyOperations)
	}
	c.tasks.Go(func() { c.run(op, params) })
	return nil
}

// register adds an operation, unless its id is taken or there are too many.
func (c *connection) register(op *operation) (duplicate, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, duplicate = c.operations[op.id]; duplicate {
		return true, false
	}
	if c.running >= maxOperations {
		return false, true
	}
	if c.operations == nil {
		c.operations = make(map[string]*operation)
	}
	c.operations[op.id] = op
	c.running++
	return false, false
}

// stop ends an operation for its client. An unknown operation is no error: its own end and the
// client's message may have crossed.
func (c *connection) stop(m message) error {
	id, err := m.operationID()
	if err != nil {
		return c.invalid(err)
	}
	c.mu.Lock()
	op, ok := c.operations[id]
	listened := ok && c.unlisten(op)
	if ok {
		op.stopped = true
		delete(c.operations, id)
	}
	c.mu.Unlock()
	if !ok {
		return nil
	}
	op.cancel()
	if listened { // otherwise its goroutine finishes it
		c.finish(op)
	}
	if c.protocol.legacy { // it answers the client's stop, too
		c.send(c.ctx, reply{data: encodeMessage(typeComplete, id, nil)})
	}
	return nil
}

// run executes an operation to its end, or until it listens to a broadcast.
func (c *connection) run(op *operation, params *graphql.RawParams) {
	c.proceed(op, func() (listens bool) {
		prepared, errs := c.engine.Prepare(op.ctx, params)
		if len(errs) > 0 {
			c.conclude(op, c.protocol.encodeErrors(op.id, errs))
			return false
		}
		if isSubscription(prepared) {
			if op.leave = c.engine.admission.subscription(op.ctx); op.leave == nil {
				c.conclude(op, c.protocol.encodeErrors(op.id, gqlerror.List{limit.TooMany(limit.Subscriptions, c.engine.limits.Subscriptions)}))
				return false
			}
		}
		if c.fanout != nil {
			op.shared = c.fanout.Join(op.ctx, prepared, params, c.woken)
		}
		if op.shared != nil {
			return c.catchUp(op)
		}
		c.stream(op.ctx, op, prepared)
		return false
	})
}

// proceed runs a part of an operation, on the operation's goroutine. The operation ends with the
// part, unless it listens to a broadcast from then on.
func (c *connection) proceed(op *operation, part func() (listens bool)) {
	listens := false
	defer func() {
		if p := recover(); p != nil {
			errs := gqlerror.List{c.engine.presenter.presentPanic(op.ctx, p)}
			c.conclude(op, c.protocol.encodeErrors(op.id, errs))
		}
		if !listens {
			c.finish(op)
		}
	}()
	if listens = part(); !listens {
		c.conclude(op, encodeMessage(typeComplete, op.id, nil))
	}
}

// finish frees the place of an operation.
func (c *connection) finish(op *operation) {
	op.cancel()
	if op.shared != nil {
		op.shared.Leave()
	}
	if op.leave != nil {
		op.leave()
	}
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
}

// stream runs an operation in ctx and sends its results. It returns false if the operation cannot
// continue.
func (c *connection) stream(ctx context.Context, op *operation, prepared *graphql.OperationContext) bool {
	return c.engine.stream(ctx, prepared, func(resp *graphql.Response) bool {
		return c.send(ctx, reply{data: encodeResponse(resp), op: op, result: true})
	})
}

// conclude sends the last message of an operation, once. A cancelled operation has none: the client
// has ended it, or the whole connection ends and tells the cause.
func (c *connection) conclude(op *operation, data []byte) {
	if op.ctx.Err() == nil && !op.concluded {
		op.concluded = true
		c.send(op.ctx, reply{data: data, op: op, final: true})
	}
}

// refuse tells the client that an operation does not start.
func (c *connection) refuse(id string, e *refusal) error {
	c.send(c.ctx, reply{data: c.protocol.encodeErrors(id, gqlerror.List{e.present()})})
	return nil
}

// catchUp makes an operation listen to its broadcast, and executes it on its own before, up to the
// broadcast's position. It returns true if the operation listens: its goroutine may end. It returns
// false if the operation has ended or was cancelled.
func (c *connection) catchUp(op *operation) bool {
	caughtUp := op.shared.CatchUp(func(ctx context.Context, prepared *graphql.OperationContext) bool {
		return c.stream(ctx, op, prepared)
	})
	if !caughtUp {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if op.stopped {
		return false
	}
	c.listening = append(c.listening[:len(c.listening):len(c.listening)], op)
	c.wake()
	return true
}

// unlisten ends the listening of an operation, and returns false if it does not listen. It needs
// mu.
func (c *connection) unlisten(op *operation) bool {
	at := slices.Index(c.listening, op)
	if at < 0 {
		return false
	}
	c.listening = slices.Delete(slices.Clone(c.listening), at, at+1) // the writer may read the old list
	return true
}

// fallBehind makes an operation catch up again.
func (c *connection) fallBehind(op *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unlisten(op) { // otherwise the client has just ended it
		c.tasks.Go(func() { c.proceed(op, func() bool { return c.catchUp(op) }) })
	}
}
