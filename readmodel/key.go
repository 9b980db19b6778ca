package readmodel

import (
	"context"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// maxKeys is how many keys are listed.
const maxKeys = 500

// APIKey is a machine's key, without its secret, which nobody has but the machine.
type APIKey struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`

	ID        string          `bun:"id,pk"`
	UserID    string          `bun:"user_id"`
	Name      string          `bun:"name"`
	Creator   string          `bun:"created_by"`
	CreatedAt domain.Instant  `bun:"created_at"`
	ExpiresAt *domain.Instant `bun:"expires_at"`
	Revoker   *string         `bun:"revoked_by"`
	RevokedAt *domain.Instant `bun:"revoked_at"`

	page *page `bun:"-"`
}

// APIKeys returns the keys that were made last, also those that have ended, for
// admins. They have no history: a view of the past shows those of now.
func (r *Reader) APIKeys(ctx context.Context, v View) ([]*APIKey, error) {
	return r.apiKeys(ctx, v, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Limit(maxKeys) })
}

// APIKey returns a key for admins, nil when there is none.
func (r *Reader) APIKey(ctx context.Context, v View, id string) (*APIKey, error) {
	keys, err := r.apiKeys(ctx, v, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("k.id = ?", prepared.Bind(id)) })
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return keys[0], nil
}

func (r *Reader) apiKeys(ctx context.Context, v View, which func(*bun.SelectQuery) *bun.SelectQuery) (keys []*APIKey, err error) {
	if !r.May(v.Actor, policy.SeeKeys, "") {
		return nil, domain.Errorf(domain.Forbidden, "only admins see API keys")
	}
	err = r.db.Scan(ctx, r.db.NewSelect().Model((*APIKey)(nil)).Apply(which).OrderExpr("k.created_at DESC, k.id DESC"), &keys)
	p := &page{reader: r, view: v}
	for _, key := range keys {
		key.page = p
		p.userIDs = append(p.userIDs, key.UserID, key.Creator, key.revoker())
	}
	return keys, err
}

// User returns the machine as the user that it acts as.
func (k *APIKey) User(ctx context.Context) (*User, error) { return k.page.user(ctx, k.UserID) }

// CreatedBy returns who made the key, nil for the operator.
func (k *APIKey) CreatedBy(ctx context.Context) (*User, error) { return k.page.user(ctx, k.Creator) }

// RevokedBy returns who revoked the key, nil for nobody and for the operator.
func (k *APIKey) RevokedBy(ctx context.Context) (*User, error) { return k.page.user(ctx, k.revoker()) }

func (k *APIKey) revoker() string {
	if k.Revoker == nil {
		return ""
	}
	return *k.Revoker
}

// Key returns whom a key's digest lets in and until when, the zero time for ever; one
// that is unknown, expired or revoked lets nobody in.
func (r *Reader) Key(ctx context.Context, digest []byte, now time.Time) (actor domain.Actor, expires time.Time, found bool, err error) {
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

// AddKey keeps a new key of a machine by its digest. expires may be nil.
func (Tables) AddKey(tx *eventstore.Tx, id string, digest []byte, userID, name, by string, expires *domain.Instant) error {
	_, err := tx.Exec(tx.Context(), "INSERT INTO api_keys (id, digest, user_id, name, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		id, digest, userID, name, by, domain.InstantOf(tx.Now()), expires)
	return err
}

// RevokeKey ends a key, unless somebody has done so before, and returns whose it was,
// "" when there is no such key.
func (Tables) RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error) {
	if _, err := tx.Exec(tx.Context(), "UPDATE api_keys SET revoked_by = ?, revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
		by, domain.InstantOf(tx.Now()), id); err != nil {
		return "", err
	}
	return text(tx, "SELECT user_id FROM api_keys WHERE id = ?", id)
}
