package readmodel

import (
	"slices"

	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// at selects the rows that were true at a position. alias is the table's.
func at(alias string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.valid_from <= ? AND ?.valid_to > ?", bun.Ident(alias), prepared.Bind(p), bun.Ident(alias), prepared.Bind(p))
	}
}

// among selects the rows of all objects that were true at a position. The plus
// keeps the database from walking the whole history up to it: a list is read in
// its own order.
func currentRows(alias string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("+?.valid_from <= ? AND ?.valid_to > ?", bun.Ident(alias), prepared.Bind(p), bun.Ident(alias), prepared.Bind(p))
	}
}

// recordedBy is the latest that anything known at a position can have happened:
// a bound for orders by time, which then skip nothing that came later.
func recordedBy(column string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where(column+" <= (SELECT recorded_at FROM all_events WHERE position = ?)", prepared.Bind(p))
	}
}

// lately selects the row of an object that was true at a position, by going
// straight to the last one that had begun.
func currentRow(alias, id string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.id = ?", bun.Ident(alias), prepared.Bind(id)).Apply(at(alias, p)).OrderExpr("?.valid_from DESC", bun.Ident(alias))
	}
}

// latelyAll selects the rows of several objects that had begun last at a position,
// going straight to each.
func currentRowsOf(table, alias string, ids []string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
				q = q.WhereOr("?0.id = ?1 AND ?0.valid_from = (SELECT max(valid_from) FROM ?2 WHERE id = ?1 AND valid_from <= ?3)",
					bun.Ident(alias), prepared.Bind(id), bun.Ident(table), prepared.Bind(p))
			}
			return q
		})
	}
}
