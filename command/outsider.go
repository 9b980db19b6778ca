package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// Outsider is somebody whom an outside issuer vouches for.
type Outsider struct {
	UserID      string // follows from the issuer's name for them
	DisplayName string
	// Email may be "", and is not used where somebody else has it.
	Email string
	Role  domain.Role
}

// outsideDomain is that of the addresses of outsiders whose address is not known.
const outsideDomain = "@outside.invalid"

// Admit makes the account of an outsider at first sight, and gives it the role that
// the issuer says, also when that takes it from the last admin: the issuer decides. It
// is done in nobody's name, as what the operator does.
func (c *Commands) Admit(ctx context.Context, in Outsider) error {
	_, err := c.Do(auth.WithActor(ctx, domain.System), in)
	return err
}

func (Outsider) key() *string { return nil }

// then ends the websockets that were let in with another role.
func (in Outsider) then(_ context.Context, c *Commands, _ Outcome) error {
	c.hangUp(in.UserID)
	return nil
}

func (in Outsider) prepare(context.Context, *Commands) (plan, error) {
	return func(u *unit) (Outcome, error) {
		user, err := load[domain.User](u, in.UserID)
		if err != nil {
			return Outcome{}, err
		}
		switch {
		case user.Forgotten:
			return Outcome{}, domain.Errorf(domain.Unauthenticated, "this account was erased: ask an admin for another")
		case !user.Exists():
			return u.admit(in)
		}
		events, err := user.ChangeRole(in.Role)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{ID: in.UserID}, u.append(domain.KindUser, in.UserID, eventstore.Exactly(user.Version), events)
	}, nil
}

// admit registers an outsider under the address that the issuer says, or under one of
// their own where that is taken or no address.
func (u *unit) admit(in Outsider) (Outcome, error) {
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
