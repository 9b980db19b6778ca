package readmodel

import (
	"context"
	"time"

	"flightdeck/domain"
)

// PasswordByEmail returns the user with an e-mail address in its normal form and
// the hash of their password; both are empty when nobody can log in with it.
func (r *Reader) PasswordByEmail(ctx context.Context, email string) (userID, hash string, err error) {
	_, err = r.db.Row(ctx, `SELECT u.id, k.password FROM users AS u
		JOIN credentials AS k ON k.user_id = u.id WHERE u.email = ? AND u.valid_to = 9223372036854775807`,
		[]any{email}, &userID, &hash)
	return userID, hash, err
}

// PasswordByID returns the hash of a user's password, "" when there is none.
func (r *Reader) PasswordByID(ctx context.Context, userID string) (hash string, err error) {
	_, err = r.db.Row(ctx, "SELECT password FROM credentials WHERE user_id = ?", []any{userID}, &hash)
	return hash, err
}

// UserByEmail returns the id of the user who has an e-mail address in its normal form
// now, "" for none.
func (r *Reader) UserByEmail(ctx context.Context, email string) (userID string, err error) {
	_, err = r.db.Row(ctx, "SELECT id FROM users WHERE email = ? AND valid_to = 9223372036854775807", []any{email}, &userID)
	return userID, err
}

// Actor returns a user as the one who asks; nobody, when the user was forgotten, whose
// address is then the id.
func (r *Reader) Actor(ctx context.Context, userID string) (actor domain.Actor, found bool, err error) {
	found, err = r.db.Row(ctx, "SELECT id, role FROM users WHERE id = ? AND email <> id AND valid_to = 9223372036854775807",
		[]any{userID}, &actor.UserID, &actor.Role)
	return actor, found, err
}

// Session returns who a token's digest belongs to and until when; an expired or
// unknown one belongs to nobody.
func (r *Reader) Session(ctx context.Context, token []byte, now time.Time) (actor domain.Actor, expires time.Time, found bool, err error) {
	var micros int64
	found, err = r.db.Row(ctx, `SELECT u.id, u.role, s.expires_at FROM sessions AS s
		JOIN users AS u ON u.id = s.user_id AND u.valid_to = 9223372036854775807 WHERE s.token = ? AND s.expires_at > ?`,
		[]any{token, now.UnixMicro()}, &actor.UserID, &actor.Role, &micros)
	return actor, time.UnixMicro(micros).UTC(), found, err
}
