package command

import (
	"context"
	"errors"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// Session is the right to act as a user until it expires.
type Session struct {
	// Token is the session's secret. Only its digest is stored, so it cannot be shown again.
	Token     string
	ExpiresAt time.Time
	UserID    string
	Role      domain.Role
	// Position is the position of the command's last event.
	Position eventstore.Position
}

// Register runs RegisterUser and begins a session. If the idempotency key was used before, it logs
// in with the password instead.
func (c *Commands) Register(ctx context.Context, in RegisterUser) (Session, error) {
	r, err := c.Do(ctx, in)
	if err != nil {
		return Session{}, err
	}
	if r.Replayed {
		return c.LogIn(ctx, in.Email, in.Password)
	}
	return c.Begin(ctx, r.ID, false)
}

// errPassword is the error for a wrong password and for an unknown address alike, so that it does
// not tell whether there is an account.
var errPassword = domain.Errorf(domain.Invalid, "the e-mail address or the password is wrong").At("password")

// LogIn checks a password and begins a session. An unknown address and a wrong password give the
// same error after the same time. A hash with outdated parameters, or of
// the password as it was typed, is replaced.
func (c *Commands) LogIn(ctx context.Context, email, password string) (Session, error) {
	userID, hash, err := c.Passwords.PasswordByEmail(ctx, email)
	if err != nil {
		return Session{}, err
	}
	replace, err := check(ctx, hash, password)
	if err != nil {
		return Session{}, err
	}
	fresh := hash
	if replace {
		if fresh, err = refresh(ctx, hash, password); err != nil {
			return Session{}, err
		}
	}
	return c.begin(ctx, asker{}, userID, func(u *unit, user domain.User) error {
		if err := u.keepPassword(userID, hash, fresh); err != nil {
			return err
		}
		return u.recordLogIn(user)
	})
}

// check returns errPassword unless the password matches the hash, and reports whether the hash
// ought to be replaced. hash may be "", which no password matches; the time is the same.
func check(ctx context.Context, hash, password string) (replace bool, err error) {
	ok := false
	if hash == "" {
		err = auth.CheckNothing(ctx, password)
	} else {
		ok, replace, err = auth.CheckPassword(ctx, hash, password)
	}
	if err == nil && !ok {
		return false, errPassword
	}
	return replace, err
}

// refresh returns a new hash of a correct password. A password of an earlier version, or an
// imported one, whose length is refused now keeps its old hash.
func refresh(ctx context.Context, hash, password string) (string, error) {
	fresh, err := auth.HashPassword(ctx, password)
	if errors.Is(err, auth.ErrPasswordTooShort) || errors.Is(err, auth.ErrPasswordTooLong) {
		return hash, nil
	}
	return fresh, err
}

// keepPassword replaces the checked hash with a fresh one. It returns errPassword if the stored
// hash is no longer the checked one: the password was changed in the meantime.
func (u *unit) keepPassword(userID, checked, fresh string) error {
	same, err := u.Accounts.ReplacePassword(u.tx, userID, checked, fresh)
	if err == nil && !same {
		return errPassword
	}
	return err
}

// recordLogIn appends the event of a log-in.
func (u *unit) recordLogIn(user domain.User) error {
	events, err := user.LogIn()
	if err != nil {
		return err
	}
	return u.append(domain.KindUser, user.ID, eventstore.Exactly(user.Version), events)
}

// Begin begins a session of a user without a password. It appends the event of a log-in if logIn is
// true.
func (c *Commands) Begin(ctx context.Context, userID string, logIn bool) (Session, error) {
	return c.begin(ctx, asker{}, userID, func(u *unit, user domain.User) error {
		if !logIn {
			return nil
		}
		return u.recordLogIn(user)
	})
}

// begin begins a session of a user on behalf of an asker. It calls first in the same transaction;
// an error of first means no session.
func (c *Commands) begin(ctx context.Context, who asker, userID string, first func(*unit, domain.User) error) (Session, error) {
	token, digest := auth.NewToken()
	s := Session{Token: token, UserID: userID}
	done, err := c.Log.Update(ctx, eventstore.Command{Metadata: c.metadata(ctx, userID)}, func(tx *eventstore.Tx) error {
		u, err := c.unit(tx, who)
		if err != nil {
			return err
		}
		user, err := load[domain.User](u, userID)
		if err != nil {
			return err
		}
		if !user.Exists() {
			return domain.Errorf(domain.NotFound, "user does not exist").At("id")
		}
		if err := first(u, user); err != nil {
			return err
		}
		s.Role, s.ExpiresAt = user.Role, tx.Now().Add(c.SessionLife)
		return c.Accounts.StartSession(tx, digest, userID, s.ExpiresAt)
	})
	if err != nil {
		return Session{}, clientError(err)
	}
	s.Position = done.Position
	return s, nil
}

// Renew replaces the session of a token by a new one, and closes the websockets of the old one. Of
// two concurrent calls with one token, one fails.
func (c *Commands) Renew(ctx context.Context, token string) (Session, error) {
	actor := auth.ActorFrom(ctx)
	if auth.KindOf(token) != auth.SessionToken || token == "" || actor.UserID == "" {
		return Session{}, domain.Errorf(domain.Forbidden, "only a session that logIn or registerUser began can be renewed: send its token")
	}
	// The old token ends even if the caller no longer waits.
	s, err := c.begin(context.WithoutCancel(ctx), askerOf(ctx), actor.UserID, func(u *unit, _ domain.User) error {
		ended, err := u.Accounts.EndSession(u.tx, auth.HashToken(token))
		if err == nil && !ended {
			return domain.Errorf(domain.Forbidden, "the session has ended meanwhile: log in again")
		}
		return err
	})
	if err == nil && c.Watch != nil {
		c.Watch.EndToken(token)
	}
	return s, err
}

// ChangePassword gives the actor in ctx another password, ends all sessions and websockets of the
// actor, and begins a new session. It takes the current password, so that a stolen token cannot
// take over the account.
func (c *Commands) ChangePassword(ctx context.Context, current, password string) (Session, error) {
	actor := auth.ActorFrom(ctx)
	if actor.UserID == "" {
		return Session{}, domain.Errorf(domain.Forbidden, "log in to change the password")
	}
	hash, err := c.Passwords.PasswordByID(ctx, actor.UserID)
	if err != nil {
		return Session{}, err
	}
	if _, err := check(ctx, hash, current); errors.Is(err, errPassword) {
		return Session{}, domain.Errorf(domain.Invalid, "the current password is wrong").At("currentPassword")
	} else if err != nil {
		return Session{}, err
	}
	fresh, err := hashPassword(ctx, "newPassword", password)
	if err != nil {
		return Session{}, err
	}
	s, err := c.begin(context.WithoutCancel(ctx), askerOf(ctx), actor.UserID, func(u *unit, _ domain.User) error {
		if err := u.keepPassword(actor.UserID, hash, fresh); err != nil {
			return err
		}
		return u.Accounts.EndSessions(u.tx, actor.UserID)
	})
	if err == nil {
		c.closeConnections(actor.UserID)
	}
	return s, err
}

// LogOut ends the session of a token and closes its websockets. It reports whether there was such a
// session; a token without one is no error.
func (c *Commands) LogOut(ctx context.Context, token string) (ended bool, err error) {
	if token == "" {
		return false, nil
	}
	// The session ends even if the caller no longer waits.
	_, err = c.Log.Update(context.WithoutCancel(ctx), eventstore.Command{}, func(tx *eventstore.Tx) (err error) {
		ended, err = c.Accounts.EndSession(tx, auth.HashToken(token))
		return err
	})
	if err == nil && c.Watch != nil {
		c.Watch.EndToken(token)
	}
	return ended && err == nil, clientError(err)
}
