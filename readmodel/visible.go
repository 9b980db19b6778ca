package readmodel

import (
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// This file turns the table of package policy into SQL: the rows of the table say which rows of the
// database a view may see.

// May reports whether an actor has a right to an object of owner, a user's id.
func (r *Reader) May(actor domain.Actor, right policy.Right, owner string) bool {
	return r.rules.May(actor, right, owner)
}

// exposed is a table whose objects can be hidden, and the right for each visibility of an object.
type exposed struct {
	table string
	right func(policy.Visibility) policy.Right
}

var (
	contents      = exposed{"contents", policy.Visibility.Content}
	presentations = exposed{"presentations", policy.Visibility.Deck}
)

// visibilities are the conditions for rows of a visibility. ?0 is the alias of the table ?2, ?1 the
// end of an open row. Of a closed row a condition also asks the latest row of the same object,
// which the index on id finds.
var visibilities = [policy.Visibilities]string{
	policy.PublicThenAndNow: "?0.public = 1 AND (?0.valid_to = ?1 OR " + latest("public") + " = 1)",
	policy.HiddenThen:       "?0.public = 0 AND ?0.deleted = 0 AND ?0.valid_to <> ?1 AND " + latest("public") + " = 1",
	policy.HiddenNow:        "?0.public = 1 AND ?0.valid_to <> ?1 AND " + latest("public") + " = 0 AND " + latest("deleted") + " = 0",
	policy.HiddenThenAndNow: "?0.public = 0 AND ?0.deleted = 0 AND (?0.valid_to = ?1 OR " + latest("public") + " = 0 AND " + latest("deleted") + " = 0)",
	policy.DeletedThenOrNow: "(?0.deleted = 1 OR ?0.valid_to <> ?1 AND " + latest("deleted") + " = 1)",
}

func latest(column string) string {
	return "(SELECT now." + column + " FROM ?2 AS now WHERE now.id = ?0.id ORDER BY now.valid_from DESC LIMIT 1)"
}

// visible selects the rows that the view may see of objects that are not deleted at its moment.
func (r *Reader) visible(v View, t exposed, alias string) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.deleted = 0", bun.Ident(alias)).Apply(r.permitted(v, t, alias))
	}
}

// permitted selects the rows that the view may see, those of deleted objects included.
func (r *Reader) permitted(v View, t exposed, alias string) func(*bun.SelectQuery) *bun.SelectQuery {
	var all, own []policy.Visibility
	for s := range policy.Visibilities {
		switch r.rules.Reach(v.Actor.Role, t.right(s)) {
		case policy.All:
			all = append(all, s)
		case policy.Own:
			own = append(own, s)
		}
	}
	a, name := bun.Ident(alias), bun.Ident(t.table)
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		switch {
		case len(all) == int(policy.Visibilities):
			return q
		case len(all)+len(own) == 0:
			return q.Where("FALSE")
		}
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, s := range all {
				q = q.WhereOr(visibilities[s], a, eventstore.Forever, name)
			}
			if len(all)+len(own) == int(policy.Visibilities) { // the own objects, in any visibility
				return q.WhereOr("?.author_id = ?", a, prepared.Bind(v.Actor.UserID))
			}
			for _, s := range own {
				q = q.WhereOr(visibilities[s]+" AND ?0.author_id = ?3", a, eventstore.Forever, name, prepared.Bind(v.Actor.UserID))
			}
			return q
		})
	}
}

// events selects the events that the view may see. An event about a content or a deck has a row
// under its position. A view with all rights sees the events of unknown types as well.
func (r *Reader) events(v View) func(*bun.SelectQuery) *bun.SelectQuery {
	account := r.rules.Reach(v.Actor.Role, policy.SeeAccount)
	everything := account == policy.All
	for s := range policy.Visibilities {
		everything = everything && r.rules.Reach(v.Actor.Role, s.Content()) == policy.All && r.rules.Reach(v.Actor.Role, s.Deck()) == policy.All
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if everything {
			return q
		}
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, t := range []exposed{contents, presentations} {
				row := q.NewSelect().TableExpr("? AS x", bun.Ident(t.table)).ColumnExpr("1").
					Where("x.valid_from = e.position").Apply(r.permitted(v, t, "x"))
				q = q.WhereOr("EXISTS (?)", row)
			}
			switch account {
			case policy.All:
				q = q.WhereOr("e.stream_type = ?", prepared.Bind(domain.KindUser))
			case policy.Own:
				q = q.WhereOr("e.stream_id = ?", prepared.Bind(v.Actor.UserID))
			}
			return q
		})
	}
}

// shows reports whether the view may see an object of a table while its state is the present one.
func (r *Reader) shows(v View, t exposed, public, deleted bool, author string) bool {
	is := policy.ExposureOf(public, deleted)
	return is != policy.Deleted && r.May(v.Actor, t.right(policy.VisibilityOf(is, is)), author)
}
