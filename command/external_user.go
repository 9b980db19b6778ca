package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// ExternalUser creates or updates the account of a user that an outside issuer vouches for.
type ExternalUser struct {
	UserID      string // derived from the issuer's name for the user
	DisplayName string
	// Email may be "". An address of another account is not used.
	Email string
	Role  domain.Role
}

// outsideDomain is the domain of the made-up addresses of external users without an address.
const outsideDomain = "@outside.invalid"

// Provision creates the account of an external user if there is none, and gives it the role that
// the issuer names, even if that leaves no admin. The events name domain.System as the actor. An
// erased account is an Unauthenticated error.
func (c *Commands) Provision(ctx context.Context, in ExternalUser) error {
	_, err := c.Do(auth.WithActor(ctx, domain.System), in)
	return err
}

func (ExternalUser) key() *string { return nil }

// afterCommit closes the websockets that were opened with another role.
func (in ExternalUser) afterCommit(_ context.Context, c *Commands, _ Outcome) error {
	c.closeConnections(in.UserID)
	return nil
}

func (in ExternalUser) prepare(context.Context, *Commands) (txFunc, error) {
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

// provision registers an external user with the issuer's address, or with a made-up one if that
// address is taken or is not valid.
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
