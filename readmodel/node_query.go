package readmodel

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"flightdeck/domain"
	"flightdeck/policy"
)

// Node is an object with an id that is unique among all objects.
type Node interface{ IsNode() }

// IsNode marks the row as a node of the API.
func (*Content) IsNode() {}

// IsNode marks the row as a node of the API.
func (*Presentation) IsNode() {}

// IsNode marks the row as a node of the API.
func (*Slide) IsNode() {}

// IsNode marks the row as a node of the API.
func (*User) IsNode() {}

// MaxNodes bounds the number of ids for Nodes.
const MaxNodes = 100

// Node returns the object with an id, nil if there is none or the view may not see it. It fails for
// a malformed id.
func (r *Reader) Node(ctx context.Context, v View, id string) (Node, error) {
	nodes, err := r.Nodes(ctx, v, []string{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

// Nodes returns the objects with ids, in the order of the ids, with nil for each object that does
// not exist or that the view may not see. It runs one statement for each kind of object. It fails
// for a malformed id.
func (r *Reader) Nodes(ctx context.Context, v View, ids []string) ([]Node, error) {
	if len(ids) > MaxNodes {
		return nil, domain.Errorf(domain.Invalid, "%d ids are too many: at most %d are allowed", len(ids), MaxNodes).At("ids")
	}
	byKind := make(map[domain.Kind][]string)
	for _, id := range ids {
		kind, ok := domain.KindOf(id)
		if !ok {
			return nil, domain.Errorf(domain.Invalid, "%.60q is not an id: ids look like content-0190a8c2-7b1e-7000-8000-000000000000", id).At("id")
		}
		byKind[kind] = append(byKind[kind], id)
	}
	found := make(map[string]Node, len(ids))
	for kind, list := range byKind {
		if err := r.nodesOf(ctx, v, kind, list, found); err != nil {
			return nil, err
		}
	}
	nodes := make([]Node, len(ids))
	for i, id := range ids {
		nodes[i] = found[id]
	}
	return nodes, nil
}

// nodesOf adds the objects of one kind to found.
func (r *Reader) nodesOf(ctx context.Context, v View, kind domain.Kind, ids []string, found map[string]Node) error {
	switch kind {
	case domain.KindContent:
		rows, err := r.contentsByID(ctx, v, ids)
		for _, row := range rows {
			found[row.ID] = row
		}
		return err
	case domain.KindPresentation:
		rows, err := r.presentationsByID(ctx, v, ids)
		for _, row := range rows {
			found[row.ID] = row
		}
		return err
	case domain.KindSlide:
		rows, err := r.slidesByID(ctx, v, ids)
		for _, row := range rows {
			found[row.ID] = row
		}
		return err
	}
	rows, err := r.usersByID(ctx, v, ids)
	for id, row := range rows {
		found[id] = row
	}
	return err
}

func (r *Reader) contentsByID(ctx context.Context, v View, ids []string) (rows []*Content, err error) {
	err = r.db.Scan(ctx, r.db.NewSelect().Model((*Content)(nil)).
		Apply(currentRowsOf(contents.table, "c", ids, v.At), r.visible(v, contents, "c")), &rows)
	r.adoptContents(v, rows...)
	return rows, err
}

func (r *Reader) presentationsByID(ctx context.Context, v View, ids []string) (rows []*Presentation, err error) {
	err = r.db.Scan(ctx, r.db.NewSelect().Model((*Presentation)(nil)).
		Apply(currentRowsOf(presentations.table, "p", ids, v.At), r.visible(v, presentations, "p")), &rows)
	r.adoptPresentations(v, rows...)
	return rows, err
}

// slidesByID returns the slides that are in decks that the view may see.
func (r *Reader) slidesByID(ctx context.Context, v View, ids []string) ([]*Slide, error) {
	var rows []*Slide
	err := r.db.Scan(ctx, r.db.NewSelect().Model((*Slide)(nil)).Apply(currentRowsOf("slides", "s", ids, v.At), at("s", v.At)), &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	decks := make([]string, len(rows))
	for i, row := range rows {
		decks[i] = row.PresentationID
	}
	list, err := r.presentationsByID(ctx, v, decks)
	byID := make(map[string]*Presentation, len(list))
	for _, deck := range list {
		byID[deck.ID] = deck
	}
	return slices.DeleteFunc(rows, func(s *Slide) bool {
		if s.deck = byID[s.PresentationID]; s.deck == nil {
			return true
		}
		s.AsOf = s.deck.AsOf
		return false
	}), err
}

// usersByID returns the users that exist and that the view may see, by id.
func (r *Reader) usersByID(ctx context.Context, v View, ids []string) (map[string]*User, error) {
	moments := make([]moment, len(ids))
	for i, id := range ids {
		moments[i] = v.of(id)
	}
	found, err := r.usersAt(ctx, v, moments)
	users := make(map[string]*User, len(found))
	for m, row := range found {
		users[m.id] = row
	}
	return users, err
}

// usersAt returns the users that existed at moments and that the view's actor may see.
func (r *Reader) usersAt(ctx context.Context, v View, moments []moment) (map[moment]*User, error) {
	users := make(map[moment]*User, len(moments))
	for _, m := range moments {
		if m.id != "" && r.May(v.Actor, policy.SeeUser, m.id) {
			users[m] = nil
		}
	}
	order := func(a, b moment) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.at, b.at)) }
	rows := make(map[string][]*User, len(users))
	for chunk := range slices.Chunk(slices.SortedFunc(maps.Keys(users), order), MaxPage) {
		var found []*User
		if err := r.db.Scan(ctx, r.db.NewSelect().Model((*User)(nil)).Apply(currentRowsAt("users", "u", chunk)), &found); err != nil {
			return nil, err
		}
		for _, row := range found {
			rows[row.ID] = append(rows[row.ID], row)
		}
	}
	for m := range users {
		var last *User
		for _, row := range rows[m.id] {
			if row.ValidFrom <= m.at && (last == nil || row.ValidFrom > last.ValidFrom) {
				last = row
			}
		}
		if last == nil {
			delete(users, m)
			continue
		}
		user := *last // a row can be the state of several moments
		r.adoptUsers(View{At: m.at, Actor: v.Actor, Named: m.named}, &user)
		users[m] = &user
	}
	return users, nil
}
