package account

import (
	"context"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// APIKey is the API key of a machine, without its secret, which only the machine has. A revoked key
// stays, so that its revoker is known.
type APIKey struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`

	ID        string          `bun:"id,pk"`
	UserID    string          `bun:"user_id"` // the machine
	Name      string          `bun:"name"`
	Creator   string          `bun:"created_by"` // "" for the operator
	CreatedAt domain.Instant  `bun:"created_at"`
	ExpiresAt *domain.Instant `bun:"expires_at"`
	Revoker   *string         `bun:"revoked_by"`
	RevokedAt *domain.Instant `bun:"revoked_at"`
}

// APIKeys returns up to limit keys, the latest first, those that have ended included.
func (r *Reader) APIKeys(ctx context.Context, limit int) (keys []*APIKey, err error) {
	err = r.db.Scan(ctx, r.apiKeys().Limit(int64(limit)), &keys)
	return keys, err
}

// APIKey returns a key by its id, nil if there is none.
func (r *Reader) APIKey(ctx context.Context, id string) (*APIKey, error) {
	var keys []*APIKey
	if err := r.db.Scan(ctx, r.apiKeys().Where("k.id = ?", prepared.Bind(id)), &keys); err != nil || len(keys) == 0 {
		return nil, err
	}
	return keys[0], nil
}

func (r *Reader) apiKeys() *bun.SelectQuery {
	return r.db.NewSelect().Model((*APIKey)(nil)).OrderExpr("k.created_at DESC, k.id DESC")
}

// ActorByKey returns the machine that has the key with this digest, and the instant at which the
// key expires, the zero time for never. found is false if no key has the digest, or if the key has
// expired or was revoked.
func (r *Reader) ActorByKey(ctx context.Context, digest []byte, now time.Time) (actor domain.Actor, expires time.Time, found bool, err error) {
	var micros int64
	found, err = r.db.Row(ctx, `SELECT u.id, u.role, coalesce(k.expires_at, 0) FROM api_keys AS k
		JOIN users AS u ON u.id = k.user_id AND u.valid_to = 9223372036854775807
		WHERE k.digest = ? AND k.revoked_at IS NULL AND coalesce(k.expires_at, 9223372036854775807) > ?`,
		[]any{digest, now.UnixMicro()}, &actor.UserID, &actor.Role, &micros)
	if micros != 0 {
		expires = time.UnixMicro(micros).UTC()
	}
	return actor, expires, found, err
}

// AddKey keeps a new API key of a machine by the digest of its secret. by is the creator of the
// key, "" for the operator; expires is nil for never.
func (Tables) AddKey(tx *eventstore.Tx, id string, digest []byte, userID, name, by string, expires *domain.Instant) error {
	_, err := tx.Exec(tx.Context(), "INSERT INTO api_keys (id, digest, user_id, name, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		id, digest, userID, name, by, domain.InstantOf(tx.Now()), expires)
	return err
}

// RevokeKey revokes an API key, unless it was revoked before, and returns the machine that has it,
// "" if there is no such key.
func (Tables) RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error) {
	if _, err := tx.Exec(tx.Context(), "UPDATE api_keys SET revoked_by = ?, revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
		by, domain.InstantOf(tx.Now()), id); err != nil {
		return "", err
	}
	return text(tx, "SELECT user_id FROM api_keys WHERE id = ?", id)
}
