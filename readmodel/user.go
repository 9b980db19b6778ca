package readmodel

import (
	"cmp"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// Forgotten is the name of whoever was forgotten.
const Forgotten = "forgotten user"

// User is a user as they were from one of their events to the next.
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ValidFrom eventstore.Position `bun:"valid_from,pk"`
	ValidTo   eventstore.Position `bun:"valid_to"`
	ID        string              `bun:"id"`
	Version   int                 `bun:"version"`
	// Address is the e-mail address, and the id of somebody forgotten; Name is empty
	// then.
	Address     string          `bun:"email"`
	Name        string          `bun:"display_name"`
	Role        domain.Role     `bun:"role"`
	CreatedAt   domain.Instant  `bun:"created_at"`
	LastLoginAt *domain.Instant `bun:"last_login_at"`

	answer *answer `bun:"-"`
}

// NewUser is the row of a state from the position where it began.
func NewUser(u domain.User, from, to eventstore.Position) User {
	return User{
		ValidFrom: from, ValidTo: to, ID: u.ID, Version: u.Version, Address: cmp.Or(u.Email, u.ID), Name: u.DisplayName,
		Role: u.Role, CreatedAt: u.CreatedAt, LastLoginAt: u.LastLoginAt,
	}
}

// Gone reports whether the user was forgotten.
func (u *User) Gone() bool { return u.Name == "" }

// DisplayName returns the name that others see.
func (u *User) DisplayName() string { return cmp.Or(u.Name, Forgotten) }
