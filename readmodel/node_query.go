package readmodel

import (
	"context"
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
		s.deck = byID[s.PresentationID]
		return s.deck == nil
	}), err
}

// usersByID returns the users that exist and that the view may see, by id.
func (r *Reader) usersByID(ctx context.Context, v View, ids []string) (map[string]*User, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" || !r.May(v.Actor, policy.SeeUser, id) })
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []*User
	err := r.db.Scan(ctx, r.db.NewSelect().Model((*User)(nil)).Apply(currentRowsOf("users", "u", ids, v.At)), &rows)
	r.adoptUsers(v, rows...)
	users := make(map[string]*User, len(rows))
	for _, row := range rows {
		users[row.ID] = row
	}
	return users, err
}
