package readmodel

import (
	"flightdeck/domain"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// MaxFilter is how many values a list in a filter may have.
const MaxFilter = 100

// atMost returns an error when a list in a filter has more values than most.
func atMost(most int, lengths ...int) error {
	for _, n := range lengths {
		if n > most {
			return domain.Errorf(domain.Invalid, "a list of %d values is too long for a filter: at most %d are allowed", n, most).At("filter")
		}
	}
	return nil
}

// between selects instants from one, included, to another, excluded.
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
