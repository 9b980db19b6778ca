package readmodel

import (
	"slices"

	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// moment is an object at a moment.
type moment struct {
	id    string
	at    eventstore.Position
	named bool // see [View]
}

// at selects the rows of a table that were true at a position. alias is the table's name in the
// query.
func at(alias string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.valid_from <= ? AND ?.valid_to > ?", bun.Ident(alias), prepared.Bind(p), bun.Ident(alias), prepared.Bind(p))
	}
}

// currentRows selects the rows of all objects of a table that were true at a position. The plus
// sign keeps the database from an index on valid_from, along which it would walk the whole history:
// it reads a list in the order of the list.
func currentRows(alias string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("+?.valid_from <= ? AND ?.valid_to > ?", bun.Ident(alias), prepared.Bind(p), bun.Ident(alias), prepared.Bind(p))
	}
}

// recordedBy bounds a column of instants by the instant of a position. Later instants cannot be
// true at the position, and a list in the order of the column does not have to skip them.
func recordedBy(column string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where(column+" <= (SELECT recorded_at FROM all_events WHERE position = ?)", prepared.Bind(p))
	}
}

// currentRow selects the row of an object that was true at a position. The database goes straight
// to the last row that began before the position.
func currentRow(alias, id string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.id = ?", bun.Ident(alias), prepared.Bind(id)).Apply(at(alias, p)).OrderExpr("?.valid_from DESC", bun.Ident(alias))
	}
}

// currentRowsOf selects, for each of several objects, the last row that began up to a position.
func currentRowsOf(table, alias string, ids []string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	var moments []moment
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		moments = append(moments, moment{id: id, at: p})
	}
	return currentRowsAt(table, alias, moments)
}

// currentRowsAt selects, for each of several moments, the last row of the object that began up to
// its position. The database goes straight to each row.
func currentRowsAt(table, alias string, moments []moment) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, m := range moments {
				q = q.WhereOr("?0.id = ?1 AND ?0.valid_from = (SELECT max(valid_from) FROM ?2 WHERE id = ?1 AND valid_from <= ?3)",
					bun.Ident(alias), prepared.Bind(m.id), bun.Ident(table), prepared.Bind(m.at))
			}
			return q
		})
	}
}
