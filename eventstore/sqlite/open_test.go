package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

func TestSecondOpenerLearnsWhoHoldsTheDatabase(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	first := open(t, path, sqlite.Options{})
	for range 2 { // the refusal takes nothing from the holder
		refuse(t, path, sqlite.Options{}, nil, fmt.Sprintf("in use by process %d", os.Getpid()), "stop it first", "--db")
	}
	_, err := sqlite.Open(within(t), path, sqlite.Options{})
	locked, ok := errors.AsType[*sqlite.LockedError](err)
	if !ok || locked.Path != path || locked.Holder != fmt.Sprint(os.Getpid()) {
		t.Errorf("error is %v", err)
	}
	closeNow(t, first)
	closeNow(t, open(t, path, sqlite.Options{}))
	if e := (&sqlite.LockedError{Path: "x.db"}); !strings.Contains(e.Error(), "another process") {
		t.Errorf("a holder without a name: %v", e)
	}
}

func TestWhatIsNoDatabaseIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"text": strings.Repeat("this is no database\n", 400), "short": "hi", "page of zeros and more": strings.Repeat("\x00", 4095) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			refuse(t, path, sqlite.Options{}, nil, "not a database", "nothing was changed", "--db")
			refuse(t, path, sqlite.Options{ReadOnly: true}, nil, "not a database", "nothing was changed", "--db")
			mustHold(t, path, []byte(content))
		})
	}
}

func TestADatabaseOfAnotherProgramIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	for name, ddl := range map[string]string{
		"unmarked": "CREATE TABLE theirs (x)",
		"marked":   "PRAGMA application_id = 42; CREATE TABLE theirs (x)",
		"alike":    "CREATE TABLE log (lineage TEXT); CREATE TABLE migrations (component, number)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			exec(t, sqlOf(t, path), ddl)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			refuse(t, path, sqlite.Options{}, nil, "another program", "nothing was changed", "--db")
			refuse(t, path, sqlite.Options{ReadOnly: true}, nil, "another program", "nothing was changed", "--db")
			mustHold(t, path, before)
		})
	}
}

// mustHold checks that a file is as it was, and that there is nothing beside it but the lock.
func mustHold(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file was changed, error %v", err)
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s%s was left, error %v", path, suffix, err)
		}
	}
}

func TestADatabaseOfALaterVersionIsRefused(t *testing.T) {
	t.Parallel()
	tables := []eventstore.Migrations{{Component: "rows", Files: fstest.MapFS{"0001_rows.sql": {Data: []byte("CREATE TABLE rows (x)")}}}}
	for _, component := range []string{"log", "rows"} {
		path := newPath(t)
		closeNow(t, open(t, path, sqlite.Options{Migrations: tables}))
		conn := sqlOf(t, path)
		exec(t, conn, "INSERT INTO migrations (component, number, name, applied_at) VALUES ('"+component+"', 999, '0999_later.sql', 0)")
		// A component that is behind is not brought up to date on the way.
		more := append([]eventstore.Migrations{{Component: "more", Files: fstest.MapFS{"0001_more.sql": {Data: []byte("CREATE TABLE more (x)")}}}}, tables...)
		refuse(t, path, sqlite.Options{Migrations: more}, nil, "later version", "nothing was changed", "run the version that wrote it")
		refuse(t, path, sqlite.Options{Migrations: tables, ReadOnly: true}, nil, "later version", "run the version that wrote it")
		if n := count(t, conn, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"); n != 0 {
			t.Errorf("tables were made in a database that was refused")
		}
	}
}

func TestADatabaseOfAnOlderVersionIsNotOpenedToBeRead(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	closeNow(t, open(t, path, sqlite.Options{}))
	tables := []eventstore.Migrations{{Component: "rows", Files: fstest.MapFS{"0001_rows.sql": {Data: []byte("CREATE TABLE rows (x)")}}}}
	refuse(t, path, sqlite.Options{Migrations: tables, ReadOnly: true}, nil, "older version", "flightdeck serve")
	closeNow(t, open(t, path, sqlite.Options{Migrations: tables}))
	closeNow(t, open(t, path, sqlite.Options{Migrations: tables, ReadOnly: true}))
}

func TestPlacesThatCannotHoldADatabaseAreNamed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing", "flightdeck.db")
	refuse(t, missing, sqlite.Options{}, fs.ErrNotExist, "create the folder first", "--db")
	refuse(t, filepath.Join(folder, "missing.db"), sqlite.Options{ReadOnly: true}, fs.ErrNotExist, "--db")
	refuse(t, folder, sqlite.Options{}, nil, "directory", "choose a file in a folder", "--db")
	refuse(t, folder, sqlite.Options{ReadOnly: true}, nil, "choose a file in a folder", "--db")

	device := filepath.Join(folder, "device")
	if err := os.Symlink(os.DevNull, device); err != nil {
		t.Fatal(err)
	}
	refuse(t, device, sqlite.Options{}, nil, "not a regular file", "--db")
	refuse(t, device, sqlite.Options{ReadOnly: true}, nil, "not a regular file", "--db")
	if _, err := os.Lstat(device + ".lock"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lock was made beside it, error %v", err)
	}

	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, filepath.Join(file, "flightdeck.db"), sqlite.Options{}, nil, "not a directory", "choose a file in a folder", "--db")
	refuse(t, filepath.Join(folder, "no"+strings.Repeat("o", 300)), sqlite.Options{}, nil, "too long")
}

func TestAFolderThatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("permissions do not bind root")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "flightdeck.db")
	closeNow(t, open(t, path, sqlite.Options{}))
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	refuse(t, path, sqlite.Options{}, fs.ErrPermission, "writable for this user", "--db")
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	refuse(t, filepath.Join(folder, "new.db"), sqlite.Options{}, fs.ErrPermission, "writable for this user", "--db")
}

func TestPathsMayHoldAnyCharacter(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "a?b.db", "a#b.db", "a%20b.db", "a&mode=memory.db", "ü☃.db", "a'b\".db", ":memory:", "-x.db", "a+b.db"} {
		path := filepath.Join(t.TempDir(), name)
		store := start(t, path, sqlite.Options{})
		add(t, store, "1")
		closeNow(t, store)
		store = start(t, path, sqlite.Options{ReadOnly: true})
		if head := store.Head().Position; head != 1 {
			t.Errorf("%q: head is %d", name, head)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	add(t, start(t, path, sqlite.Options{}), "1")
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Errorf("%s: %v", suffix, err)
		} else if info.Mode() != 0o600 {
			t.Errorf("%s has mode %s", suffix, info.Mode())
		}
	}
}

func TestCloseLeavesOneFileAndMayBeCalledTwice(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	engine := open(t, path, sqlite.Options{})
	store, err := eventstore.Open(within(t), engine, plain{}, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	add(t, store, "1")
	for range 2 {
		closeNow(t, store)
		closeNow(t, engine)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, content)
}

func TestLineageIsKeptAndTellsLogsApart(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	first := open(t, path, sqlite.Options{})
	closeNow(t, first)
	again, other := open(t, path, sqlite.Options{}), open(t, newPath(t), sqlite.Options{})
	if first.Lineage() == "" || first.Lineage() != again.Lineage() || first.Lineage() == other.Lineage() {
		t.Errorf("lineages are %q, %q again and %q elsewhere", first.Lineage(), again.Lineage(), other.Lineage())
	}
	closeNow(t, again)
	closeNow(t, other)
}
