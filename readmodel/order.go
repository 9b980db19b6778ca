package readmodel

import (
	"io"
	"slices"
	"strconv"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// OrderField is the key of an order.
type OrderField string

// The keys. Relevance ranks a row by the place of the searched words: the title, then the
// description or the tags, then other texts; rows of one rank follow each other by their last
// change, the latest first. PublishedAt puts contents that were never published last, and first if
// the order ascends.
const (
	CreatedAt   OrderField = "CREATED_AT"
	UpdatedAt   OrderField = "UPDATED_AT"
	PublishedAt OrderField = "PUBLISHED_AT"
	Title       OrderField = "TITLE"
	Relevance   OrderField = "RELEVANCE"
)

// MarshalGQL writes the field as a GraphQL enum value.
func (f OrderField) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(f))) }

// UnmarshalGQL reads a GraphQL enum value.
func (f *OrderField) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok || !slices.Contains([]OrderField{CreatedAt, UpdatedAt, PublishedAt, Title, Relevance}, OrderField(s)) {
		return domain.Errorf(domain.Invalid, "%v is not something to order by", v)
	}
	*f = OrderField(s)
	return nil
}

// OrderDirection is ASC or DESC.
type OrderDirection string

// The directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)

// MarshalGQL writes the direction as a GraphQL enum value.
func (d OrderDirection) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(d))) }

// UnmarshalGQL reads a GraphQL enum value.
func (d *OrderDirection) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok || OrderDirection(s) != Ascending && OrderDirection(s) != Descending {
		return domain.Errorf(domain.Invalid, "%v is not a direction", v)
	}
	*d = OrderDirection(s)
	return nil
}

// Order is the order of a list.
type Order struct {
	Field     OrderField
	Direction OrderDirection
}

// orDefault returns the order, or the default one for a list with these words. An empty search
// finds everything, and ranks nothing.
func (o *Order) orDefault(words words) (Order, error) {
	empty := words != nil && words.none()
	if o == nil || o.Field == Relevance && empty {
		if words.none() {
			return Order{CreatedAt, Descending}, nil
		}
		return Order{Relevance, Descending}, nil
	}
	if o.Field == Relevance && words.none() {
		return Order{}, domain.Errorf(domain.Invalid, "RELEVANCE orders what a search found: give search, or another order").At("orderBy")
	}
	return *o, nil
}

// bound keeps an order by time from walking over rows after a position.
func (o Order) bound(q *bun.SelectQuery, alias string, p eventstore.Position) *bun.SelectQuery {
	switch o.Field {
	case CreatedAt:
		return recordedBy(alias+".created_at", p)(q)
	case UpdatedAt:
		return recordedBy(alias+".updated_at", p)(q)
	}
	return q
}
