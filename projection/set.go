package projection

import (
	"context"

	"flightdeck/eventstore"
)

// set is a set of tables that the log is projected into. Its value is the suffix of their names.
type set string

// The sets. Queries read the live set. A rebuild writes the next set. After a rebuild the old set
// is the one that was live before.
const (
	liveSet set = ""
	nextSet set = "_next"
	oldSet  set = "_old"
)

// table returns the name of a table in the set.
func (s set) table(name string) string { return name + string(s) }

// rowTable is a table of rows.
type rowTable struct {
	name string
	// key orders the rows in the same way in every set.
	key []string
	// finds is the index with which the projection finds an open row; "" if the table's key does.
	finds string
}

// rowTables are the tables of rows of a set, searchTables those of its full-text index. No other
// tables follow from the log.
var (
	rowTables = []rowTable{
		{"contents", []string{"valid_from"}, "contents_id"},
		{"content_tags", []string{"tag", "created_at", "valid_from"}, ""},
		{"presentations", []string{"valid_from"}, "presentations_id"},
		{"slides", []string{"id", "valid_from"}, ""},
		{"users", []string{"valid_from"}, "users_id"},
	}
	searchTables = []string{"content_search", "presentation_search", "slide_search"}
)

// setTables returns the names of all tables of a set, without the suffix.
func setTables() []string {
	var names []string
	for _, t := range rowTables {
		names = append(names, t.name)
	}
	return append(names, searchTables...)
}

// Cloner copies the definitions of tables. Each engine has its own way.
type Cloner interface {
	// CloneTable creates an empty table like another one, with its key and without its other
	// indexes.
	CloneTable(ctx context.Context, rows eventstore.Rows, from, to string) error
	// CloneIndexes gives a table those indexes of another one that pick selects by their names. It
	// makes the new names unique with a generation, which pick does not see, and leaves existing
	// indexes alone.
	CloneIndexes(ctx context.Context, rows eventstore.Rows, from, to string, generation int, pick func(name string) bool) error
	// DropPart deletes up to most rows of a table, and drops the table when it is empty. gone
	// reports that it does not exist any more.
	DropPart(ctx context.Context, rows eventstore.Rows, table string, most int) (gone bool, err error)
}

// swap makes the live set the old one and the next set the live one. There must be no old set.
func swap(ctx context.Context, rows eventstore.Rows) error {
	for _, name := range setTables() {
		for _, rename := range [][2]set{{liveSet, oldSet}, {nextSet, liveSet}} {
			if _, err := rows.Exec(ctx, "ALTER TABLE "+rename[0].table(name)+" RENAME TO "+rename[1].table(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop drops a table of a set if it exists.
func (s set) drop(ctx context.Context, rows eventstore.Rows, name string) error {
	_, err := rows.Exec(ctx, "DROP TABLE IF EXISTS "+s.table(name))
	return err
}
