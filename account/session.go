package account

import (
	"context"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// ActorByToken returns the user whose session has the token with this digest, and the instant at
// which the session expires. found is false if no session has the token, or if it has expired.
func (r *Reader) ActorByToken(ctx context.Context, token []byte, now time.Time) (actor domain.Actor, expires time.Time, found bool, err error) {
	var micros int64
	found, err = r.db.Row(ctx, `SELECT u.id, u.role, s.expires_at FROM sessions AS s
		JOIN users AS u ON u.id = s.user_id AND u.valid_to = 9223372036854775807 WHERE s.token = ? AND s.expires_at > ?`,
		[]any{token, now.UnixMicro()}, &actor.UserID, &actor.Role, &micros)
	return actor, time.UnixMicro(micros).UTC(), found, err
}

// StartSession keeps the digest of a token, and deletes the user's sessions that have expired.
func (Tables) StartSession(tx *eventstore.Tx, token []byte, userID string, expires time.Time) error {
	now := tx.Now().UnixMicro()
	if _, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?", userID, now); err != nil {
		return err
	}
	_, err := tx.Exec(tx.Context(), "INSERT INTO sessions (token, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
		token, userID, now, expires.UnixMicro())
	return err
}

// EndSession deletes the session of a token, and reports whether there was one.
func (Tables) EndSession(tx *eventstore.Tx, token []byte) (ended bool, err error) {
	n, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE token = ?", token)
	return n == 1, err
}

// EndSessions deletes all sessions of a user.
func (Tables) EndSessions(tx *eventstore.Tx, userID string) error {
	_, err := tx.Exec(tx.Context(), "DELETE FROM sessions WHERE user_id = ?", userID)
	return err
}
