package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/policy"
)

// CreateAPIKey makes a machine's account and the key that lets it in. For admins.
type CreateAPIKey struct {
	Name string
	Role domain.Role
	// ExpiresAt is when the key ends by itself; nil for never.
	ExpiresAt *domain.Instant
}

// machineDomain is that of the addresses of machines, which have no mail: RFC 2606
// keeps it free for ever.
const machineDomain = "@machine.invalid"

// CreateKey runs CreateAPIKey on behalf of the actor in ctx. The secret is shown once:
// only its digest is kept.
func (c *Commands) CreateKey(ctx context.Context, in CreateAPIKey) (secret, id string, done Result, err error) {
	secret, digest := auth.NewKey()
	id = "apikey-" + newUUID()
	if done, err = c.Do(ctx, newKey{in, id, digest}); err != nil {
		return "", "", Result{}, err
	}
	return secret, id, done, nil
}

// newKey is CreateAPIKey with the key that it makes.
type newKey struct {
	CreateAPIKey
	id     string
	digest []byte
}

func (newKey) key() *string { return nil }

// prepare returns a plan whose outcome is the machine. That it exists, what it may do
// and who made it is in the log, as of any user; the key is a secret, and is not.
func (in newKey) prepare(context.Context, *Commands) (plan, error) {
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
			return Outcome{}, renamed(err, "displayName", "name")
		}
		return out, u.Tables.AddKey(u.tx, in.id, in.digest, userID, in.Name, u.actor.UserID, in.ExpiresAt)
	}, nil
}

// RevokeAPIKey ends a key and what it opened. For admins; revoking twice is not an
// error.
type RevokeAPIKey struct {
	ID string
}

func (RevokeAPIKey) key() *string { return nil }

// afterCommit ends the websockets that the key has let in.
func (RevokeAPIKey) afterCommit(_ context.Context, c *Commands, machine Outcome) error {
	c.hangUp(machine.ID)
	return nil
}

func (in RevokeAPIKey) prepare(context.Context, *Commands) (plan, error) {
	return func(u *unit) (Outcome, error) {
		if err := u.mayHandleKeys(); err != nil {
			return Outcome{}, err
		}
		userID, err := u.Tables.RevokeKey(u.tx, in.ID, u.actor.UserID)
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

// renamed moves an error from a member of an event to the one of the input it is of.
func renamed(err error, from, to string) error {
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
