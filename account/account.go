package account

import (
	"context"
	"errors"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/prepared"
)

// Tables changes the tables of accounts in the writer's transaction.
type Tables struct{}

// Reader reads the tables of accounts. Its methods may be called at the same time.
type Reader struct{ db *prepared.DB }

// NewReader returns a reader on a database.
func NewReader(db *prepared.DB) *Reader { return &Reader{db} }

// UserByEmail returns the id of the user with an e-mail address, in any of its forms, "" if there
// is none.
func (r *Reader) UserByEmail(ctx context.Context, email string) (userID string, err error) {
	for _, form := range domain.EmailForms(email) {
		found, err := r.db.Row(ctx, "SELECT id FROM users WHERE email = ? AND valid_to = 9223372036854775807", []any{form}, &userID)
		if found || err != nil {
			return userID, err
		}
	}
	return "", nil
}

// Actor returns a user as an actor. found is false if the user does not exist or was forgotten: the
// address of a forgotten user is the id.
func (r *Reader) Actor(ctx context.Context, userID string) (actor domain.Actor, found bool, err error) {
	found, err = r.db.Row(ctx, "SELECT id, role FROM users WHERE id = ? AND email <> id AND valid_to = 9223372036854775807",
		[]any{userID}, &actor.UserID, &actor.Role)
	return actor, found, err
}

const userOfToken = `SELECT user_id FROM sessions WHERE token = ?1
	UNION ALL SELECT user_id FROM api_keys WHERE digest = ?1 AND revoked_at IS NULL`

// UserOfToken returns the user whose session, or whose API key that is not revoked, has a digest;
// "" if there is none.
func (Tables) UserOfToken(tx *eventstore.Tx, digest []byte) (userID string, err error) {
	return text(tx, userOfToken, digest)
}

// UserOfToken is that of Tables, as committed.
func (r *Reader) UserOfToken(ctx context.Context, digest []byte) (userID string, err error) {
	_, err = r.db.Row(ctx, userOfToken, []any{digest}, &userID)
	return userID, err
}

// Forget deletes all secrets of a user: the password, the sessions, the API keys, and the key that
// opens the personal fields of the user's events.
func (Tables) Forget(tx *eventstore.Tx, userID string) error {
	for _, statement := range []string{
		"DELETE FROM person_keys WHERE user_id = ?", "DELETE FROM credentials WHERE user_id = ?",
		"DELETE FROM sessions WHERE user_id = ?", "DELETE FROM api_keys WHERE user_id = ?",
	} {
		if _, err := tx.Exec(tx.Context(), statement, userID); err != nil {
			return err
		}
	}
	return nil
}

// text returns the first column of a query's first row, "" if there is no row.
func text(tx *eventstore.Tx, query string, args ...any) (s string, err error) {
	rows, err := tx.Query(tx.Context(), query, args...)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		if err := rows.Scan(&s); err != nil {
			return "", err
		}
	}
	return s, rows.Err()
}
