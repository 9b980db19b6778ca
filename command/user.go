package command

import (
	"context"
	"errors"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
)

// RegisterUser creates an account for a visitor. The role is ADMIN if the log is empty, and VIEWER
// otherwise.
type RegisterUser struct {
	IdempotencyKey *string
	Email          string
	DisplayName    string
	Password       string `json:"-"` // a digest would make the password guessable
}

// CreateUser creates an account with a role. Password may be ""; the user then has no password.
type CreateUser struct {
	Email       string
	DisplayName string
	Role        domain.Role
	Password    string `json:"-"`
}

// UpdateUser changes the fields of a user that are present. Only the user and admins may run it.
type UpdateUser struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
	Email           graphql.Omittable[*string] `json:",omitzero"`
	DisplayName     graphql.Omittable[*string] `json:",omitzero"`
}

// ChangeRole gives a user another role and ends the user's sessions, so that nothing goes on with
// the old rights. Only admins may run it.
type ChangeRole struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
	Role            domain.Role
}

// ResetPassword gives a user another password and ends the user's sessions. Only admins may run it.
type ResetPassword struct {
	ID       string
	Password string `json:"-"`
}

func (in RegisterUser) key() *string { return in.IdempotencyKey }
func (CreateUser) key() *string      { return nil }
func (in UpdateUser) key() *string   { return in.IdempotencyKey }
func (in ChangeRole) key() *string   { return in.IdempotencyKey }
func (ResetPassword) key() *string   { return nil }

func (in UpdateUser) target() Outcome { return Outcome{ID: in.ID} }
func (in ChangeRole) target() Outcome { return Outcome{ID: in.ID} }

func (in RegisterUser) prepare(ctx context.Context, c *Commands) (txFunc, error) {
	if c.Closed {
		return nil, domain.Errorf(domain.Forbidden, "registration is closed: ask the operator for an account")
	}
	hash, err := hashPassword(ctx, "password", in.Password)
	if err != nil {
		return nil, err
	}
	return func(u *unit) (Outcome, error) {
		role := domain.Viewer
		if u.tx.Head().Position == 0 {
			role = domain.Admin
		}
		return u.register(domain.UserRegistered{Email: in.Email, DisplayName: in.DisplayName, Role: role}, hash)
	}, nil
}

func (in CreateUser) prepare(ctx context.Context, _ *Commands) (run txFunc, err error) {
	hash := ""
	if in.Password != "" {
		if hash, err = hashPassword(ctx, "password", in.Password); err != nil {
			return nil, err
		}
	}
	return func(u *unit) (Outcome, error) {
		if !u.may(u.actor, policy.CreateUser, "") {
			return Outcome{}, domain.Errorf(domain.Forbidden, "only admins create users")
		}
		return u.register(domain.UserRegistered{Email: in.Email, DisplayName: in.DisplayName, Role: in.Role}, hash)
	}, nil
}

// register registers a user under a new id. hash is the hash of the password, or "".
func (u *unit) register(e domain.UserRegistered, hash string) (Outcome, error) {
	e.UserID = NewID(domain.KindUser)
	return u.registerAs(e, hash)
}

// registerAs registers a user under the id in e. hash is the hash of the password, or "".
func (u *unit) registerAs(e domain.UserRegistered, hash string) (Outcome, error) {
	events, err := domain.RegisterUser(e)
	if err != nil {
		return Outcome{}, err
	}
	if err := u.emailIsFree(e.Email, e.UserID); err != nil {
		return Outcome{}, err
	}
	if err := u.append(domain.KindUser, e.UserID, eventstore.NoStream, events); err != nil || hash == "" {
		return Outcome{ID: e.UserID}, err
	}
	return Outcome{ID: e.UserID}, u.Accounts.SetPassword(u.tx, e.UserID, hash)
}

func (u *unit) emailIsFree(email, id string) error {
	existing, err := u.otherWithEmail(email, id)
	if err != nil || existing == "" {
		return err
	}
	if !u.may(u.actor, policy.SeeEmail, existing) {
		existing = "" // the actor may not learn the owner of the address
	}
	return &domain.Error{
		Code: domain.AlreadyTaken, Field: "email", Existing: existing,
		Message: "there is an account with this e-mail address already: log in, or use another address",
	}
}

// otherWithEmail returns the user with an address in any of its forms, unless that is the user id;
// "" for none.
func (u *unit) otherWithEmail(email, id string) (string, error) {
	for _, form := range domain.EmailForms(email) {
		if existing, err := u.Lookup.UserByEmail(u.tx, form); err != nil || existing != "" && existing != id {
			return existing, err
		}
	}
	return "", nil
}

