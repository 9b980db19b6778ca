package projection

import (
	"context"
	"database/sql"
	"errors"

	"flightdeck/eventstore"
	"flightdeck/readmodel/token"
)

// index adds the rows of a set to its full-text index: those that begin after a position, up to
// another one.
func (s set) index(ctx context.Context, rows eventstore.Rows, after, to eventstore.Position) error {
	for _, of := range []documents{
		{
			"SELECT valid_from, title, description, (SELECT group_concat(value, ' ') FROM json_each(tags)), content FROM " +
				s.table("contents") + " WHERE valid_from > ? AND valid_from <= ?",
			"INSERT INTO " + s.table("content_search") + " (rowid, title, description, tags, content) VALUES (?, ?, ?, ?, ?)", 4,
		},
		{
			"SELECT valid_from, title, description FROM " + s.table("presentations") + " WHERE valid_from > ? AND valid_from <= ?",
			"INSERT INTO " + s.table("presentation_search") + " (rowid, title, description) VALUES (?, ?, ?)", 2,
		},
		{
			"SELECT document, title, content FROM " + s.table("slides") + " WHERE valid_from > ? AND valid_from <= ?",
			"INSERT INTO " + s.table("slide_search") + " (rowid, title, content) VALUES (?, ?, ?)", 2,
		},
	} {
		if err := of.index(ctx, rows, after, to); err != nil {
			return err
		}
	}
	return nil
}

// documents are the documents of a table of the full-text index. A document has the tokens of the
// texts of a row, under the key of the row.
type documents struct {
	texts  string // the query for keys and texts, after a position, up to another one
	insert string // the statement that adds a document
	fields int    // the number of texts
}

// index adds the documents of the rows that begin after a position, up to another one. It holds the
// texts of one row at a time.
func (d documents) index(ctx context.Context, rows eventstore.Rows, after, to eventstore.Position) (err error) {
	found, err := rows.Query(ctx, d.texts, after, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	var key int64
	texts, into, values := make([]sql.NullString, d.fields), []any{&key}, make([]any, 1+d.fields)
	for i := range texts {
		into = append(into, &texts[i])
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			return err
		}
		values[0] = key
		for i, text := range texts {
			values[1+i] = token.Text(text.String)
		}
		if _, err := rows.Exec(ctx, d.insert, values...); err != nil {
			return err
		}
	}
	return found.Err()
}
