package web

import (
	"slices"

	"flightdeck/web/frame"
)

// catchUp brings an operation by itself from where it is to where its broadcast is,
// and has it listen there from then on: its goroutine may end. It reports false when
// the operation has ended instead, or was cancelled.
func (c *connection) catchUp(op *operation) bool {
	s := op.shared
	if !s.prepare() {
		return false
	}
	for s.behind() {
		if !c.stream(s.step(), op, s.prepared) || !s.stepped() {
			return false
		}
	}
	s.prepared = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	if op.stopped {
		return false
	}
	c.listening = append(c.listening[:len(c.listening):len(c.listening)], op)
	c.wake()
	return true
}

// unlisten ends what catchUp began, and reports whether that had been. It needs mu.
func (c *connection) unlisten(op *operation) bool {
	at := slices.Index(c.listening, op)
	if at < 0 {
		return false
	}
	c.listening = slices.Delete(slices.Clone(c.listening), at, at+1) // the writer may be going through the old list
	return true
}

// writeHeard writes what comes next for an operation in its broadcast, and reports
// whether more waits there.
func (c *connection) writeHeard(out *frame.Buffer, op *operation) (more bool, err error) {
	results, more, behind := op.shared.hear()
	if behind {
		c.fallBehind(op)
		return false, nil
	}
	for _, result := range results {
		if err := c.flushFull(out); err != nil {
			return false, err
		}
		c.gather(out, reply{data: result, op: op, result: true})
	}
	return more, nil
}

// fallBehind has an operation catch up again.
func (c *connection) fallBehind(op *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unlisten(op) { // or else the client has just ended it
		c.tasks.Go(func() { c.proceed(op.shared.ctx, op, func() bool { return c.catchUp(op) }) })
	}
}
