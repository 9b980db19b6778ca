package readmodel

import (
	"context"

	"flightdeck/account"
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
	r := &Reader{db: c.DB, log: c.Log, index: c.Index, accounts: account.NewReader(c.DB), vault: c.Vault, rules: policy.Rules()}
	if c.Rules != nil {
		r.rules = *c.Rules
	}
	return r
}
