package readmodel

import (
	"cmp"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// Forgotten is the display name of every erased user.
const Forgotten = "forgotten user"

// User is the state of a user from one of the user's events to the next.
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ValidFrom eventstore.Position `bun:"valid_from,pk"`
	ValidTo   eventstore.Position `bun:"valid_to"`
	ID        string              `bun:"id"`
	Version   int                 `bun:"version"`
	// Address is the e-mail address, or the id of an erased user. Name is empty after an erasure.
	Address     string          `bun:"email"`
	Name        string          `bun:"display_name"`
	Role        domain.Role     `bun:"role"`
	CreatedAt   domain.Instant  `bun:"created_at"`
	LastLoginAt *domain.Instant `bun:"last_login_at"`

	// AsOf is the position at which the row was read, nil for now.
	AsOf *eventstore.Position `bun:"-"`

	answer *answer `bun:"-"`
}

// NewUser returns the row of a state. The row begins at from and ends at to.
func NewUser(u domain.User, from, to eventstore.Position) User {
	return User{
		ValidFrom: from, ValidTo: to, ID: u.ID, Version: u.Version, Address: cmp.Or(u.Email, u.ID), Name: u.DisplayName,
		Role: u.Role, CreatedAt: u.CreatedAt, LastLoginAt: u.LastLoginAt,
	}
}

// Gone reports whether the user was erased.
func (u *User) Gone() bool { return u.Name == "" }

// DisplayName returns the name, or Forgotten after an erasure.
func (u *User) DisplayName() string { return cmp.Or(u.Name, Forgotten) }
