package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"flightdeck/account"
	"flightdeck/eventstore"
	"flightdeck/vault"
)

// MasterKeyVariable is the environment variable that messages name for Options.MasterKey.
const MasterKeyVariable = "FLIGHTDECK_MASTER_KEY"

// MasterKeyPath returns the path of the master key's file: MasterKeyFile, or the database file with
// the suffix .key.
func (o Options) MasterKeyPath() string {
	if o.MasterKeyFile != "" {
		return o.MasterKeyFile
	}
	return o.DB + ".key"
}

// MasterKeyID identifies the master key without telling it.
func (a *App) MasterKeyID() string { return a.master.ID() }

// OpenVault opens the sealed fields of a database that is open for reading only. It returns nil if
// nothing was sealed yet.
func OpenVault(ctx context.Context, db *sql.DB, options Options) (*vault.Vault, error) {
	v, _, err := openVault(ctx, db, options, true)
	return v, err
}

// openVault opens the sealed fields of a database with the master key that sealed them. For a
// database without a master key it takes the key that the options name, or creates the file of a
// new one, unless readOnly.
func openVault(ctx context.Context, db *sql.DB, options Options, readOnly bool) (*vault.Vault, vault.Master, error) {
	known, err := account.MasterKeyID(ctx, db)
	if err != nil {
		return nil, vault.Master{}, err
	}
	file := options.MasterKeyPath()
	where := "the file " + file
	master, err := vault.ReadMaster(file)
	if options.MasterKey != "" {
		where = "the variable " + MasterKeyVariable
		if master, err = vault.ParseMaster(options.MasterKey); err != nil {
			return nil, master, fmt.Errorf("%s: %w", where, err)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && known != "":
		return nil, master, fmt.Errorf("the master key of %s is missing: without it nobody's name and address can be read: put it back into %s, or choose it with --master-key-file", options.DB, where)
	case errors.Is(err, fs.ErrNotExist) && readOnly:
		return nil, master, nil
	case errors.Is(err, fs.ErrNotExist):
		master, err = vault.MakeMaster(file)
	}
	if err != nil {
		return nil, master, fmt.Errorf("master key: %w", err)
	}
	if known != "" && known != master.ID() {
		return nil, master, fmt.Errorf("%s holds another master key than the one of %s: without that one nobody's name and address can be read: put it there, or choose it with --master-key-file", where, options.DB)
	}
	//nolint:contextcheck // a fold has no context
	v, err := vault.New(master, func(userID string) (wrapped []byte, err error) {
		return account.PersonKey(context.Background(), db, userID)
	})
	return v, master, err
}

// recordMasterKey records the id of the master key in a database that has none yet.
func recordMasterKey(ctx context.Context, log *eventstore.Store, master vault.Master) error {
	_, err := log.Update(ctx, eventstore.Command{}, func(tx *eventstore.Tx) error { //nolint:contextcheck // a transaction has its own
		return account.Tables{}.KeepMasterKey(tx, master.ID())
	})
	return err
}
