package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"flightdeck/eventstore"
)

// The database's own text of what made a table or an index, see
// https://sqlite.org/schematab.html#interpretation_of_the_schema_table: it begins with
// one of these, whatever it was typed like, but for the quotes that a renaming adds.
var (
	createTable = regexp.MustCompile(`(?s)^(CREATE (?:VIRTUAL )?TABLE )("?\w+"?)(.*)$`)
	createIndex = regexp.MustCompile(`(?s)^(CREATE (?:UNIQUE )?INDEX )(\w+)( ON )("?\w+"?)(.*)$`)
	// generation ends the name of an index that CloneIndexes made.
	generation = regexp.MustCompile(`_g\d+$`)
)

// CloneTable makes an empty table like another one, without its indexes but with what
// makes its key.
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

// CloneIndexes gives a table the indexes of another one, for each that pick selects by
// its name. Indexes keep their names when their table is renamed, and no two of a
// database have the same: so those made here end with a generation, which pick does
// not see.
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
