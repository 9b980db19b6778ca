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

// LogIn checks a password and begins a session. An unknown address and a wrong
// password give the same error after the same time.
func (c *Commands) LogIn(ctx context.Context, email, password string) (Session, error) {
	userID, hash, err := c.Accounts.PasswordByEmail(ctx, domain.NormalEmail(email))
	if err != nil {
		return Session{}, err
	}
	ok := false
	if hash == "" {
		err = auth.CheckNothing(ctx, password)
	} else {
		ok, err = auth.CheckPassword(ctx, hash, password)
	}
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, domain.Errorf(domain.Invalid, "the e-mail address or the password is wrong").At("password")
	}
	return c.Begin(ctx, userID, true)
}

// Begin begins a session of a user, without asking for a password. logIn says
// whether to note it in the log.
func (c *Commands) Begin(ctx context.Context, userID string, logIn bool) (Session, error) {
	token, digest := auth.NewToken()
	s := Session{Token: token, UserID: userID}
	done, err := c.Log.Update(ctx, eventstore.Command{Metadata: c.metadata(ctx, userID)}, func(tx *eventstore.Tx) error {
		u := &unit{Commands: c, tx: tx}
		user, err := load[domain.User](u, userID)
		if err != nil {
			return err
		}
		events, err := user.LogIn()
		if err != nil {
			return err
		}
		if logIn {
			if err := u.append(domain.KindUser, userID, eventstore.Exactly(user.Version), events); err != nil {
				return err
			}
		}
		s.ExpiresAt = tx.Now().Add(c.SessionLife)
		return c.Tables.StartSession(tx, digest, userID, s.ExpiresAt)
	})
	if err != nil { // the writer may still be at work where ctx has ended
		return Session{}, explain(err)
	}
	s.Position = done.Position
	return s, nil
}

// LogOut ends the session of a token, and the websockets that it let in. Ending it twice is not an error.
func (c *Commands) LogOut(ctx context.Context, token string) error {
	if token == "" {
		return errors.New("log out: no token")
	}
	// Who logs out is logged out, also when they do not wait for the answer.
	_, err := c.Log.Update(context.WithoutCancel(ctx), eventstore.Command{}, func(tx *eventstore.Tx) error {
		return c.Tables.EndSession(tx, auth.HashToken(token))
	})
	if err == nil && c.Watch != nil {
		c.Watch.EndToken(token)
	}
	return explain(err)
}
