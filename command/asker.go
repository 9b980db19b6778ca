package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// asker is the actor of a request, and the token that stands for the actor. A request is
// authenticated when it begins, and its commands wait for the writer: until then the session or the
// key may have ended, and the actor may have another role.
type asker struct {
	actor domain.Actor
	token string // "" for a visitor, the operator, and calls from inside the program
}

func askerOf(ctx context.Context) asker { return asker{auth.ActorFrom(ctx), auth.TokenFrom(ctx)} }

// errEnded is the error for a session or a key that has ended since the request began.
var errEnded = domain.Errorf(domain.Unauthenticated, "the session or the key has ended meanwhile: log in again")

// unit returns the access of a command of the asker to the transaction, with the role that the
// actor has now. The error is errEnded if the asker's session, key or account has ended.
func (c *Commands) unit(tx *eventstore.Tx, who asker) (u *unit, err error) {
	u = &unit{Commands: c, tx: tx}
	u.actor, err = who.now(
		func(digest []byte) (string, error) { return c.Accounts.UserOfToken(tx, digest) },
		func() (domain.User, error) { return load[domain.User](u, who.actor.UserID) },
	)
	return u, err
}

// present returns the actor of an asker as committed now, with the errors of unit.
func (c *Commands) present(ctx context.Context, who asker) (domain.Actor, error) {
	return who.now(
		func(digest []byte) (string, error) { return c.Passwords.UserOfToken(ctx, digest) },
		func() (user domain.User, err error) {
			state, _, err := c.Log.State(ctx, eventstore.StreamID(who.actor.UserID), eventstore.Until{})
			user, _ = state.(domain.User) //nolint:errcheck // without a state it is the zero value
			return user, err
		},
	)
}

// now returns the actor with the present role. ofToken returns the user of a digest, "" for none;
// account returns the actor's account.
func (who asker) now(ofToken func(digest []byte) (string, error), account func() (domain.User, error)) (domain.Actor, error) {
	actor := who.actor
	if actor.UserID == "" {
		return actor, nil
	}
	if who.token != "" && auth.KindOf(who.token) != auth.WebToken {
		userID, err := ofToken(auth.HashToken(who.token))
		if err != nil {
			return domain.Actor{}, err
		}
		if userID != actor.UserID {
			return domain.Actor{}, errEnded
		}
	}
	user, err := account()
	switch {
	case err != nil:
		return domain.Actor{}, err
	case user.Exists():
		actor.Role = user.Role
	case user.Version > 0 || who.token != "":
		return domain.Actor{}, errEnded
	}
	return actor, nil
}
