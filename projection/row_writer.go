package projection

import (
	"context"
	"fmt"

	"flightdeck/eventstore"
)

// rowWriter writes the rows of the event at a position into the tables of a set.
type rowWriter struct {
	ctx  context.Context
	rows eventstore.Rows
	set  set
	at   eventstore.Position
}

// close ends the open row of an object.
func (w rowWriter) close(table, id string) error {
	table = w.set.table(table)
	return w.exec("UPDATE "+table+" SET valid_to = ? WHERE valid_from = (SELECT max(valid_from) FROM "+table+" WHERE id = ?)", w.at, id)
}

// exec runs a statement and fails unless it changes exactly one row.
func (w rowWriter) exec(query string, args ...any) error {
	n, err := w.rows.Exec(w.ctx, query, args...)
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows changed instead of one: run flightdeck verify", n)
	}
	return err
}

// number returns a truth value in the form of its columns.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
