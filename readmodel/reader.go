package readmodel

import (
	"context"
	"database/sql"

	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"
	"flightdeck/vault"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Reader answers queries. Its methods may be called at the same time.
type Reader struct {
	db    *prepared.DB
	log   *eventstore.Store
	index *Index
	rules policy.Table

	templates templates
	vault     *vault.Vault
}

// NewReader returns a reader on a pool of connections to the database of a log.
// index may be nil: searching fails then.
func NewReader(db *sql.DB, dialect schema.Dialect, log *eventstore.Store, index *Index) *Reader {
	return &Reader{db: prepared.New(db, dialect, log.IsRetryable), log: log, index: index, rules: policy.Rules()}
}

// Unseal gives the reader what opens the personal fields of events. It is called before
// the reader is used.
func (r *Reader) Unseal(v *vault.Vault) { r.vault = v }

// Observe calls f with every query. It is called before the reader is used.
func (r *Reader) Observe(f func(query string)) { r.db.Observe(f) }

// at selects the rows that were true at a position. alias is the table's.
func at(alias string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.valid_from <= ? AND ?.valid_to > ?", bun.Ident(alias), prepared.Bind(p), bun.Ident(alias), prepared.Bind(p))
	}
}

// among selects the rows of all objects that were true at a position. The plus
// keeps the database from walking the whole history up to it: a list is read in
// its own order.
func among(alias string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
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
func lately(alias, id string, p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?.id = ?", bun.Ident(alias), prepared.Bind(id)).Apply(at(alias, p)).OrderExpr("?.valid_from DESC", bun.Ident(alias))
	}
}

// page is what the rows of one answer have in common: the view they belong to,
// and what is loaded for all of them as soon as one needs it. That makes a query
// over any number of objects run a fixed number of statements.
type page struct {
	reader *Reader
	view   View

	userIDs []string
	users   once[map[string]*User]
	decks   []*Presentation
	slides  once[map[string]*Slide]
	events  []*Envelope
	things  once[map[eventstore.Position]Node]
}

// user returns a user as of the page's view, nil for none.
func (p *page) user(ctx context.Context, id string) (*User, error) {
	if id == "" {
		return nil, nil
	}
	users, err := p.users.get(func() (map[string]*User, error) { return p.reader.usersByID(ctx, p.view, p.userIDs) })
	return users[id], err
}
