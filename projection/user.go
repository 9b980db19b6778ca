package projection

import (
	"context"
	"errors"

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
	if gone, err := w.forgottenMeanwhile(after); err != nil {
		return err
	} else if gone {
		r.Address, r.Name = r.ID, ""
	}
	return w.exec("INSERT INTO "+w.set.table("users")+` (valid_from, valid_to, id, version, email, display_name, role, created_at, last_login_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ValidFrom, r.ValidTo, r.ID, r.Version, r.Address, r.Name, string(r.Role), r.CreatedAt, r.LastLoginAt)
}

// forget erases the name and the address of a user from the rows of all moments in every set: a
// rebuild may have written the rows of the next set, and may continue much later.
func (w rowWriter) forget(id string) error {
	if err := w.erase(id); err != nil || w.set != liveSet {
		return err
	}
	next, err := exists(w.ctx, w.rows, "SELECT 1 FROM checkpoints, rebuild WHERE name = 'rebuild' AND program <> ''")
	if err != nil {
		return err
	}
	if next {
		err = rowWriter{w.ctx, w.rows, nextSet, w.at}.erase(id)
	} else {
		err = nextSet.drop(w.ctx, w.rows, "users") // of a rebuild that begins, and removes what is left
	}
	return errors.Join(err, oldSet.drop(w.ctx, w.rows, "users"))
}

// erase erases the name and the address of a user from the rows of a set.
func (w rowWriter) erase(id string) error {
	_, err := w.rows.Exec(w.ctx, "UPDATE "+w.set.table("users")+" SET email = id, display_name = '' WHERE id = ?", id)
	return err
}

// forgottenMeanwhile reports whether a user was forgotten after a rebuild read the event that led
// to a state.
func (w rowWriter) forgottenMeanwhile(u domain.User) (bool, error) {
	if w.set != nextSet || u.Forgotten {
		return false, nil
	}
	return exists(w.ctx, w.rows, "SELECT 1 FROM users WHERE id = ? AND email = id", u.ID)
}

// exists reports whether a query has a row.
func exists(ctx context.Context, rows eventstore.Rows, query string, args ...any) (found bool, err error) {
	r, err := rows.Query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Next(), r.Err()
}
