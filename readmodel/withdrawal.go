package readmodel

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// exposure is a row of a content or a deck under the position of an event, with the row before it.
type exposure struct {
	Position      eventstore.Position
	Author        string
	Public        bool
	Deleted       bool
	AuthorBefore  string
	PublicBefore  bool
	DeletedBefore bool
}

// withdrawals returns those of the given events that took an object away from the actor. The events
// are in the order of the log, and the actor may see none of them. An object is taken away if the
// actor had the right to see it in its state before the event, and has none in its state after it;
// a user is taken away by being forgotten.
func (r *Reader) withdrawals(ctx context.Context, v View, hidden []eventstore.Event) (gone []eventstore.Event, err error) {
	positions := make(map[domain.Kind][]eventstore.Position)
	for _, e := range hidden {
		kind := domain.Kind(e.Stream.Type)
		positions[kind] = append(positions[kind], e.Position)
	}
	taken := make(map[eventstore.Position]bool)
	for kind, t := range map[domain.Kind]exposed{domain.KindContent: contents, domain.KindPresentation: presentations} {
		if err := r.takenAway(ctx, v, t, positions[kind], taken); err != nil {
			return nil, err
		}
	}
	for _, e := range hidden {
		if taken[e.Position] || forgets(e) && r.May(v.Actor, policy.SeeUser, string(e.Stream.ID)) {
			gone = append(gone, e)
		}
	}
	return gone, nil
}

// forgets reports whether an event is the forgetting of a user.
func forgets(e eventstore.Event) bool {
	if domain.Kind(e.Stream.Type) != domain.KindUser {
		return false
	}
	fact, err := domain.Decode(e.Type, e.SchemaVersion, e.Data)
	_, ok := fact.(domain.UserForgotten)
	return err == nil && ok
}

// takenAway marks the positions, of those given, after which the actor may not see an object of the
// table any more.
func (r *Reader) takenAway(ctx context.Context, v View, t exposed, positions []eventstore.Position, taken map[eventstore.Position]bool) error {
	if len(positions) == 0 {
		return nil
	}
	var rows []exposure
	err := r.db.Scan(ctx, r.db.NewSelect().TableExpr("? AS x", bun.Ident(t.table)).
		ColumnExpr("x.valid_from AS position, x.author_id AS author, x.public, x.deleted").
		ColumnExpr("b.author_id AS author_before, b.public AS public_before, b.deleted AS deleted_before").
		Join("JOIN ? AS b ON b.valid_from = (SELECT max(o.valid_from) FROM ? AS o WHERE o.id = x.id AND o.valid_from < x.valid_from)", bun.Ident(t.table), bun.Ident(t.table)).
		Where("x.valid_from IN (?)", prepared.BindAll(positions)), &rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if r.shows(v, t, row.PublicBefore, row.DeletedBefore, row.AuthorBefore) && !r.shows(v, t, row.Public, row.Deleted, row.Author) {
			taken[row.Position] = true
		}
	}
	return nil
}
