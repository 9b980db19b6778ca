package projection

import (
	"context"

	"flightdeck/eventstore"
)

// set is one of the sets of tables that the log is projected into: a suffix of their
// names.
type set string

// The sets. Queries read the live one. While a rebuild is under way there is a next
// one; when it has ended, the set that was live before is the old one.
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
	// key orders its rows the same way in every set.
	key []string
	// finds is the index by which the projection finds the row to close; "" where the
	// table's own key does it.
	finds string
}

// rowTables are the tables of rows of a set, searchTables those of its full-text
// index. What else there is beside the log does not follow from it.
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

// setTables returns the names of all tables of a set, without its suffix.
func setTables() []string {
	var names []string
	for _, t := range rowTables {
		names = append(names, t.name)
	}
	return append(names, searchTables...)
}

// Cloner makes tables like others, which each engine does in its own way.
type Cloner interface {
	// CloneTable makes an empty table like another one, without its indexes but with
	// what makes its key.
	CloneTable(ctx context.Context, rows eventstore.Rows, from, to string) error
	// CloneIndexes gives a table the indexes of another one, for each that pick selects
	// by its name. Names of indexes are made unique by a generation, which pick does
	// not see. Those that are there already are left as they are.
	CloneIndexes(ctx context.Context, rows eventstore.Rows, from, to string, generation int, pick func(name string) bool) error
	// DropPart takes a part of a table away, at most so many rows, and reports whether
	// the table is gone. A table that is not there is gone.
	DropPart(ctx context.Context, rows eventstore.Rows, table string, most int) (gone bool, err error)
}

// swap makes the next set the live one, and the live one the old one, of which there
// is none yet.
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

// drop removes a table of a set, if it is there.
func (s set) drop(ctx context.Context, rows eventstore.Rows, name string) error {
	_, err := rows.Exec(ctx, "DROP TABLE IF EXISTS "+s.table(name))
	return err
}
