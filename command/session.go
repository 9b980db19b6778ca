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
	// Token is shown once: only its digest is kept.
	Token     string
	ExpiresAt time.Time
	UserID    string
	Role      domain.Role
	// Position is where the command's last event landed.
	Position eventstore.Position
}

// Register runs RegisterUser and begins a session. Done again under the same
// idempotency key it makes no second account, but logs in.
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

// errPassword is the answer to every wrong password. It does not say whether there
// is such an account.
var errPassword = domain.Errorf(domain.Invalid, "the e-mail address or the password is wrong").At("password")

// LogIn checks a password and begins a session. An unknown address and a wrong
// password give the same error after the same time. A hash of other parameters than
// are used now is replaced, since only now there is a password to hash.
func (c *Commands) LogIn(ctx context.Context, email, password string) (Session, error) {
	userID, hash, err := c.Accounts.PasswordByEmail(ctx, domain.NormalEmail(email))
	if err != nil {
		return Session{}, err
	}
	if err := check(ctx, hash, password); err != nil {
		return Session{}, err
	}
	fresh, err := refresh(ctx, hash, password)
	if err != nil {
		return Session{}, err
	}
	return c.begin(ctx, userID, func(u *unit, user domain.User) error {
		if err := u.keepPassword(userID, hash, fresh); err != nil {
			return err
		}
		return u.noteLogIn(user)
	})
}

// check returns errPassword unless a password is that of a hash, which may be "". It
// takes the same time for all.
func check(ctx context.Context, hash, password string) (err error) {
	ok := false
	if hash == "" {
		err = auth.CheckNothing(ctx, password)
	} else {
		ok, err = auth.CheckPassword(ctx, hash, password)
	}
	if err == nil && !ok {
		return errPassword
	}
	return err
}

// refresh returns the hash to keep of a password that is right. One from elsewhere
// that nobody may choose here stays as it is.
func refresh(ctx context.Context, hash, password string) (string, error) {
	if !auth.NeedsRehash(hash) {
		return hash, nil
	}
	fresh, err := auth.HashPassword(ctx, password)
	if errors.Is(err, auth.ErrPasswordTooShort) {
		return hash, nil
	}
	return fresh, err
}

// keepPassword replaces the hash that was checked. When it is not there any more, the
// password was changed meanwhile, and the one that was given is wrong by now.
func (u *unit) keepPassword(userID, checked, fresh string) error {
	same, err := u.Tables.ReplacePassword(u.tx, userID, checked, fresh)
	if err == nil && !same {
		return errPassword
	}
	return err
}

// noteLogIn appends that a user has logged in.
func (u *unit) noteLogIn(user domain.User) error {
	events, err := user.LogIn()
	if err != nil {
		return err
	}
	return u.append(domain.KindUser, user.ID, eventstore.Exactly(user.Version), events)
}

// Begin begins a session of a user, without asking for a password. logIn says
// whether to note it in the log.
func (c *Commands) Begin(ctx context.Context, userID string, logIn bool) (Session, error) {
	return c.begin(ctx, userID, func(u *unit, user domain.User) error {
		if !logIn {
			return nil
		}
		return u.noteLogIn(user)
	})
}

// begin begins a session of a user who exists. first is done before, in the same
// transaction, and may refuse it.
func (c *Commands) begin(ctx context.Context, userID string, first func(*unit, domain.User) error) (Session, error) {
	token, digest := auth.NewToken()
	s := Session{Token: token, UserID: userID}
	done, err := c.Log.Update(ctx, eventstore.Command{Metadata: c.metadata(ctx, userID)}, func(tx *eventstore.Tx) error {
		u := &unit{Commands: c, tx: tx}
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
		return c.Tables.StartSession(tx, digest, userID, s.ExpiresAt)
	})
	if err != nil {
		return Session{}, explain(err)
	}
	s.Position = done.Position
	return s, nil
}

// Renew begins a session in the place of the one of a token, which ends with its
// websockets. Of two who renew the same session one is refused.
func (c *Commands) Renew(ctx context.Context, token string) (Session, error) {
	actor := auth.ActorFrom(ctx)
	if auth.KindOf(token) != auth.SessionToken || token == "" || actor.UserID == "" {
		return Session{}, domain.Errorf(domain.Forbidden, "only a session that logIn or registerUser began can be renewed: send its token")
	}
	// The old token ends whether or not somebody waits for the new one.
	s, err := c.begin(context.WithoutCancel(ctx), actor.UserID, func(u *unit, _ domain.User) error {
		ended, err := u.Tables.EndSession(u.tx, auth.HashToken(token))
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

// ChangePassword gives the actor in ctx another password, ends all their sessions and
// websockets, and begins a new session. The current password is asked for, since
// whoever found a token could otherwise take the account over.
func (c *Commands) ChangePassword(ctx context.Context, current, password string) (Session, error) {
	actor := auth.ActorFrom(ctx)
	if actor.UserID == "" {
		return Session{}, domain.Errorf(domain.Forbidden, "log in to change the password")
	}
	hash, err := c.Accounts.PasswordByID(ctx, actor.UserID)
	if err != nil {
		return Session{}, err
	}
	if err := check(ctx, hash, current); errors.Is(err, errPassword) {
		return Session{}, domain.Errorf(domain.Invalid, "the current password is wrong").At("currentPassword")
	} else if err != nil {
		return Session{}, err
	}
	fresh, err := hashPassword(ctx, "newPassword", password)
	if err != nil {
		return Session{}, err
	}
	s, err := c.begin(context.WithoutCancel(ctx), actor.UserID, func(u *unit, _ domain.User) error {
		if err := u.keepPassword(actor.UserID, hash, fresh); err != nil {
			return err
		}
		return u.Tables.EndSessions(u.tx, actor.UserID)
	})
	if err == nil {
		c.hangUp(actor.UserID)
	}
	return s, err
}

// LogOut ends the session of a token, and the websockets that it let in. ended is
// false when it is no session's, or no longer; that is not an error.
func (c *Commands) LogOut(ctx context.Context, token string) (ended bool, err error) {
	if token == "" {
		return false, nil
	}
	// Who logs out is logged out, also when they do not wait for the answer.
	_, err = c.Log.Update(context.WithoutCancel(ctx), eventstore.Command{}, func(tx *eventstore.Tx) (err error) {
		ended, err = c.Tables.EndSession(tx, auth.HashToken(token))
		return err
	})
	if err == nil && c.Watch != nil {
		c.Watch.EndToken(token)
	}
	return ended && err == nil, explain(err)
}
