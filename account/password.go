package account

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// PasswordByEmail returns the user with an e-mail address, in any of its forms, and the hash of the
// user's password. Both are empty if no user can log in with the address.
func (r *Reader) PasswordByEmail(ctx context.Context, email string) (userID, hash string, err error) {
	for _, form := range domain.EmailForms(email) {
		found, err := r.db.Row(ctx, `SELECT u.id, k.password FROM users AS u
			JOIN credentials AS k ON k.user_id = u.id WHERE u.email = ? AND u.valid_to = 9223372036854775807`,
			[]any{form}, &userID, &hash)
		if found || err != nil {
			return userID, hash, err
		}
	}
	return "", "", nil
}

// PasswordByID returns the hash of a user's password, "" if there is none.
func (r *Reader) PasswordByID(ctx context.Context, userID string) (hash string, err error) {
	_, err = r.db.Row(ctx, "SELECT password FROM credentials WHERE user_id = ?", []any{userID}, &hash)
	return hash, err
}

// SetPassword keeps the hash of a user's password, in the place of an earlier one.
func (Tables) SetPassword(tx *eventstore.Tx, userID, hash string) error {
	_, err := tx.Exec(tx.Context(), `INSERT INTO credentials (user_id, password) VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET password = excluded.password`, userID, hash)
	return err
}

// ReplacePassword keeps a hash in the place of old, and reports whether old was the user's hash.
func (Tables) ReplacePassword(tx *eventstore.Tx, userID, old, hash string) (replaced bool, err error) {
	n, err := tx.Exec(tx.Context(), "UPDATE credentials SET password = ? WHERE user_id = ? AND password = ?", hash, userID, old)
	return n == 1, err
}
