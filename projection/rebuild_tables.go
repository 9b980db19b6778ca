package projection

import (
	"context"
	"time"

	"flightdeck/eventstore"
)

// begin removes the old set and creates the next one. Until the next set is complete the rebuild
// belongs to no program, so that a crash makes it begin again.
func (b *rebuild) begin(ctx context.Context, program string) error {
	b.generation, b.bulk, b.at = b.generation+1, b.alone, 0
	err := b.update(ctx, func(tx *eventstore.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO checkpoints (name, position) VALUES ('rebuild', 0) ON CONFLICT (name) DO UPDATE SET position = 0"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE rebuild SET generation = ?, program = '', bulk = ?, started_at = ?", b.generation, number(b.bulk), time.Now().UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range []set{oldSet, nextSet} {
		for _, name := range setTables() {
			if err := b.discard(ctx, s, name); err != nil {
				return err
			}
		}
	}
	return b.update(ctx, func(tx *eventstore.Tx) error {
		if err := b.create(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE rebuild SET program = ?", program)
		return err
	})
}

// maxDropped is the number of rows that one command of discard deletes.
const maxDropped = 200

// discard removes a table of a set. Beside others it deletes the rows in several commands.
func (b *rebuild) discard(ctx context.Context, s set, name string) error {
	for gone := false; !gone; {
		var took time.Duration
		if err := b.update(ctx, func(tx *eventstore.Tx) (err error) {
			if b.alone {
				gone = true
				return s.drop(ctx, tx, name)
			}
			begun := time.Now()
			gone, err = b.cloner.DropPart(ctx, tx, s.table(name), maxDropped)
			took = time.Since(begun)
			return err
		}); err != nil {
			return err
		}
		if err := b.pace.rest(ctx, took); err != nil {
			return err
		}
	}
	return nil
}

// create creates the tables of the next set, empty. A bulk rebuild gives them only the indexes that
// the projection needs.
func (b *rebuild) create(ctx context.Context, rows eventstore.Rows) error {
	for _, name := range setTables() {
		if err := b.cloner.CloneTable(ctx, rows, liveSet.table(name), nextSet.table(name)); err != nil {
			return err
		}
	}
	for _, t := range rowTables {
		pick := func(index string) bool { return !b.bulk || index == t.finds }
		if err := b.cloner.CloneIndexes(ctx, rows, liveSet.table(t.name), nextSet.table(t.name), b.generation, pick); err != nil {
			return err
		}
	}
	return nil
}

// indexes creates the missing indexes of a table of the next set.
func (b *rebuild) indexes(ctx context.Context, rows eventstore.Rows, t rowTable) error {
	all := func(string) bool { return true }
	return b.cloner.CloneIndexes(ctx, rows, liveSet.table(t.name), nextSet.table(t.name), b.generation, all)
}