func hashPassword(ctx context.Context, field, password string) (string, error) {
	hash, err := auth.HashPassword(ctx, password)
	if errors.Is(err, auth.ErrPasswordTooShort) || errors.Is(err, auth.ErrPasswordTooLong) {
		return "", domain.Errorf(domain.Invalid, "%v", err).At(field)
	}
	return hash, err
}

func (in UpdateUser) prepare(context.Context, *Commands) (txFunc, error) {
	var e domain.UserUpdated
	var err error
	if e.Email, err = requiredValue("email", in.Email); err != nil {
		return nil, err
	}
	if e.DisplayName, err = requiredValue("displayName", in.DisplayName); err != nil {
		return nil, err
	}
	may := func(u *unit) error {
		if !u.may(u.actor, policy.ChangeAccount, in.ID) {
			return domain.Errorf(domain.Forbidden, "only the user and admins may change an account").At("id")
		}
		return nil
	}
	return changeUser(in.ID, in.ExpectedVersion, may, func(u *unit, user domain.User) ([]domain.Event, error) {
		if e.Email != nil {
			if err := u.emailIsFree(*e.Email, user.ID); err != nil {
				return nil, err
			}
		}
		return user.Update(e)
	})
}

func (in ChangeRole) prepare(context.Context, *Commands) (txFunc, error) {
	may := func(u *unit) error {
		if !u.may(u.actor, policy.ChangeRole, in.ID) {
			return domain.Errorf(domain.Forbidden, "only admins change roles").At("role")
		}
		return nil
	}
	return changeUser(in.ID, in.ExpectedVersion, may, func(u *unit, user domain.User) ([]domain.Event, error) {
		if in.Role != domain.Admin {
			if err := u.mustKeepAnAdmin(user, "role"); err != nil {
				return nil, err
			}
		}
		events, err := user.ChangeRole(in.Role)
		if err != nil || len(events) == 0 {
			return events, err
		}
		return events, u.Accounts.EndSessions(u.tx, user.ID)
	})
}

func (in ResetPassword) prepare(ctx context.Context, _ *Commands) (txFunc, error) {
	hash, err := hashPassword(ctx, "password", in.Password)
	if err != nil {
		return nil, err
	}
	may := func(u *unit) error {
		if !u.may(u.actor, policy.ResetPassword, in.ID) {
			return domain.Errorf(domain.Forbidden, "only admins reset passwords").At("id")
		}
		return nil
	}
	return changeUser(in.ID, nil, may, func(u *unit, user domain.User) ([]domain.Event, error) {
		if !user.Exists() {
			return nil, domain.Errorf(domain.NotFound, "user does not exist").At("id")
		}
		if err := u.Accounts.SetPassword(u.tx, user.ID, hash); err != nil {
			return nil, err
		}
		return nil, u.Accounts.EndSessions(u.tx, user.ID)
	})
}

// afterCommit closes the websockets that were opened with the old role.
func (in ChangeRole) afterCommit(_ context.Context, c *Commands, _ Outcome) error {
	c.closeConnections(in.ID)
	return nil
}

// afterCommit closes the websockets that were opened with the old password.
func (in ResetPassword) afterCommit(_ context.Context, c *Commands, _ Outcome) error {
	c.closeConnections(in.ID)
	return nil
}

// closeConnections closes the websockets of a user.
func (c *Commands) closeConnections(userID string) {
	if c.Watch != nil {
		c.Watch.EndUser(userID)
	}
}

// mustKeepAnAdmin returns an error if the user is the last admin. Callers are about to take the
// role ADMIN from the user.
func (u *unit) mustKeepAnAdmin(user domain.User, field string) error {
	if user.Role != domain.Admin {
		return nil
	}
	n, err := u.Lookup.Admins(u.tx)
	if err == nil && n < 2 {
		err = domain.Errorf(domain.Invalid, "this is the last admin: make somebody else one first").At(field)
	}
	return err
}

// changeUser returns the txFunc that loads a user, checks the actor's right with may, calls decide
// and appends its events.
func changeUser(id string, expected *int, may func(*unit) error, decide func(*unit, domain.User) ([]domain.Event, error)) (txFunc, error) {
	if err := domain.CheckID(domain.KindUser, "id", id); err != nil {
		return nil, err
	}
	return func(u *unit) (Outcome, error) {
		out := Outcome{ID: id}
		user, err := load[domain.User](u, id)
		if err != nil {
			return out, err
		}
		if err := may(u); user.Exists() && err != nil {
			return out, err
		}
		if expected != nil && user.Version > 0 && user.Version != *expected {
			return out, conflict(id, *expected, user.Version)
		}
		events, err := decide(u, user)
		if err != nil {
			return out, err
		}
		return out, u.append(domain.KindUser, id, eventstore.Exactly(user.Version), events)
	}, nil
}
