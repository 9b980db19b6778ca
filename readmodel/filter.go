package readmodel

import (
	"flightdeck/domain"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// MaxFilter bounds the number of values of a list in a filter.
const MaxFilter = 100

// atMost returns an error if a list in a filter has more than most values. lengths are the lengths
// of its lists.
func atMost(most int, lengths ...int) error {
	for _, n := range lengths {
		if n > most {
			return domain.Errorf(domain.Invalid, "a list of %d values is too long for a filter: at most %d are allowed", n, most).At("filter")
		}
	}
	return nil
}

// between selects the rows whose column lies between two instants: from is included, to is not. A
// nil instant is no bound.
func between(column string, from, to *domain.Instant) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if from != nil {
			q = q.Where(column+" >= ?", prepared.Bind(*from))
		}
		if to != nil {
			q = q.Where(column+" < ?", prepared.Bind(*to))
		}
		return q
	}
}
