package readmodel

import (
	"context"

	"flightdeck/account"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"
	"flightdeck/vault"

	"github.com/uptrace/bun"
)

// Reader answers queries. Its methods may be called at the same time.
type Reader struct {
	db       *prepared.DB
	log      *eventstore.Store
	index    Index
	accounts *account.Reader
	vault    *vault.Vault
	rules    policy.Table

	templates templates
}

// Index is a full-text index that follows the log.
type Index interface {
	// Wait returns once all events up to a position are indexed. The error is domain.Unavailable
	// while the index cannot be written.
	Wait(ctx context.Context, p eventstore.Position) error
}

// Config is what a Reader reads from.
type Config struct {
	DB  *prepared.DB
	Log *eventstore.Store
	// Index is the full-text index; searches fail where it is nil.
	Index Index
	// Vault opens the personal fields of events; nil where none are sealed.
	Vault *vault.Vault
	// Rules says which rows an actor may see; nil for policy.Rules.
	Rules *policy.Table
}

// NewReader returns a reader of a database.
func NewReader(c Config) *Reader {
	r := &Reader{db: c.DB, log: c.Log, index: c.Index, accounts: account.NewReader(c.DB), vault: c.Vault, rules: policy.Rules()}
	if c.Rules != nil {
		r.rules = *c.Rules
	}
	return r
}

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
