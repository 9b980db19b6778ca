package readmodel

import (
	"context"
	"runtime"

	"flightdeck/account"
	"flightdeck/budget"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"
	"flightdeck/vault"
)

// Reader answers queries. Its methods may be called at the same time.
type Reader struct {
	db       *prepared.DB
	log      *eventstore.Store
	index    Index
	accounts *account.Reader
	vault    *vault.Vault
	rules    policy.Table
	dear     *budget.Turns

	templates templates
}

// Index is a full-text index that follows the log.
type Index interface {
	// Wait returns once all events up to a position are indexed. The error is domain.Unavailable
	// while the index cannot be written.
	Wait(ctx context.Context, p eventstore.Position) error
}

// Config names the sources of a Reader.
type Config struct {
	DB  *prepared.DB
	Log *eventstore.Store
	// Index is the full-text index; searches fail if it is nil.
	Index Index
	// Vault opens the personal fields of events. It is nil if none are sealed.
	Vault *vault.Vault
	// Rules is the table of rights; nil means policy.Rules.
	Rules *policy.Table
}

// NewReader returns a reader of a database.
func NewReader(c Config) *Reader {
	processors := runtime.GOMAXPROCS(0)
	r := &Reader{
		db: c.DB, log: c.Log, index: c.Index, accounts: account.NewReader(c.DB), vault: c.Vault, rules: policy.Rules(),
		dear: budget.NewTurns(max(2, processors), max(1, processors/2)),
	}
	if c.Rules != nil {
		r.rules = *c.Rules
	}
	return r
}

// Turn waits for the turn of a dear work, such as a search, a total, or the rendering of a long
// text, and returns a function that ends the work. The dear works of one client take half of the
// processors and connections at most, so that the others stay free for cheap reads. The work must
// not ask for another turn meanwhile. The error is the cause of ctx's end.
func (r *Reader) Turn(ctx context.Context) (done func(), err error) {
	if err := budget.From(ctx).Settle(ctx); err != nil {
		return nil, err
	}
	return r.dear.Wait(ctx)
}
