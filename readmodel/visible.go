package readmodel

import (
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// This file is domain's policy in SQL: which rows a view may see.

// Tables of things that may be hidden, with their aliases.
const (
	contentsTable      = "contents"
	presentationsTable = "presentations"
)

// visible selects the rows of a table that the view may see: those that are not
// deleted and either the asker's to see while hidden, or public both at that
// moment and now.
func (v View) visible(table, alias string) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.deleted = 0", bun.Ident(alias)).Apply(v.permitted(table, alias))
	}
}

// permitted is visible without regard to deletion at the moment of the view.
func (v View) permitted(table, alias string) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if v.Actor.MayEdit() {
			return q
		}
		a, t := bun.Ident(alias), bun.Ident(table)
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			if !v.Actor.Visitor() {
				q = q.Where("?.author_id = ?", a, bind(v.Actor.UserID))
			}
			return q.WhereOr("?0.public = 1 AND (?0.valid_to = ?1 OR (SELECT now.public FROM ?2 AS now WHERE now.id = ?0.id ORDER BY now.valid_from DESC LIMIT 1) = 1)",
				a, eventstore.Forever, t)
		})
	}
}

// notes reports whether the view may read the speaker notes of a deck.
func (v View) notes(deck *Presentation) bool { return v.Actor.MaySeeHidden(deck.AuthorID) }

// private reports whether the view may read what is private about a user.
func (v View) private(u *User) bool { return v.Actor.MaySeePrivate(u.ID) }
