package readmodel

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// answer is shared by the rows of one answer: the view in which they were read, and the objects
// that are loaded for all rows as soon as one row needs them. So a query over any number of objects
// runs a fixed number of statements.
type answer struct {
	reader *Reader
	view   View

	userIDs  []string
	users    lazy[map[string]*User]
	decks    []*Presentation
	slides   lazy[map[string]*Slide]
	events   []*Envelope
	subjects lazy[map[eventstore.Position]Node]
}

// user returns a user in the view of the answer, nil if the id is "" or the user does not exist.
func (a *answer) user(ctx context.Context, id string) (*User, error) {
	if id == "" {
		return nil, nil
	}
	users, err := a.users.get(func() (map[string]*User, error) { return a.reader.usersByID(ctx, a.view, a.userIDs) })
	return users[id], err
}

// revision returns the position of an object's version, or of a point in history. It is 0 if the
// object has no such version yet in the view. Either version or asOf is nil.
func (a *answer) revision(ctx context.Context, id string, version *int, asOf *AsOf) (eventstore.Position, error) {
	switch {
	case (version == nil) == (asOf == nil):
		return 0, domain.Errorf(domain.Invalid, "give either version or asOf").At("version")
	case asOf != nil:
		return a.reader.Resolve(ctx, *asOf)
	case *version < 1:
		return 0, domain.Errorf(domain.Invalid, "version %d does not exist: the first one is 1", *version).At("version")
	}
	events, err := a.reader.log.ReadStream(ctx, eventstore.StreamID(id), *version-1, 1)
	if err != nil || len(events) == 0 || events[0].Position > a.view.At {
		return 0, err
	}
	return events[0].Position, nil
}
