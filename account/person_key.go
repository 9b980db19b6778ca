package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"flightdeck/eventstore"
)

// PersonKey returns the wrapped key that seals the personal fields of a user's events, nil if there
// is none: the user was forgotten, or has no such events.
func PersonKey(ctx context.Context, db *sql.DB, userID string) (wrapped []byte, err error) {
	err = db.QueryRowContext(ctx, "SELECT wrapped FROM person_keys WHERE user_id = ?", userID).Scan(&wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return wrapped, err
}

// EachPersonKey calls visit with every wrapped key and its user, in the order of the users' ids,
// until visit returns an error.
func EachPersonKey(ctx context.Context, db *sql.DB, visit func(userID string, wrapped []byte) error) (err error) {
	rows, err := db.QueryContext(ctx, "SELECT user_id, wrapped FROM person_keys ORDER BY user_id")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var userID string
		var wrapped []byte
		if err := rows.Scan(&userID, &wrapped); err != nil {
			return err
		}
		if err := visit(userID, wrapped); err != nil {
			return err
		}
	}
	return rows.Err()
}

// HasKey reports whether a user has a key that seals personal fields.
func (Tables) HasKey(tx *eventstore.Tx, userID string) (bool, error) {
	id, err := text(tx, "SELECT user_id FROM person_keys WHERE user_id = ?", userID)
	return id != "", err
}

// KeepKey keeps the wrapped key of a user without one.
func (Tables) KeepKey(tx *eventstore.Tx, userID string, wrapped []byte) error {
	_, err := tx.Exec(tx.Context(), "INSERT INTO person_keys (user_id, wrapped) VALUES (?, ?)", userID, wrapped)
	return err
}

// MasterKeyID returns the id of the master key that wraps the keys of users, "" if the database has
// none yet.
func MasterKeyID(ctx context.Context, db *sql.DB) (id string, err error) {
	if err := db.QueryRowContext(ctx, "SELECT id FROM master_key").Scan(&id); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read which master key the database has: %w", err)
	}
	return id, nil
}

// KeepMasterKey keeps the id of the master key, unless the database has one.
func (Tables) KeepMasterKey(tx *eventstore.Tx, id string) error {
	_, err := tx.Exec(tx.Context(), "INSERT INTO master_key (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM master_key)", id)
	return err
}
