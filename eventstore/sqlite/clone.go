package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"flightdeck/eventstore"
)

// These match the beginning of the SQL that SQLite stores for a table or an index
// (https://sqlite.org/schematab.html#interpretation_of_the_schema_table): its form is normalised,
// except for the quotes that a renaming adds.
var (
	createTable = regexp.MustCompile(`(?s)^(CREATE (?:VIRTUAL )?TABLE )("?\w+"?)(.*)$`)
	createIndex = regexp.MustCompile(`(?s)^(CREATE (?:UNIQUE )?INDEX )(\w+)( ON )("?\w+"?)(.*)$`)
	// generation matches the end of the name of an index that CloneIndexes made.
	generation = regexp.MustCompile(`_g\d+$`)
)

// CloneTable makes an empty table with the columns and the key of another one, without its other
// indexes.
func (e *Engine) CloneTable(ctx context.Context, rows eventstore.Rows, from, to string) error {
	q := queries{ask: rows.Query}
	var ddl string
	if found, err := q.one(ctx, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", []any{from}, &ddl); err != nil || !found {
		return fmt.Errorf("clone table %s, found %t: %w", from, found, err)
	}
	parts := createTable.FindStringSubmatch(ddl)
	if parts == nil {
		return fmt.Errorf("clone table %s: it is made by %q, which is not understood", from, ddl)
	}
	_, err := rows.Exec(ctx, parts[1]+to+parts[3])
	return err
}

// CloneIndexes gives a table those indexes of another one whose names pick selects. An index keeps
// its name when its table is renamed, and names are unique in a database: the new names end with a
// generation, which pick does not see.
func (e *Engine) CloneIndexes(ctx context.Context, rows eventstore.Rows, from, to string, number int, pick func(name string) bool) error {
	q := queries{ask: rows.Query}
	var all []string
	if err := q.each(ctx, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY name", []any{from}, func(r *sql.Rows) error {
		var ddl string
		err := r.Scan(&ddl)
		all = append(all, ddl)
		return err
	}); err != nil {
		return err
	}
	for _, ddl := range all {
		parts := createIndex.FindStringSubmatch(ddl)
		if parts == nil {
			return fmt.Errorf("clone the indexes of table %s: one is made by %q, which is not understood", from, ddl)
		}
		name := generation.ReplaceAllString(parts[2], "")
		if !pick(name) {
			continue
		}
		if _, err := rows.Exec(ctx, fmt.Sprintf("%sIF NOT EXISTS %s_g%d%s%s%s", parts[1], name, number, parts[3], to, parts[5])); err != nil {
			return err
		}
	}
	return nil
}

// DropPart deletes a part of a table, at most the given number of rows, or one of its indexes. gone
// is true as soon as the table does not exist. Dropping a large table at once takes seconds, since
// all of its pages are overwritten.
func (e *Engine) DropPart(ctx context.Context, rows eventstore.Rows, table string, most int) (gone bool, err error) {
	q := queries{ask: rows.Query}
	var index string
	found, err := q.one(ctx, "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL LIMIT 1", []any{table}, &index)
	if err != nil {
		return false, err
	}
	if found {
		_, err := rows.Exec(ctx, "DROP INDEX "+index)
		return false, err
	}
	// A full-text index has tables of its own (https://sqlite.org/fts5.html#fts5_data_structures).
	for _, name := range []string{table + "_data", table + "_idx", table + "_docsize", table} {
		var key string
		if _, err := q.one(ctx, `SELECT coalesce(group_concat(i.name, ', '), '') FROM sqlite_schema AS s, pragma_table_info(s.name) AS i
			WHERE s.type = 'table' AND s.name = ? AND s.sql NOT LIKE 'CREATE VIRTUAL %' AND i.pk > 0`, []any{name}, &key); err != nil {
			return false, err
		}
		if key == "" {
			continue
		}
		n, err := rows.Exec(ctx, fmt.Sprintf("DELETE FROM %[1]s WHERE (%[2]s) IN (SELECT %[2]s FROM %[1]s LIMIT ?)", name, key), most)
		if err != nil || n > 0 {
			return false, err
		}
	}
	_, err = rows.Exec(ctx, "DROP TABLE IF EXISTS "+table)
	return err == nil, err
}
