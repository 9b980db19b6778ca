package readmodel

import (
	"context"

	"flightdeck/account"
	"flightdeck/domain"
	"flightdeck/policy"
)

// maxKeys bounds the list of API keys.
const maxKeys = 500

// APIKey is an API key of a machine as admins see it.
type APIKey struct {
	*account.APIKey
	answer *answer
}

// APIKeys returns the latest API keys, including expired and revoked ones. Only admins see keys.
// Keys have no history: a view of the past shows the present ones.
func (r *Reader) APIKeys(ctx context.Context, v View) ([]*APIKey, error) {
	if err := r.maySeeKeys(v); err != nil {
		return nil, err
	}
	keys, err := r.accounts.APIKeys(ctx, maxKeys)
	return r.adoptKeys(v, keys...), err
}

// APIKey returns an API key by its id, nil if there is none. Only admins see keys.
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

// adoptKeys gives keys their view.
func (r *Reader) adoptKeys(v View, keys ...*account.APIKey) []*APIKey {
	a := &answer{reader: r, view: v}
	adopted := make([]*APIKey, len(keys))
	for i, key := range keys {
		adopted[i] = &APIKey{key, a}
		a.name(nil, key.UserID, key.Creator, adopted[i].revoker())
	}
	return adopted
}

// User returns the machine's user.
func (k *APIKey) User(ctx context.Context) (*User, error) { return k.answer.user(ctx, nil, k.UserID) }

// CreatedBy returns the creator of the key, nil for the operator.
func (k *APIKey) CreatedBy(ctx context.Context) (*User, error) {
	return k.answer.user(ctx, nil, k.Creator)
}

// RevokedBy returns the revoker of the key, nil for the operator and for a key that is not revoked.
func (k *APIKey) RevokedBy(ctx context.Context) (*User, error) {
	return k.answer.user(ctx, nil, k.revoker())
}

func (k *APIKey) revoker() string {
	if k.Revoker == nil {
		return ""
	}
	return *k.Revoker
}
