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

// ReplacePassword keeps a hash in the place of an old one, and reports whether that
// was there.
func (Tables) ReplacePassword(tx *eventstore.Tx, userID, old, hash string) (bool, error) {
	n, err := tx.Exec(tx.Context(), "UPDATE credentials SET password = ? WHERE user_id = ? AND password = ?", hash, userID, old)
	return n == 1, err
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

// EndSession forgets a token, and reports whether it was known.
func (Tables) EndSession(tx *eventstore.Tx, token []byte) (bool, error) {
	n, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE token = ?", token)
	return n == 1, err
}

// EndSessions forgets the tokens of a user.
func (Tables) EndSessions(tx *eventstore.Tx, userID string) error {
	_, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE user_id = ?", userID)
	return err
}

// HasKey reports whether a user has a key with which personal fields are sealed.
func (Tables) HasKey(tx *eventstore.Tx, userID string) (bool, error) {
	id, err := text(tx, "SELECT user_id FROM person_keys WHERE user_id = ?", userID)
	return id != "", err
}

// KeepKey keeps the wrapped key of a user.
func (Tables) KeepKey(tx *eventstore.Tx, userID string, wrapped []byte) error {
	_, err := tx.Exec(tx.Context(), "INSERT INTO person_keys (user_id, wrapped) VALUES (?, ?)", userID, wrapped)
	return err
}

// Forget deletes what the tables beside the log hold of a user: the key, the password,
// the sessions, states that were kept of the user, digests of what was sent by the user
// and about the user, and the users that a rebuild has put aside.
func (Tables) Forget(tx *eventstore.Tx, userID string) error {
	for _, statement := range []string{
		"DELETE FROM person_keys WHERE user_id = ?1", "DELETE FROM credentials WHERE user_id = ?1", "DELETE FROM sessions WHERE user_id = ?1",
		"DELETE FROM api_keys WHERE user_id = ?1",
	} {
		if _, err := tx.Exec(tx.Context(), statement, userID); err != nil {
			return err
		}
	}
	if err := tx.ForgetStream(eventstore.StreamID(userID)); err != nil {
		return err
	}
	return oldSet.drop(tx.Context(), tx, "users")
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
