package projection

import (
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"
)

func (w rowWriter) user(before, after domain.User) error {
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
	r := readmodel.NewUser(after, w.at, eventstore.Forever)
	return w.exec("INSERT INTO "+w.set.table("users")+` (valid_from, valid_to, id, version, email, display_name, role, created_at, last_login_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ValidFrom, r.ValidTo, r.ID, r.Version, r.Address, r.Name, string(r.Role), r.CreatedAt, r.LastLoginAt)
}

// forget erases the name and the address of a user from the rows of all moments, and drops the
// users of the old set.
func (w rowWriter) forget(id string) error {
	if _, err := w.rows.Exec(w.ctx, "UPDATE "+w.set.table("users")+" SET email = id, display_name = '' WHERE id = ?", id); err != nil || w.set != liveSet {
		return err
	}
	return oldSet.drop(w.ctx, w.rows, "users")
}
