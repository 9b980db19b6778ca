package readmodel

import (
	"context"
	"sync"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// The slots of the templates: the object that is asked for, and the position and the user of the
// view.
const (
	objectSlot = iota
	positionSlot
	userSlot
)

// shape names the queries that have the same text: those that the same code builds for the same
// role.
type shape struct {
	name string
	role domain.Role
}

// templates keeps templates by their shapes, of which there are few.
type templates struct {
	mu      sync.RWMutex // guards byShape
	byShape map[shape]*prepared.Template
}

func (t *templates) get(s shape) *prepared.Template {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byShape[s]
}

func (t *templates) add(s shape, template *prepared.Template) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byShape == nil {
		t.byShape = map[shape]*prepared.Template{}
	}
	t.byShape[s] = template
}

// one returns the only row of an object that a view shows, nil if it shows none. build returns the
// query for a view and an object; the text of the query depends on nothing but the role of the
// view's actor. name names build.
func one[T any](ctx context.Context, r *Reader, name string, v View, object string, build func(View, string) *bun.SelectQuery) (*T, error) {
	s := shape{name, v.Actor.Role}
	t := r.templates.get(s)
	if t == nil {
		slots := View{At: eventstore.Position(prepared.IntSlot(positionSlot)), Actor: domain.Actor{UserID: prepared.TextSlot(userSlot), Role: v.Actor.Role}}
		var err error
		if t, err = r.db.NewTemplate(build(slots, prepared.TextSlot(objectSlot)).Limit(1)); err != nil {
			return nil, err
		}
		r.templates.add(s, t)
	}
	return prepared.First[T](ctx, r.db, t, object, int64(v.At), v.Actor.UserID)
}
