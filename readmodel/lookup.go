package readmodel

import (
	"errors"
	"strconv"

	"flightdeck/eventstore"
)

// Lookup answers the questions of commands about the present rows, in the writer's transaction. It
// sees the rows of the commands before them.
type Lookup struct{}

// ContentBySlug returns the id of the content with a slug, "" for none.
func (Lookup) ContentBySlug(tx *eventstore.Tx, slug string) (id string, err error) {
	return text(tx, "SELECT id FROM contents WHERE slug = ? AND valid_to = 9223372036854775807 AND deleted = 0", slug)
}

// UserByEmail returns the id of the user with an e-mail address in its normal form, "" for none.
func (Lookup) UserByEmail(tx *eventstore.Tx, email string) (id string, err error) {
	return text(tx, "SELECT id FROM users WHERE email = ? AND valid_to = 9223372036854775807", email)
}

// Admins returns the number of users with the role ADMIN.
func (Lookup) Admins(tx *eventstore.Tx) (n int, err error) {
	s, err := text(tx, "SELECT count(*) FROM users WHERE role = 'ADMIN' AND valid_to = 9223372036854775807")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(s)
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
