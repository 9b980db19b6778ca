package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"flightdeck/eventstore"
	"flightdeck/readmodel"
	"flightdeck/vault"
)

// An export of a log has names and addresses as they are stored: sealed. The keys go
// into a file of their own, still wrapped by the master key: a line of JSON that says
// by which one, then one for each person. Whoever has the export alone, or without the
// master key, cannot tell who anybody is, and forgetting somebody holds for exports that
// were made before.

// keysHeader is the first line of a file of keys.
type keysHeader struct {
	MasterKey string `json:"masterKey"` // its id
}

// personKey is a line for each person.
type personKey struct {
	Person  string `json:"person"`
	Wrapped []byte `json:"wrapped"`
}

// writeKeys writes the keys of all people.
func writeKeys(env *environment, db *sql.DB, to io.Writer) (err error) {
	lines := json.NewEncoder(to)
	var header keysHeader
	if err := db.QueryRowContext(env.ctx, "SELECT id FROM master_key").Scan(&header.MasterKey); err != nil {
		return fmt.Errorf("read which master key the database has: %w", err)
	}
	if err := lines.Encode(header); err != nil {
		return err
	}
	rows, err := db.QueryContext(env.ctx, "SELECT user_id, wrapped FROM person_keys ORDER BY user_id")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var k personKey
		if err := rows.Scan(&k.Person, &k.Wrapped); err != nil {
			return err
		}
		if err := lines.Encode(k); err != nil {
			return err
		}
	}
	return rows.Err()
}

// readKeys puts the keys of a file into a new database, before the events that are
// sealed with them.
func readKeys(env *environment, log *eventstore.Store, master vault.Master, file string) (err error) {
	in, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("%w: choose a file that flightdeck export --keys wrote", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	lines := json.NewDecoder(in)
	var header keysHeader
	if err := lines.Decode(&header); err != nil || header.MasterKey == "" {
		return errors.Join(fmt.Errorf("%s has no keys: choose a file that flightdeck export --keys wrote", file), err)
	}
	if header.MasterKey != master.ID() {
		return fmt.Errorf("%s: the keys are wrapped by another master key than the one in %s: give that of the log that was exported with --master-key-file", file, env.keyFile())
	}
	for line, more := 2, true; more; {
		if _, err := log.Update(env.ctx, eventstore.Command{}, func(tx *eventstore.Tx) error {
			for range 1000 {
				var k personKey
				err := lines.Decode(&k)
				if more = !errors.Is(err, io.EOF); !more {
					return nil
				}
				if err == nil {
					err = readmodel.Tables{}.KeepKey(tx, k.Person, k.Wrapped)
				}
				if err != nil {
					return fmt.Errorf("%s: line %d: %w: export the keys again", file, line, err)
				}
				line++
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
