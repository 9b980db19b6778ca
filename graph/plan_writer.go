package graph

import (
	"context"
	"io"

	"flightdeck/budget"

	"github.com/99designs/gqlgen/graphql"
)

// planWriter writes the value of one field of Query by a plan. One goroutine uses it. Its methods
// that write a value return false for null.
type planWriter struct {
	buf   []byte
	path  []planFrame // the first frame has a context
	asked bool        // gqlgen has executed a field

	budget *budget.Budget
	spent  int  // bytes of buf
	full   bool // the budget is exhausted
}

// planFrame is one element of the path to the current value: a field, or an element of a list. Its
// context is made when a field asks for it, which few fields do.
type planFrame struct {
	ctx   context.Context //nolint:containedctx // belongs to the frame's field while it is executed
	step  *planStep       // nil for an element
	index int
}

var _ io.Writer = (*planWriter)(nil)

// Write appends bytes to the answer. The error is always nil.
func (w *planWriter) Write(b []byte) (int, error) {
	w.buf = append(w.buf, b...)
	return len(b), nil
}

// WriteString appends a string to the answer. The error is always nil.
func (w *planWriter) WriteString(s string) (int, error) {
	w.buf = append(w.buf, s...)
	return len(s), nil
}

// MarshalGQL copies the answer into a buffer of gqlgen.
func (w *planWriter) MarshalGQL(to io.Writer) {
	_, _ = to.Write(w.buf) //nolint:errcheck // writing to gqlgen's buffer does not fail
}

func (w *planWriter) null() bool {
	w.buf = append(w.buf, "null"...)
	return false
}

// spendStep is the number of bytes that a writer spends at once.
const spendStep = 64 << 10

// isFull spends the bytes that were written, and reports whether the budget is exhausted. That has
// ended the operation, whose answer is not used: nothing more is to be written.
func (w *planWriter) isFull() bool {
	if len(w.buf)-w.spent >= spendStep {
		w.spend()
	}
	return w.full
}

func (w *planWriter) spend() {
	w.full = w.budget.Bytes(len(w.buf)-w.spent) != nil || w.full
	w.spent = len(w.buf)
}

// keep ends a value that began at mark, and replaces it by null if it is not valid.
func (w *planWriter) keep(mark int, valid bool) bool {
	if !valid {
		w.cut(mark)
		return w.null()
	}
	return true
}

// cut removes the bytes after mark.
func (w *planWriter) cut(mark int) {
	w.buf = w.buf[:mark]
	w.spent = min(w.spent, mark)
}

// end ends an object that began at mark.
func (w *planWriter) end(p *plan, mark int, valid bool) bool {
	if len(p.steps) == 0 {
		w.buf = append(w.buf, '{')
	}
	w.buf = append(w.buf, '}')
	return w.keep(mark, valid)
}

// marshal writes the value that gqlgen made of a field.
func (w *planWriter) marshal(m graphql.Marshaler) bool {
	w.asked = true
	m.MarshalGQL(w)
	return m != graphql.Null && m != graphql.RequiredNull
}

// written stands for the value of a field that the writer has already.
var written graphql.Marshaler = new(writtenMarshaler)

type writtenMarshaler struct{ _ byte } // not empty, so that written has an address of its own

func (*writtenMarshaler) MarshalGQL(io.Writer) {}

// resolve executes a field as gqlgen does. The field calls within to write its value. gqlgen turns
// a panic into an error of the field; the bytes that were written before the panic are removed.
func (w *planWriter) resolve(field func(context.Context) graphql.Marshaler) bool {
	w.asked = true
	mark, depth := len(w.buf), len(w.path)
	m := field(w.context())
	w.path = w.path[:depth]
	if m == written {
		return true
	}
	w.cut(mark)
	return w.marshal(m)
}

// within writes the value of a field whose context is ctx.
func (w *planWriter) within(ctx context.Context, value func() bool) graphql.Marshaler {
	w.path = append(w.path, planFrame{ctx: ctx})
	if !value() {
		return graphql.Null
	}
	return written
}

func (w *planWriter) enter(s *planStep) { w.path = append(w.path, planFrame{step: s}) }

func (w *planWriter) enterElement(i int) { w.path = append(w.path, planFrame{index: i}) }

func (w *planWriter) leave() { w.path = w.path[:len(w.path)-1] }

// context returns the context that gqlgen would have made for the current value.
func (w *planWriter) context() context.Context {
	last := len(w.path) - 1
	for w.path[last].ctx == nil {
		last--
	}
	ctx := w.path[last].ctx
	for i := last + 1; i < len(w.path); i++ {
		f := &w.path[i]
		at := new(graphql.FieldContext)
		if f.step == nil {
			index := f.index
			at.Index = &index
		} else {
			at.Object, at.Field, at.IsMethod = f.step.object, f.step.field, f.step.method
		}
		ctx = graphql.WithFieldContext(ctx, at)
		f.ctx = ctx
	}
	return ctx
}

// write writes the value of a field of Query. An operation of one field begins with the text of its
// step. A panic is a fault of the program, which gqlgen makes an error of the very field that it
// happened in: gqlgen writes the value again then, unless it would execute a field twice.
func (p *operationPlan) write(ctx context.Context, value func(*planWriter) bool, gqlgen func() graphql.Marshaler) (m graphql.Marshaler) {
	w := &planWriter{buf: make([]byte, 0, 4<<10), path: make([]planFrame, 0, 8), budget: budget.From(ctx)}
	if len(p.steps) == 1 {
		w.buf = append(w.buf, p.steps[0].text...)
	}
	defer func() {
		if fault := recover(); fault != nil {
			if w.asked {
				panic(fault)
			}
			m = gqlgen()
		}
	}()
	if m := w.within(ctx, func() bool { return value(w) }); m != written {
		return m
	}
	w.spend()
	return w
}
