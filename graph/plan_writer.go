package graph

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// planWriter writes the value of one field of Query by a plan. It is used by one
// goroutine. What writes a value reports whether it is not null.
type planWriter struct {
	buf   []byte
	path  []planFrame // the first one has a context
	asked int         // how many fields gqlgen has executed
}

// planFrame is one part of the path to what is written: a field, or an element of a
// list. Its context is made when somebody asks for it, which for most nobody does.
type planFrame struct {
	ctx   context.Context //nolint:containedctx // of the frame's field, while it is executed
	step  *planStep       // nil for an element
	index int
}

var _ io.Writer = (*planWriter)(nil)

// Write appends to what is written.
func (w *planWriter) Write(b []byte) (int, error) {
	w.buf = append(w.buf, b...)
	return len(b), nil
}

// WriteString is Write.
func (w *planWriter) WriteString(s string) (int, error) {
	w.buf = append(w.buf, s...)
	return len(s), nil
}

// MarshalGQL writes what is written.
func (w *planWriter) MarshalGQL(to io.Writer) {
	_, _ = to.Write(w.buf) //nolint:errcheck // gqlgen writes into a buffer
}

func (w *planWriter) null() bool {
	w.buf = append(w.buf, "null"...)
	return false
}

// keep ends a value that began at a mark; what is not valid is null.
func (w *planWriter) keep(mark int, valid bool) bool {
	if !valid {
		w.buf = w.buf[:mark]
		return w.null()
	}
	return true
}

// end ends an object.
func (w *planWriter) end(p *plan, mark int, valid bool) bool {
	if len(p.steps) == 0 {
		w.buf = append(w.buf, '{')
	}
	w.buf = append(w.buf, '}')
	return w.keep(mark, valid)
}

// marshal writes what gqlgen has made of a field.
func (w *planWriter) marshal(m graphql.Marshaler) bool {
	w.asked++
	m.MarshalGQL(w)
	return m != graphql.Null && m != graphql.RequiredNull
}

// written is what a field has become that was written already.
var written graphql.Marshaler = new(writtenMarshaler)

type writtenMarshaler struct{ _ byte } // not empty, so that it has an address of its own

func (*writtenMarshaler) MarshalGQL(io.Writer) {}

// resolve writes a field by gqlgen's way of executing it, which ends in within. When
// that was left by a panic, which gqlgen makes an error, nothing of it remains.
func (w *planWriter) resolve(field func(context.Context) graphql.Marshaler) bool {
	w.asked++
	mark, depth := len(w.buf), len(w.path)
	m := field(w.context())
	w.path = w.path[:depth]
	if m == written {
		return true
	}
	w.buf = w.buf[:mark]
	return w.marshal(m)
}

// within writes what is below a field that has a context. A panic is a fault of the
// program. gqlgen makes it an error of the very field it is in, so that it is gqlgen that
// does all again then, unless that would execute something for the second time.
func (w *planWriter) within(ctx context.Context, value func() bool, gqlgen func() graphql.Marshaler) (m graphql.Marshaler) {
	asked := w.asked
	defer func() {
		if fault := recover(); fault != nil {
			if w.asked != asked {
				panic(fault)
			}
			m = gqlgen()
		}
	}()
	w.path = append(w.path, planFrame{ctx: ctx})
	if !value() {
		return graphql.Null
	}
	return written
}

func (w *planWriter) enter(s *planStep) { w.path = append(w.path, planFrame{step: s}) }

func (w *planWriter) enterElement(i int) { w.path = append(w.path, planFrame{index: i}) }

func (w *planWriter) leave() { w.path = w.path[:len(w.path)-1] }

// context returns the context of where the writer is, as gqlgen's own execution would
// have made it.
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

// lengths remembers about how long the answers of a plan are.
type lengths struct{ last atomic.Int64 }

// maxGuess bounds what is set aside for an answer before it is known.
const maxGuess = 64 << 10

// guess is how long the next answer may be.
func (l *lengths) guess() int { return int(min(l.last.Load(), maxGuess)) }

// note remembers a length, which is forgotten by and by.
func (l *lengths) note(n int) {
	last := l.last.Load()
	if grown := max(int64(n), last-last/16); grown != last {
		l.last.Store(grown)
	}
}

// write writes the value of a field of Query.
func (p *operationPlan) write(ctx context.Context, value func(*planWriter) bool, gqlgen func() graphql.Marshaler) graphql.Marshaler {
	w := &planWriter{buf: make([]byte, 0, p.length.guess()+64), path: make([]planFrame, 0, 8)}
	if len(p.steps) == 1 {
		w.buf = append(w.buf, p.steps[0].text...)
	}
	if m := w.within(ctx, func() bool { return value(w) }, gqlgen); m != written {
		return m
	}
	return w
}
