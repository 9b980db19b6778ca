package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// PasswordByEmail returns the user with an e-mail address in its normal form and
// the hash of their password; both are empty when nobody can log in with it.
func (r *Reader) PasswordByEmail(ctx context.Context, email string) (userID, hash string, err error) {
	row := r.db.QueryRowContext(ctx, `SELECT u.id, k.password FROM users AS u
		JOIN credentials AS k ON k.user_id = u.id WHERE u.email = ? AND u.valid_to = ?`, email, eventstore.Forever)
	if err = row.Scan(&userID, &hash); errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return userID, hash, err
}

// Session returns who a token's digest belongs to and until when; an expired or
// unknown one belongs to nobody.
func (r *Reader) Session(ctx context.Context, token []byte, now time.Time) (actor domain.Actor, expires time.Time, found bool, err error) {
	var micros int64
	row := r.db.QueryRowContext(ctx, `SELECT u.id, u.role, s.expires_at FROM sessions AS s
		JOIN users AS u ON u.id = s.user_id AND u.valid_to = ? WHERE s.token = ? AND s.expires_at > ?`,
		eventstore.Forever, token, now.UnixMicro())
	err = row.Scan(&actor.UserID, &actor.Role, &micros)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Actor{}, time.Time{}, false, nil
	}
	return actor, time.UnixMicro(micros).UTC(), err == nil, err
}
