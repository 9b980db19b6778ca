package readmodel

import (
	"context"
	"math"
	"sync"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// template is the text of a query that was built once, and where its arguments come
// from. To have bun build it takes longer than the database does to find a row.
type template struct {
	query string
	args  []argument
}

// argument is one of a template's: what the query is about, the position or the user of
// its view, or a value that is always the same.
type argument struct {
	from  int
	value any
}

const (
	fromNowhere = iota
	fromSubject
	fromPosition
	fromUser
)

// What stands for the arguments while the text is built. They occur in no query.
const (
	someSubject  = "\ufffe the subject"
	someUser     = "\ufffe the user"
	somePosition = eventstore.Position(math.MaxInt64 - 4711)
)

// shape names queries that have the same text: those that the same code builds for the
// same role.
type shape struct {
	name string
	role domain.Role
}

// templates remembers templates by their shape.
type templates struct {
	mu    sync.RWMutex // guards known
	known map[shape]*template
}

func (t *templates) get(s shape) *template {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.known[s]
}

func (t *templates) add(s shape, made *template) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[shape]*template{}
	}
	t.known[s] = made
}

// one returns the only row that a view shows of a subject, nil when there is none. build
// makes the query; its text must depend on nothing but the role of the view's actor.
func one[T any](ctx context.Context, r *Reader, name string, v View, subject string, build func(View, string) *bun.SelectQuery) (*T, error) {
	s := shape{name, v.Actor.Role}
	t := r.templates.get(s)
	if t == nil {
		var err error
		if t, err = r.newTemplate(build(View{At: somePosition, Actor: domain.Actor{UserID: someUser, Role: v.Actor.Role}}, someSubject).Limit(1)); err != nil {
			return nil, err
		}
		r.templates.add(s, t)
	}
	return first[T](ctx, r, t.query, t.fill(v, subject))
}

// newTemplate makes a template of a query that was built with what stands for arguments.
func (r *Reader) newTemplate(q *bun.SelectQuery) (*template, error) {
	query, args, err := r.text(q)
	t := &template{query: query, args: make([]argument, len(args))}
	for i, value := range args {
		a := &t.args[i]
		switch value {
		case someSubject:
			a.from = fromSubject
		case int64(somePosition):
			a.from = fromPosition
		case someUser:
			a.from = fromUser
		default:
			a.value = value
		}
	}
	return t, err
}

// fill returns the arguments of a query.
func (t *template) fill(v View, subject string) []any {
	args := make([]any, len(t.args))
	for i, a := range t.args {
		switch a.from {
		case fromSubject:
			args[i] = subject
		case fromPosition:
			args[i] = int64(v.At)
		case fromUser:
			args[i] = v.Actor.UserID
		default:
			args[i] = a.value
		}
	}
	return args
}
