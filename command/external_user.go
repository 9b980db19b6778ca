package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// ExternalUser is somebody whom an outside issuer vouches for.
type ExternalUser struct {
	UserID      string // follows from the issuer's name for them
	DisplayName string
	// Email may be "", and is not used where somebody else has it.
	Email string
	Role  domain.Role
}

// outsideDomain is that of the addresses of external users whose address is not known.
const outsideDomain = "@outside.invalid"

// Provision makes the account of an external user at first sight, and gives it the role that
// the issuer says, also when that takes it from the last admin: the issuer decides. It
// is done in nobody's name, as what the operator does.
func (c *Commands) Provision(ctx context.Context, in ExternalUser) error {
	_, err := c.Do(auth.WithActor(ctx, domain.System), in)
	return err
}

func (ExternalUser) key() *string { return nil }

// afterCommit ends the websockets that were let in with another role.
func (in ExternalUser) afterCommit(_ context.Context, c *Commands, _ Outcome) error {
	c.hangUp(in.UserID)
	return nil
}

func (in ExternalUser) prepare(context.Context, *Commands) (plan, error) {
	return func(u *unit) (Outcome, error) {
		user, err := load[domain.User](u, in.UserID)
		if err != nil {
			return Outcome{}, err
		}
		switch {
		case user.Forgotten:
			return Outcome{}, domain.Errorf(domain.Unauthenticated, "this account was erased: ask an admin for another")
		case !user.Exists():
			return u.provision(in)
		}
		events, err := user.ChangeRole(in.Role)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{ID: in.UserID}, u.append(domain.KindUser, in.UserID, eventstore.Exactly(user.Version), events)
	}, nil
}

// provision registers an external user under the address that the issuer says, or under one of
// their own where that is taken or no address.
func (u *unit) provision(in ExternalUser) (Outcome, error) {
	e := domain.UserRegistered{UserID: in.UserID, Email: in.Email, DisplayName: in.DisplayName, Role: in.Role}
	if in.Email != "" {
		out, err := u.registerAs(e, "")
		if domain.CodeOf(err) == "" {
			return out, err
		}
	}
	e.Email = in.UserID + outsideDomain
	return u.registerAs(e, "")
}
