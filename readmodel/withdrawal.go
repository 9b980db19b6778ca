package readmodel

import (
	"context"
	"slices"

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

// withdrawals returns the positions of the events that took an object away from the actor, in
// order. The actor may see none of the given events. An object is taken away if the actor had the
// right to see it in its state before the event, and has none in its state after it; a user is
// taken away by being forgotten.
func (r *Reader) withdrawals(ctx context.Context, v View, hidden []eventstore.Event) ([]eventstore.Position, error) {
	if len(hidden) == 0 {
		return nil, nil
	}
	at := make(map[eventstore.Position]eventstore.Event, len(hidden))
	positions := make(map[domain.Kind][]eventstore.Position)
	for _, e := range hidden {
		at[e.Position] = e
		kind := domain.Kind(e.Stream.Type)
		positions[kind] = append(positions[kind], e.Position)
	}
	var gone []eventstore.Position
	for kind, t := range map[domain.Kind]exposed{domain.KindContent: contents, domain.KindPresentation: presentations} {
		found, err := r.takenAway(ctx, v, t, positions[kind])
		if err != nil {
			return nil, err
		}
		gone = append(gone, found...)
	}
	for _, p := range positions[domain.KindUser] {
		if e := at[p]; forgets(e) && r.May(v.Actor, policy.SeeUser, string(e.Stream.ID)) {
			gone = append(gone, p)
		}
	}
	slices.Sort(gone)
	return gone, nil
}

func forgets(e eventstore.Event) bool {
	fact, err := domain.Decode(e.Type, e.SchemaVersion, e.Data)
	_, ok := fact.(domain.UserForgotten)
	return err == nil && ok
}

// takenAway returns the positions, of those given, after which the actor may not see an object of
// the table any more.
func (r *Reader) takenAway(ctx context.Context, v View, t exposed, positions []eventstore.Position) ([]eventstore.Position, error) {
	if len(positions) == 0 {
		return nil, nil
	}
	var rows []exposure
	err := r.db.Scan(ctx, r.db.NewSelect().TableExpr("? AS x", bun.Ident(t.table)).
		ColumnExpr("x.valid_from AS position, x.author_id AS author, x.public, x.deleted").
		ColumnExpr("b.author_id AS author_before, b.public AS public_before, b.deleted AS deleted_before").
		Join("JOIN ? AS b ON b.valid_from = (SELECT max(o.valid_from) FROM ? AS o WHERE o.id = x.id AND o.valid_from < x.valid_from)", bun.Ident(t.table), bun.Ident(t.table)).
		Where("x.valid_from IN (?)", prepared.BindAll(positions)), &rows)
	if err != nil {
		return nil, err
	}
	var gone []eventstore.Position
	for _, row := range rows {
		if r.saw(v, t, row.PublicBefore, row.DeletedBefore, row.AuthorBefore) && !r.saw(v, t, row.Public, row.Deleted, row.Author) {
			gone = append(gone, row.Position)
		}
	}
	return gone, nil
}

// saw reports whether the actor may see an object while its state is the present one.
func (r *Reader) saw(v View, t exposed, public, deleted bool, author string) bool {
	is := policy.ExposureOf(public, deleted)
	return is != policy.Deleted && r.May(v.Actor, t.right(policy.VisibilityOf(is, is)), author)
}
