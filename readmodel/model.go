package readmodel

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/vault"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// Migrations returns the steps that lead to this package's tables. The first five made those of
// package account, too, which has adopted them.
func Migrations() eventstore.Migrations {
	files, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return eventstore.Migrations{Component: "read model", Files: files}
}

// Model folds events into states of package domain and writes their rows. It
// implements eventstore.Model; the states it is given and returns are of type
// domain.State.
type Model struct {
	// Vault opens what is sealed in events; nil where nothing is to be opened.
	Vault *vault.Vault
}

var _ eventstore.Model = Model{}

// Apply returns the state of a stream after one more event. It fails with a
// *domain.UnknownEventError for an event that this program does not know.
func (m Model) Apply(state any, e eventstore.Event) (any, error) {
	data, err := opened(m.Vault, e)
	if err != nil {
		return nil, err
	}
	fact, err := domain.Decode(e.Type, e.SchemaVersion, data)
	if err != nil {
		return nil, err
	}
	before, ok := state.(domain.State)
	if !ok {
		if before, err = domain.NewState(domain.Kind(e.Stream.Type)); err != nil {
			return nil, err
		}
	}
	return before.Apply(fact, domain.InstantOf(e.RecordedAt))
}

// opened returns the JSON of an event with what is sealed in it, unless the key was
// destroyed.
func opened(v *vault.Vault, e eventstore.Event) ([]byte, error) {
	if v == nil || domain.Personal(e.Type) == nil {
		return e.Data, nil
	}
	return v.Open(string(e.Stream.ID), e.ID, e.Data)
}

// Encode returns a state as bytes.
func (Model) Encode(state any) ([]byte, error) {
	s, ok := state.(domain.State)
	if !ok {
		return nil, fmt.Errorf("encode a %T: it is no state", state)
	}
	return domain.EncodeState(s)
}

// Decode returns the state that Encode wrote.
func (Model) Decode(streamType string, data []byte) (any, error) {
	return domain.DecodeState(domain.Kind(streamType), data)
}

// Fingerprint identifies what Apply makes of events.
func (Model) Fingerprint() string { return domain.Fingerprint() }

// Project closes the rows that are no longer true and opens those that became
// true with an event.
func (Model) Project(ctx context.Context, rows eventstore.Rows, e eventstore.Event, before, after any) error {
	return projection{ctx, rows, liveSet, e.Position}.write(before, after)
}

// write brings the rows from one state of a stream to the next.
func (w projection) write(before, after any) error {
	switch after := after.(type) {
	case domain.Content:
		before, _ := before.(domain.Content) //nolint:errcheck // nil is the state before the first event
		return w.content(before, after)
	case domain.Presentation:
		before, _ := before.(domain.Presentation) //nolint:errcheck // as above
		return w.presentation(before, after)
	case domain.User:
		before, _ := before.(domain.User) //nolint:errcheck // as above
		return w.user(before, after)
	}
	return fmt.Errorf("no rows are known for a %T", after)
}

// projection writes the rows that follow from the event at a position, into the
// tables of a set.
type projection struct {
	ctx  context.Context
	rows eventstore.Rows
	set  set
	at   eventstore.Position
}

// close ends the row of an object that has been true so far.
func (w projection) close(table, id string) error {
	table = w.set.table(table)
	return w.exec("UPDATE "+table+" SET valid_to = ? WHERE valid_from = (SELECT max(valid_from) FROM "+table+" WHERE id = ?)", w.at, id)
}

// exec runs a statement that has to change exactly one row.
func (w projection) exec(query string, args ...any) error {
	n, err := w.rows.Exec(w.ctx, query, args...)
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows changed instead of one: run flightdeck verify", n)
	}
	return err
}
