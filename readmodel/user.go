package readmodel

import (
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/uptrace/bun"
)

// User is a user as they were from one of their events to the next.
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ValidFrom   eventstore.Position `bun:"valid_from,pk"`
	ValidTo     eventstore.Position `bun:"valid_to"`
	ID          string              `bun:"id"`
	Version     int                 `bun:"version"`
	Address     string              `bun:"email"`
	DisplayName string              `bun:"display_name"`
	Role        domain.Role         `bun:"role"`
	CreatedAt   domain.Instant      `bun:"created_at"`
	LastLoginAt *domain.Instant     `bun:"last_login_at"`

	page *page `bun:"-"`
}

// userRow is the row of a state from the position where it began.
func userRow(u domain.User, from, to eventstore.Position) User {
	return User{
		ValidFrom: from, ValidTo: to, ID: u.ID, Version: u.Version, Address: u.Email, DisplayName: u.DisplayName,
		Role: u.Role, CreatedAt: u.CreatedAt, LastLoginAt: u.LastLoginAt,
	}
}

func (w projection) user(before, after domain.User) error {
	if before.Version > 0 {
		if err := w.close("users", after.ID); err != nil {
			return err
		}
	}
	r := userRow(after, w.at, eventstore.Forever)
	return w.exec("INSERT INTO "+w.set.table("users")+` (valid_from, valid_to, id, version, email, display_name, role, created_at, last_login_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ValidFrom, r.ValidTo, r.ID, r.Version, r.Address, r.DisplayName, string(r.Role), r.CreatedAt, r.LastLoginAt)
}
