package readmodel

import (
	"errors"
	"strconv"
	"time"

	"flightdeck/eventstore"
)

// Tables is what commands ask and keep in the tables beside the log, in the
// writer's transaction.
type Tables struct{}

// ContentBySlug returns the id of the content that has a slug now, "" for none.
func (Tables) ContentBySlug(tx *eventstore.Tx, slug string) (id string, err error) {
	return text(tx, "SELECT id FROM contents WHERE slug = ? AND valid_to = 9223372036854775807 AND deleted = 0", slug)
}

// UserByEmail returns the id of the user who has an address now, "" for none.
func (Tables) UserByEmail(tx *eventstore.Tx, email string) (id string, err error) {
	return text(tx, "SELECT id FROM users WHERE email = ? AND valid_to = 9223372036854775807", email)
}

// Admins returns how many users have the role ADMIN now.
func (Tables) Admins(tx *eventstore.Tx) (n int, err error) {
	s, err := text(tx, "SELECT count(*) FROM users WHERE role = 'ADMIN' AND valid_to = 9223372036854775807")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(s)
}

// SetPassword keeps the hash of a user's password.
func (Tables) SetPassword(tx *eventstore.Tx, userID, hash string) error {
	_, err := tx.Exec(tx.Context(), `INSERT INTO credentials (user_id, password) VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET password = excluded.password`, userID, hash)
	return err
}

// StartSession keeps the digest of a token, and forgets the user's expired ones.
func (Tables) StartSession(tx *eventstore.Tx, token []byte, userID string, expires time.Time) error {
	now := tx.Now().UnixMicro()
	if _, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?", userID, now); err != nil {
		return err
	}
	_, err := tx.Exec(tx.Context(), "INSERT INTO sessions (token, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
		token, userID, now, expires.UnixMicro())
	return err
}

// EndSession forgets a token.
func (Tables) EndSession(tx *eventstore.Tx, token []byte) error {
	_, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE token = ?", token)
	return err
}

// text returns the first column of the first row, "" when there is none.
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
