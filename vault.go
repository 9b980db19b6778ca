package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"flightdeck/eventstore"
	"flightdeck/vault"
)

// masterKeyVariable holds the master key itself, where it is not in a file.
const masterKeyVariable = "FLIGHTDECK_MASTER_KEY"

// keyFile is where the master key lies.
func (c config) keyFile() string {
	if c.MasterKeyFile != "" {
		return c.MasterKeyFile
	}
	return c.DB + ".key"
}

// vault opens what is sealed in a database, with the master key that it was sealed
// with. A database that knows none yet gets the one that is there, or, unless it is
// opened to look at it, a new one.
func (env *environment) vault(db *sql.DB, readOnly bool) (*vault.Vault, vault.Master, error) {
	var known string
	if err := db.QueryRowContext(env.ctx, "SELECT id FROM master_key").Scan(&known); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, vault.Master{}, fmt.Errorf("read which master key the database has: %w", err)
	}
	where := "the file " + env.keyFile()
	master, err := vault.ReadMaster(env.keyFile())
	if text := os.Getenv(masterKeyVariable); text != "" {
		where = "the variable " + masterKeyVariable
		if master, err = vault.ParseMaster(text); err != nil {
			return nil, master, fmt.Errorf("%s: %w", where, err)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && known != "":
		return nil, master, fmt.Errorf("the master key of %s is missing: without it nobody's name and address can be read: put it back into %s, or choose it with --master-key-file", env.DB, where)
	case errors.Is(err, fs.ErrNotExist) && readOnly:
		return nil, master, nil // nothing was sealed yet
	case errors.Is(err, fs.ErrNotExist):
		master, err = vault.MakeMaster(env.keyFile())
	}
	if err != nil {
		return nil, master, fmt.Errorf("master key: %w", err)
	}
	if known != "" && known != master.ID() {
		return nil, master, fmt.Errorf("%s holds another master key than the one of %s: without that one nobody's name and address can be read: put it there, or choose it with --master-key-file", where, env.DB)
	}
	v, err := vault.New(master, func(person string) (wrapped []byte, err error) {
		err = db.QueryRow("SELECT wrapped FROM person_keys WHERE user_id = ?", person).Scan(&wrapped) //nolint:noctx // a fold has no context
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		return wrapped, err
	})
	return v, master, err
}

// keepMaster notes which master key a database has, the first time.
func (env *environment) keepMaster(log *eventstore.Store, master vault.Master) error {
	_, err := log.Update(env.ctx, eventstore.Command{}, func(tx *eventstore.Tx) error {
		_, err := tx.Exec(tx.Context(), "INSERT INTO master_key (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM master_key)", master.ID())
		return err
	})
	return err
}
