package cli

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"flightdeck/account"
	"flightdeck/app"
	"flightdeck/eventstore"
)

// An export of a log has the names and addresses of people as they are stored: sealed. Their keys
// go into a file of their own, still wrapped by the master key, as lines of JSON: a header that
// identifies the master key, a line for each person, and a last line that counts the people, so
// that a file that was cut is refused. A person whose key is missing would count as forgotten.
// Neither file alone, nor both without the master key, tell a name, and an erasure holds for older
// exports too.

// keysHeader is the first line of a file of keys.
type keysHeader struct {
	MasterKey string `json:"masterKey"` // its id
}

// personKey is the line of a person, or the last line, which has only People.
type personKey struct {
	Person  string `json:"person,omitempty"`
	Wrapped []byte `json:"wrapped,omitempty"`
	// People counts the lines of people.
	People *int `json:"people,omitempty"`
}

// writeKeys writes the keys of all people.
func writeKeys(env *environment, db *sql.DB, to io.Writer) error {
	lines := json.NewEncoder(to)
	masterKey, err := account.MasterKeyID(env.ctx, db)
	if err == nil && masterKey == "" {
		err = errors.New("the database has no master key yet")
	}
	if err != nil {
		return err
	}
	if err := lines.Encode(keysHeader{MasterKey: masterKey}); err != nil {
		return err
	}
	people := 0
	if err := account.EachPersonKey(env.ctx, db, func(userID string, wrapped []byte) error {
		people++
		return lines.Encode(personKey{Person: userID, Wrapped: wrapped})
	}); err != nil {
		return err
	}
	return lines.Encode(personKey{People: &people})
}

// readKeys puts the keys of a file into a new database, before the events that they seal.
func readKeys(env *environment, a *app.App, file string) (err error) {
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
	if header.MasterKey != a.MasterKeyID() {
		return fmt.Errorf("%s: the keys are wrapped by another master key than the one in %s: give that of the log that was exported with --master-key-file", file, env.options().MasterKeyPath())
	}
	for people, more := 0, true; more; {
		if _, err := a.Log.Update(env.ctx, eventstore.Command{}, func(tx *eventstore.Tx) (err error) {
			for n := 0; n < 1000 && more && err == nil; n++ {
				if more, err = keepNext(tx, lines, people); more {
					people++
				}
			}
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w: export the keys again", file, err)
		}
	}
	return nil
}

// keepNext keeps the key of the next line. more is false at the last line. people counts the lines
// before.
func keepNext(tx *eventstore.Tx, lines *json.Decoder, people int) (more bool, err error) {
	var k personKey
	err = lines.Decode(&k)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return false, fmt.Errorf("it was cut short after line %d", people+1)
	case err == nil && k.People != nil && *k.People != people:
		err = fmt.Errorf("these were the keys of %d people, and there are %d", *k.People, people)
	case err == nil && k.People == nil:
		err = account.Tables{}.KeepKey(tx, k.Person, k.Wrapped)
	}
	if err != nil {
		return false, fmt.Errorf("line %d: %w", people+2, err)
	}
	return k.People == nil, nil
}
