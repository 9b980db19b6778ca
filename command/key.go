package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/policy"
)

// CreateAPIKey creates an account for a machine and an API key for the account. Only admins may run
// it.
type CreateAPIKey struct {
	Name string
	Role domain.Role
	// ExpiresAt is the instant at which the key expires; nil means never.
	ExpiresAt *domain.Instant
}

// machineDomain is the domain of the made-up addresses of machines. RFC 2606 keeps .invalid free
// for ever.
const machineDomain = "@machine.invalid"

// CreateKey runs CreateAPIKey as the actor in ctx and returns the key's secret and id. Only the
// digest of the secret is stored, so it cannot be shown again.
func (c *Commands) CreateKey(ctx context.Context, in CreateAPIKey) (secret, id string, done Result, err error) {
	secret, digest := auth.NewKey()
	id = "apikey-" + newUUID()
	if done, err = c.Do(ctx, createKey{in, id, digest}); err != nil {
		return "", "", Result{}, err
	}
	return secret, id, done, nil
}

// createKey is CreateAPIKey with the id and the digest of the new key.
type createKey struct {
	CreateAPIKey
	id     string
	digest []byte
}

func (createKey) key() *string { return nil }

// prepare returns a function whose outcome is the machine's user. The log has an event for the
// user, as for any other; it has none for the key, which is a secret.
func (in createKey) prepare(context.Context, *Commands) (txFunc, error) {
	return func(u *unit) (Outcome, error) {
		if err := u.mayHandleKeys(); err != nil {
			return Outcome{}, err
		}
		if in.ExpiresAt != nil && !in.ExpiresAt.Time().After(u.tx.Now()) {
			return Outcome{}, domain.Errorf(domain.Invalid, "expiresAt has passed: give a later instant, or none").At("expiresAt")
		}
		userID := NewID(domain.KindUser)
		out, err := u.registerAs(domain.UserRegistered{
			UserID: userID, Email: userID + machineDomain, DisplayName: in.Name, Role: in.Role,
		}, "")
		if err != nil {
			return Outcome{}, moveField(err, "displayName", "name")
		}
		return out, u.Accounts.AddKey(u.tx, in.id, in.digest, userID, in.Name, u.actor.UserID, in.ExpiresAt)
	}, nil
}

// RevokeAPIKey revokes a key and closes the websockets that it opened. Only admins may run it. A
// second revocation is no error.
type RevokeAPIKey struct {
	ID string
}

func (RevokeAPIKey) key() *string { return nil }

// afterCommit closes the websockets that the key opened.
func (RevokeAPIKey) afterCommit(_ context.Context, c *Commands, machine Outcome) error {
	c.closeConnections(machine.ID)
	return nil
}

func (in RevokeAPIKey) prepare(context.Context, *Commands) (txFunc, error) {
	return func(u *unit) (Outcome, error) {
		if err := u.mayHandleKeys(); err != nil {
			return Outcome{}, err
		}
		userID, err := u.Accounts.RevokeKey(u.tx, in.ID, u.actor.UserID)
		if err == nil && userID == "" {
			return Outcome{}, domain.Errorf(domain.NotFound, "there is no such key: apiKeys lists them").At("id")
		}
		return Outcome{ID: userID}, err
	}, nil
}

func (u *unit) mayHandleKeys() error {
	if !u.may(u.actor, policy.ManageKeys, "") {
		return domain.Errorf(domain.Forbidden, "only admins make and revoke API keys")
	}
	return nil
}

// moveField moves errors from a field of an event to the field of the input that holds its value.
func moveField(err error, from, to string) error {
	list, ok := err.(domain.Errors) //nolint:errorlint // domain returns it unwrapped
	if !ok {
		return err
	}
	for _, one := range list {
		if one.Field == from {
			one.Field = to
		}
	}
	return list
}
