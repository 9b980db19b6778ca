package readmodel

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// answer is shared by the rows of one answer: the view in which they were read, and the objects
// that are loaded for all rows as soon as one row needs them. So a query over any number of objects
// runs a fixed number of statements.
//
// The subjects of events are rows of one answer that were read at different moments: each row has
// its own in AsOf. Everything that is reached from a row is read at the moment of the row.
type answer struct {
	reader *Reader
	view   View

	people   []moment // the users that the rows name
	users    lazy[map[moment]*User]
	decks    []*Presentation
	slides   lazy[map[string]*Slide]
	events   []*Envelope
	subjects lazy[map[eventstore.Position]Node]
}

// of returns an object at the moment of a view.
func (v View) of(id string) moment { return moment{id, v.At, v.Named} }

// viewOf returns the view of a row with a field AsOf.
func (a *answer) viewOf(asOf *eventstore.Position) View {
	if asOf == nil {
		return a.view
	}
	return a.view.named(*asOf)
}

// name adds the users whom a row with a field AsOf names.
func (a *answer) name(asOf *eventstore.Position, ids ...string) {
	v := a.viewOf(asOf)
	for _, id := range ids {
		a.people = append(a.people, v.of(id))
	}
}

// user returns a user whom a row with a field AsOf names, at the moment of the row. It returns nil
// if the id is "" or the user does not exist.
func (a *answer) user(ctx context.Context, asOf *eventstore.Position, id string) (*User, error) {
	if id == "" {
		return nil, nil
	}
	users, err := a.users.get(func() (map[moment]*User, error) { return a.reader.usersAt(ctx, a.view, a.people) })
	return users[a.viewOf(asOf).of(id)], err
}

// revision returns the view at an object's version, or at a point in history. v is the view of the
// object. ok is false if the object has no such version yet in v. Either version or asOf is nil.
func (a *answer) revision(ctx context.Context, v View, id string, version *int, asOf *AsOf) (then View, ok bool, err error) {
	switch {
	case (version == nil) == (asOf == nil):
		return v, false, domain.Errorf(domain.Invalid, "give either version or asOf").At("version")
	case asOf != nil:
		p, _, err := a.reader.Resolve(ctx, *asOf)
		return v.named(p), true, err
	case *version < 1:
		return v, false, domain.Errorf(domain.Invalid, "version %d does not exist: the first one is 1", *version).At("version")
	}
	events, err := a.reader.log.ReadStream(ctx, eventstore.StreamID(id), *version-1, 1)
	if err != nil || len(events) == 0 || events[0].Position > v.At {
		return v, false, err
	}
	return v.named(events[0].Position), true, nil
}
