package readmodel

import (
	"context"

	"flightdeck/account"
	"flightdeck/domain"
	"flightdeck/policy"
)

// maxKeys is how many API keys are listed.
const maxKeys = 500

// APIKey is an API key of a machine as admins see it.
type APIKey struct {
	*account.APIKey
	answer *answer
}

// APIKeys returns the API keys that were made last, also those that have ended, for
// admins. They have no history: a view of the past shows those of now.
func (r *Reader) APIKeys(ctx context.Context, v View) ([]*APIKey, error) {
	if err := r.maySeeKeys(v); err != nil {
		return nil, err
	}
	keys, err := r.accounts.APIKeys(ctx, maxKeys)
	return r.adoptKeys(v, keys...), err
}

// APIKey returns an API key for admins, nil when there is none.
func (r *Reader) APIKey(ctx context.Context, v View, id string) (*APIKey, error) {
	if err := r.maySeeKeys(v); err != nil {
		return nil, err
	}
	key, err := r.accounts.APIKey(ctx, id)
	if err != nil || key == nil {
		return nil, err
	}
	return r.adoptKeys(v, key)[0], nil
}

func (r *Reader) maySeeKeys(v View) error {
	if !r.May(v.Actor, policy.SeeKeys, "") {
		return domain.Errorf(domain.Forbidden, "only admins see API keys")
	}
	return nil
}

// adoptKeys makes keys know the view they were read in.
func (r *Reader) adoptKeys(v View, keys ...*account.APIKey) []*APIKey {
	a := &answer{reader: r, view: v}
	adopted := make([]*APIKey, len(keys))
	for i, key := range keys {
		adopted[i] = &APIKey{key, a}
		a.userIDs = append(a.userIDs, key.UserID, key.Creator, adopted[i].revoker())
	}
	return adopted
}

// User returns the machine as the user that it acts as.
func (k *APIKey) User(ctx context.Context) (*User, error) { return k.answer.user(ctx, k.UserID) }

// CreatedBy returns who made the key, nil for the operator.
func (k *APIKey) CreatedBy(ctx context.Context) (*User, error) { return k.answer.user(ctx, k.Creator) }

// RevokedBy returns who revoked the key, nil for nobody and for the operator.
func (k *APIKey) RevokedBy(ctx context.Context) (*User, error) {
	return k.answer.user(ctx, k.revoker())
}

func (k *APIKey) revoker() string {
	if k.Revoker == nil {
		return ""
	}
	return *k.Revoker
}
