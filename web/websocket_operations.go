package web

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/graph/errorcode"
)

var errTooManyOperations = &refusal{
	errorcode.Overloaded,
	fmt.Sprintf("more than %d operations on one connection: end some first", maxOperations),
}

// operation is a query, a mutation or a subscription that a client has started.
type operation struct {
	id       string
	envelope []byte // of a result, up to the result; endOfEnvelope follows
	cancel   context.CancelFunc
	shared   *shared // nil where it has its results for itself

	concluded bool // its last message is on its way
	stopped   bool // the client wants nothing more; under the connection's mu
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
	ctx, cancel := context.WithCancel(c.session)
	op := &operation{id: id, envelope: openEnvelope(c.protocol.next, id), cancel: cancel}
	switch duplicate, full := c.register(op); {
	case duplicate:
		cancel()
		return &closing{code: closeDuplicateID, reason: "Subscriber for " + id + " already exists"}
	case full:
		cancel()
		return c.refuse(id, errTooManyOperations)
	}
	c.tasks.Go(func() { c.run(ctx, op, params) })
	return nil
}

// register makes an operation known, unless its id is taken or there are too many.
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

// stop ends an operation because the client says so. One that has just ended by
// itself is no error: the messages have crossed.
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
	if c.protocol.legacy { // it wants to be told, even so
		c.send(c.ctx, reply{data: encodeMessage(typeComplete, id, nil)})
	}
	return nil
}

// wanted reports whether a frame is still to be written. The last one of an
// operation frees its id: the client may use it again when it has read that.
func (c *connection) wanted(f reply) bool {
	if f.op == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.op.stopped {
		return false
	}
	if f.final {
		delete(c.operations, f.op.id)
	}
	return true
}

// run executes an operation to its end, or until it listens to a broadcast.
func (c *connection) run(ctx context.Context, op *operation, params *graphql.RawParams) {
	c.proceed(ctx, op, func() (listens bool) {
		prepared, errs := c.server.prepare(ctx, params)
		if len(errs) > 0 {
			c.conclude(ctx, op, c.protocol.encodeErrors(op.id, errs))
			return false
		}
		if op.shared = c.server.share(ctx, prepared, params, c.woken); op.shared != nil {
			return c.catchUp(op)
		}
		c.stream(ctx, op, prepared)
		return false
	})
}

// proceed runs a part of an operation, on a goroutine of its own, and ends the
// operation with it unless that listens to a broadcast from then on.
func (c *connection) proceed(ctx context.Context, op *operation, part func() (listens bool)) {
	listens := false
	defer func() {
		if p := recover(); p != nil {
			errs := gqlerror.List{c.server.presentPanic(ctx, p)}
			c.conclude(ctx, op, c.protocol.encodeErrors(op.id, errs))
		}
		if !listens {
			c.finish(op)
		}
	}()
	if listens = part(); !listens {
		c.conclude(ctx, op, encodeMessage(typeComplete, op.id, nil))
	}
}

// finish gives back what an operation held.
func (c *connection) finish(op *operation) {
	op.cancel()
	if op.shared != nil {
		op.shared.leave()
	}
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
}

// stream sends the results of an operation, and reports whether it came to the end
// of them. Each is encoded before the next is asked for: generated code uses its
// buffer again.
func (c *connection) stream(ctx context.Context, op *operation, prepared *graphql.OperationContext) bool {
	if !isSubscription(prepared) {
		if resp := c.server.execute(ctx, prepared); resp != nil {
			c.send(ctx, reply{data: encodeResponse(resp), op: op, result: true})
		}
		return ctx.Err() == nil
	}
	next, running := c.server.exec.DispatchOperation(ctx, prepared)
	for {
		resp := next(running)
		if resp == nil {
			return ctx.Err() == nil
		}
		if !c.send(ctx, reply{data: encodeResponse(resp), op: op, result: true}) {
			return false
		}
		// A refusal is the end, also of an interceptor that would repeat it for ever.
		if !executed(resp) {
			return false
		}
	}
}

// conclude sends the last message of an operation, unless it was sent. One that was
// cancelled has none: the client has ended it, or the whole connection ends and says
// why.
func (c *connection) conclude(ctx context.Context, op *operation, data []byte) {
	if ctx.Err() == nil && !op.concluded {
		op.concluded = true
		c.send(ctx, reply{data: data, op: op, final: true})
	}
}

// refuse tells the client that an operation is not started.
func (c *connection) refuse(id string, e *refusal) error {
	c.send(c.ctx, reply{data: c.protocol.encodeErrors(id, gqlerror.List{e.present()})})
	return nil
}

// send queues a frame, and waits while the queue is full. It reports false when ctx
// ended first.
func (c *connection) send(ctx context.Context, f reply) bool {
	select {
	case c.queue <- f:
		c.wake()
		return true
	case <-ctx.Done():
		return false
	}
}
