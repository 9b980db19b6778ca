package projection

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"strings"
	"sync"
	"time"

	"flightdeck/eventstore"
)

// compare compares the tables of the next set with the live ones, up to the position of the next
// set. Rows up to a position do not change any more, so others may write meanwhile.
func (b *rebuild) compare(ctx context.Context) ([]RebuildTable, error) {
	var all []RebuildTable
	for _, t := range rowTables {
		before, after := digest{to: b.at, set: liveSet, table: t}, digest{to: b.at, set: nextSet, table: t}
		if err := b.digestBoth(ctx, &before, &after); err != nil {
			return nil, fmt.Errorf("compare the tables of %s: %w", t.name, err)
		}
		all = append(all, RebuildTable{
			Name: t.name, Rows: after.rows, RowsBefore: before.rows, Hash: after.sum(), HashBefore: before.sum(), Same: after.sum() == before.sum(),
		})
	}
	for _, t := range all {
		if !t.Same {
			b.logger.Warn("the rebuild has changed rows: the log is right, the rows before stay in a table beside until the next rebuild",
				"table", t.Name, "rows", t.Rows, "rowsBefore", t.RowsBefore, "before", oldSet.table(t.Name))
		}
	}
	return all, nil
}

// digestBoth digests two tables, at the same time if the rebuild is alone.
func (b *rebuild) digestBoth(ctx context.Context, before, after *digest) error {
	if !b.alone {
		return errors.Join(b.digest(ctx, before), b.digest(ctx, after))
	}
	var err error
	var beside sync.WaitGroup
	beside.Go(func() { err = b.digest(ctx, before) })
	other := b.digest(ctx, after)
	beside.Wait()
	return errors.Join(err, other)
}

// digest is a digest of the rows of a table that begin up to a position.
type digest struct {
	set   set
	table rowTable
	to    eventstore.Position
	rows  int
	hash  hash.Hash
}

func (d *digest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }

// digestPage is the number of rows that one query reads.
const digestPage = 500

// digest digests a table, page by page.
func (b *rebuild) digest(ctx context.Context, d *digest) error {
	d.hash = sha256.New()
	key := strings.Join(d.table.key, ", ")
	query := fmt.Sprintf("SELECT %s, * FROM %s WHERE (%s) > (?%s) AND valid_from <= ? ORDER BY %s LIMIT %d",
		key, d.set.table(d.table.name), key, strings.Repeat(", ?", len(d.table.key)-1), key, digestPage)
	after := make([]any, 0, len(d.table.key))
	for _, column := range d.table.key {
		if column == "valid_from" {
			after = append(after, int64(math.MinInt64))
		} else {
			after = append(after, "")
		}
	}
	for {
		begun := time.Now()
		rows := d.rows
		if err := d.read(ctx, b.db, query, after); err != nil {
			return err
		}
		if d.rows-rows < digestPage {
			return nil
		}
		if err := b.pace.rest(ctx, time.Since(begun)); err != nil {
			return err
		}
	}
}

// read digests the page of rows after a key, and replaces the key by that of the last row.
func (d *digest) read(ctx context.Context, db *sql.DB, query string, after []any) (err error) {
	rows, err := db.QueryContext(ctx, query, append(after[:len(after):len(after)], int64(d.to))...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		copy(after, values)
		d.rows++
		if err := d.row(names[len(after):], values[len(after):]); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row adds a row to the digest. An end after the position counts as open. The number of a slide's
// document does not count: each set numbers its documents.
func (d *digest) row(names []string, values []any) error {
	for i, v := range values {
		if names[i] == "document" {
			continue
		}
		if end, ok := v.(int64); ok && names[i] == "valid_to" && end > int64(d.to) {
			v = int64(eventstore.Forever)
		}
		if err := d.value(v); err != nil {
			return fmt.Errorf("column %s: %w", names[i], err)
		}
	}
	return nil
}

// value adds a value to the digest, in an encoding in which different sequences of values have
// different bytes.
func (d *digest) value(v any) error {
	var b []byte
	switch v := v.(type) {
	case nil:
		b = []byte{'n'}
	case int64:
		b = binary.BigEndian.AppendUint64([]byte{'i'}, uint64(v))
	case string:
		b = append(binary.BigEndian.AppendUint64([]byte{'t'}, uint64(len(v))), v...)
	default:
		return fmt.Errorf("a %T was not expected", v)
	}
	_, err := d.hash.Write(b)
	return err
}
