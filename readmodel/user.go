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

	page *page `bun:"-"`
}

// userRow is the row of a state from the position where it began.
func userRow(u domain.User, from, to eventstore.Position) User {
	return User{
		ValidFrom: from, ValidTo: to, ID: u.ID, Version: u.Version, Address: cmp.Or(u.Email, u.ID), Name: u.DisplayName,
		Role: u.Role, CreatedAt: u.CreatedAt, LastLoginAt: u.LastLoginAt,
	}
}

func (w projection) user(before, after domain.User) error {
	if after.Forgotten && !before.Forgotten {
		if err := w.forget(after.ID); err != nil {
			return err
		}
	}
	if before.Version > 0 {
		if err := w.close("users", after.ID); err != nil {
			return err
		}
	}
	r := userRow(after, w.at, eventstore.Forever)
	return w.exec("INSERT INTO "+w.set.table("users")+` (valid_from, valid_to, id, version, email, display_name, role, created_at, last_login_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ValidFrom, r.ValidTo, r.ID, r.Version, r.Address, r.Name, string(r.Role), r.CreatedAt, r.LastLoginAt)
}

// forget erases the name and the address of a user from all rows, whatever their moment, and the
// rows of users that the last rebuild put aside.
func (w projection) forget(id string) error {
	if _, err := w.rows.Exec(w.ctx, "UPDATE "+w.set.table("users")+" SET email = id, display_name = '' WHERE id = ?", id); err != nil || w.set != liveSet {
		return err
	}
	return oldSet.drop(w.ctx, w.rows, "users")
}

// Gone reports whether the user was forgotten.
func (u *User) Gone() bool { return u.Name == "" }

// DisplayName returns the name that others see.
func (u *User) DisplayName() string { return cmp.Or(u.Name, Forgotten) }
