package operator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

func TestHelpListsCommandsAndFlagsWithTheirTwins(t *testing.T) {
	t.Parallel()
	commands := []string{"serve", "import git", "import log", "export", "verify", "status", "snapshot", "rebuild", "archive", "schema", "user create", "user role", "user reset-password", "version", "help"}
	for _, args := range [][]string{{"--help"}, {"help"}, {"-h"}} {
		harness.WantCLI(t, 0, args, append(commands, "--db", "$FLIGHTDECK_DB", "$FLIGHTDECK_LOG_LEVEL", "$FLIGHTDECK_LOG_FORMAT")...)
	}
	flag := regexp.MustCompile(`(?m)^ +(?:-\w, +)?--(?:\[no-\])?([a-z-]+)`)
	for _, command := range commands[:len(commands)-1] {
		words := strings.Fields(command)
		asked := harness.WantCLI(t, 0, append(words, "--help"))
		harness.WantText(t, "help "+command, harness.WantCLI(t, 0, append([]string{"help"}, words...)), asked)
		flags := flag.FindAllStringSubmatch(asked, -1)
		if len(flags) < 4 {
			t.Errorf("%s has the flags %v: %s", command, flags, asked)
		}
		for _, f := range flags {
			if f[1] != "help" && !strings.Contains(asked, "$FLIGHTDECK_") {
				t.Errorf("%s --%s has no environment variable: %s", command, f[1], asked)
			}
		}
		if twins := strings.Count(asked, "$FLIGHTDECK_"); twins != len(flags)-1 {
			t.Errorf("%s has %d flags beside --help, and %d environment variables: %s", command, len(flags)-1, twins, asked)
		}
	}
}

func TestCommandLineThatIsNotUnderstoodExitsWith2(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"nonsense"},
		{"serve", "--nonsense"},
		{"import"},
		{"import", "git"},
		{"user", "create"},
		{"user", "role"},
		{"user", "reset-password"},
		{"serve", "--registration", "perhaps"},
		{"serve", "--introspection", "perhaps"},
		{"serve", "--limit-depth", "deep"},
		{"user", "nonsense"},
		{"verify", "extra"},
		{"schema", "extra"},
		{"--log-level", "loud"},
		{"serve", "--drain", "soon"},
		{"serve", "--batch", "many"},
		{"--db"},
	} {
		harness.WantCLI(t, 2, args, "flightdeck: ", "--help")
	}
	harness.WantCLI(t, 0, []string{"version"}, "flightdeck ")
}

func TestUserCreateMakesAnAccountThatWorks(t *testing.T) {
	t.Parallel()
	binary, db := harness.Binary(t), filepath.Join(t.TempDir(), "flightdeck.db")
	create := func(stdin string, args ...string) (status int, stdout, stderr string) {
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"user", "create"}, args...)...)
		cmd.Env = append(os.Environ(), "FLIGHTDECK_DB="+db)
		cmd.Stdin = strings.NewReader(stdin)
		var out, problems bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &problems
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), out.String(), problems.String()
	}
	status, token, said := create("correct horse\n", "--email", "Boss@example.org", "--role", "admin", "--password-stdin", "--print-token")
	if status != 0 || !strings.Contains(said, "ADMIN") {
		t.Fatalf("user create exits with %d: %s", status, said)
	}
	for what, c := range map[string]struct {
		stdin, said string
		args        []string
	}{
		"taken":             {"", "already", []string{"--email", "boss@example.org", "--role", "VIEWER"}},
		"no address":        {"", "name@example.org", []string{"--email", "boss", "--role", "VIEWER"}},
		"no role":           {"", "role", []string{"--email", "x@example.org", "--role", "KING"}},
		"no password":       {"", "password", []string{"--email", "x@example.org", "--role", "VIEWER", "--password-stdin"}},
		"a short password":  {"short\n", "password", []string{"--email", "x@example.org", "--role", "VIEWER", "--password-stdin"}},
		"an empty password": {"\r\n", "password", []string{"--email", "x@example.org", "--role", "VIEWER", "--password-stdin"}},
	} {
		if status, out, said := create(c.stdin, c.args...); status != 1 || out != "" || !strings.Contains(said, c.said) {
			t.Errorf("%s: exits with %d: %s%s", what, status, out, said)
		}
	}
	h := harness.StartOn(t, db)
	harness.WantText(t, "head", h.Head().String(), "1")
	a := h.Must(strings.TrimSpace(token), `{ viewer { displayName role email } }`, nil)
	harness.WantText(t, "viewer", fmt.Sprint(a.At("viewer")), "map[displayName:Boss email:boss@example.org role:ADMIN]")
	h.Mutate("", "logIn", harness.Object{"email": "boss@example.org", "password": "correct horse"})
}

func TestVerifyFindsChangedEventsAndRows(t *testing.T) {
	t.Parallel()
	clean := harness.Written(t)
	harness.WantCLI(t, 0, []string{"verify", "--db", clean}, "8 events fit", "all follow from the log")
	_, out, _ := harness.CLI("verify", "--db", clean, "--json")
	var v harness.Verification
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Head != 8 || len(v.Hash) != 64 || v.Count != 0 || v.Broken != nil {
		t.Errorf("verify --json prints %s (%v)", out, err)
	}
	const unlock, untie = "DROP TRIGGER events_are_immutable", "DROP TRIGGER events_are_kept"
	for _, c := range []struct {
		statements []string
		broken     eventstore.Position // the first position that does not fit, 0 for none
		table, at  string              // a row that differs, and where
	}{
		{[]string{unlock, "UPDATE events SET data = replace(data, 'New', 'Old') WHERE position = 3"}, 3, "contents", "3"},
		{[]string{unlock, "UPDATE events SET actor = 'user-x' WHERE position = 4"}, 4, "", ""},
		{[]string{unlock, "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 8"}, 8, "presentations", "8"},
		{[]string{unlock, "UPDATE events SET correlation_id = 'x' WHERE position = 1"}, 1, "", ""},
		{[]string{unlock, "UPDATE events SET hash = zeroblob(32) WHERE position = 5"}, 5, "", ""},
		{[]string{untie, "DELETE FROM events WHERE position = 8"}, 0, "presentations", "7"},
		{[]string{untie, "DELETE FROM events WHERE position = 6"}, 6, "events", "7"},
		{[]string{"UPDATE contents SET title = 'Forged' WHERE valid_from = 3"}, 0, "contents", "3"},
		{[]string{"UPDATE contents SET public = 1 WHERE valid_from = 2"}, 0, "contents", "2"},
		{[]string{"DELETE FROM contents WHERE valid_from = 2"}, 0, "contents", "3"},
		{[]string{"UPDATE presentations SET deleted = 0 WHERE valid_from = 8"}, 0, "presentations", "8"},
		{[]string{"UPDATE slides SET content = 'Forged' WHERE valid_from = 6"}, 0, "slides", "6"},
		{[]string{"UPDATE content_tags SET tag = 'c' WHERE valid_from = 3"}, 0, "content_tags", "3"},
		{[]string{"INSERT INTO content_tags (tag, created_at, valid_from, valid_to, content_id) SELECT 'more', created_at, valid_from, valid_to, id FROM contents WHERE valid_from = 3"}, 0, "content_tags", "8"},
		{[]string{"UPDATE users SET role = 'EDITOR' WHERE valid_from = 1"}, 0, "users", "1"},
		{[]string{"INSERT INTO users SELECT 9, valid_to, 'user-x', version, 'x', display_name, role, created_at, last_login_at FROM users"}, 0, "users", "8"},
	} {
		name := c.statements[len(c.statements)-1]
		db := harness.Copied(t, clean)
		harness.Tamper(t, db, c.statements...)
		said := harness.WantCLI(t, 1, []string{"verify", "--db", db}, "restore a backup")
		if want := fmt.Sprintf("log: position %s: ", c.broken); c.broken > 0 && !strings.Contains(said, want) {
			t.Errorf("after %s verify does not say %q: %s", name, want, said)
		}
		if want := regexp.MustCompile(fmt.Sprintf("(?m)^rows: %s .* at position %s: ", c.table, c.at)); c.table != "" && !want.MatchString(said) {
			t.Errorf("after %s verify does not say %s: %s", name, want, said)
		}
		var v harness.Verification
		_, out, _ := harness.CLI("verify", "--db", db, "--json")
		if err := json.Unmarshal([]byte(out), &v); err != nil || (v.Broken != nil) != (c.broken > 0) || v.Broken != nil && v.Broken.Position != c.broken || v.Count != len(v.Differences) {
			t.Errorf("after %s verify --json prints %s (%v)", name, out, err)
		}
	}
}

// TestVerifyFindsChangesInTheArchive, in snapshots, and of triggers and indexes.
func TestVerifyFindsChangesInTheArchive(t *testing.T) {
	t.Parallel()
	clean := harness.Written(t)
	harness.WantCLI(t, 0, []string{"archive", "--db", clean, "--older-than", "0s", "--keep", "1"}, "archived 5 events")
	harness.WantCLI(t, 0, []string{"verify", "--db", clean}, "8 events fit", "all follow from the log")
	const unlock = "DROP TRIGGER archive_blocks_are_immutable"
	for _, c := range []struct {
		statements []string
		said       []string
	}{
		{[]string{unlock, "UPDATE archive_blocks SET data = CAST(substr(data, 1, 30) || iif(substr(data, 31, 1) = x'00', x'01', x'00') || substr(data, 32) AS BLOB) WHERE block = 1"}, []string{"log: position 2: ", "file: position 2: ", "rows: events content-"}},
		{[]string{unlock, "UPDATE archive_blocks SET data = x'' WHERE block = 2"}, []string{"log: position 4: it is not in its block 2"}},
		{[]string{"DROP TRIGGER archive_blocks_are_kept", "PRAGMA foreign_keys = 0", "DELETE FROM archive_blocks WHERE block = 2"}, []string{"log: position 4: block 2 of the archive is missing"}},
		{[]string{"DROP TRIGGER archived_events_are_kept", "DELETE FROM archived_events WHERE position = 5"}, []string{"log: position 5: the event is missing"}},
		{[]string{"DROP TRIGGER archived_events_are_immutable", "UPDATE archived_events SET type = (SELECT max(name) FROM archive_names) WHERE position = 2"}, []string{"8 events fit", "file: position 2: the archive finds the event as another"}},
		{[]string{"DROP TRIGGER archived_events_are_immutable", "UPDATE archived_events SET recorded_at = recorded_at - 1000000 WHERE position = 4"}, []string{"file: position 4: the archive finds the event as another"}},
		{[]string{"UPDATE archive_streams SET type = 'USER' WHERE type = 'CONTENT'"}, []string{"file: position 2: the archive finds the event as another"}},
		{[]string{"UPDATE snapshots SET data = CAST(replace(CAST(data AS TEXT), 'Title', 'Forged') AS BLOB) WHERE stream_id LIKE 'content-%'"}, []string{"rows: snapshots content-"}},
		{[]string{"UPDATE snapshots SET position = position + 1, version = version + 9 WHERE stream_id LIKE 'content-%'"}, []string{"no event leads to a snapshot of version 10"}},
		{[]string{"DROP TRIGGER events_are_immutable"}, []string{"file: the trigger events_are_immutable is missing"}},
		{[]string{"DROP TRIGGER events_are_kept", "CREATE TRIGGER events_are_kept BEFORE DELETE ON events WHEN 0 BEGIN SELECT 1; END"}, []string{"file: the trigger events_are_kept was changed"}},
		{[]string{"DROP INDEX events_actor"}, []string{"file: the index events_actor is missing"}},
	} {
		name := c.statements[len(c.statements)-1]
		db := harness.Copied(t, clean)
		harness.Tamper(t, db, c.statements...)
		harness.WantCLI(t, 1, []string{"verify", "--db", db}, append(c.said, "restore a backup")...)
		var v harness.Verification
		_, out, _ := harness.CLI("verify", "--db", db, "--json")
		if err := json.Unmarshal([]byte(out), &v); err != nil || v.Broken == nil && v.Count+len(v.Faults) == 0 {
			t.Errorf("after %s verify --json prints %s (%v)", name, out, err)
		}
	}
}

func TestADatabaseThatCannotBeOpenedIsExplained(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("text"), bytes.Repeat([]byte("no database. "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	harness.Tamper(t, path("foreign"), "CREATE TABLE other (x)")
	newer := harness.Written(t)
	harness.Tamper(t, newer, "INSERT INTO migrations (component, number, name, applied_at) VALUES ('log', 999, '0999_later.sql', 0)")
	running := harness.StartOn(t, path("running"))
	for db, said := range map[string]string{
		path("text"): "not a database", path("foreign"): "another program", newer: "later", dir: "directory", path("none/x.db"): "folder",
		path("text/x.db"): "not a directory", running.AppOptions.DB: "in use by process",
	} {
		for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"user", "create", "--email", "a@example.org", "--role", "ADMIN"}, {"verify"}} {
			if db == running.AppOptions.DB && args[0] == "verify" {
				harness.WantCLI(t, 0, append(args, "--db", db), "0 events fit")
				continue
			}
			hint, said := "--db", said
			switch {
			case db == newer:
				hint = "run the version that wrote it"
			case db == path("none/x.db") && args[0] == "verify":
				said = "there is no database"
			}
			harness.WantCLI(t, 1, append(args, "--db", db), db, said, hint)
		}
	}
}

func TestServeSaysWhenItsPortIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	db := filepath.Join(t.TempDir(), "flightdeck.db")
	harness.WantCLI(t, 1, []string{"serve", "--db", db, "--addr", listener.Addr().String()}, listener.Addr().String(), "--addr")
	if _, err := os.Stat(db); err == nil {
		t.Error("a database was made all the same")
	}
}

func TestImportNeedsAnEmptyLog(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() { r.write("a.md", "# A") })
	db := harness.Written(t)
	before := harness.WantCLI(t, 0, []string{"verify", "--db", db})
	harness.WantCLI(t, 1, []string{"import", "git", "--repo", r.dir, "--db", db}, "8 events", "--db")
	harness.WantText(t, "the log", harness.WantCLI(t, 0, []string{"verify", "--db", db}), before)
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	for _, repo := range []string{t.TempDir(), filepath.Join(r.dir, "a.md"), filepath.Join(r.dir, "none")} {
		harness.WantCLI(t, 1, []string{"import", "git", "--repo", repo, "--db", fresh}, repo)
	}
	harness.WantCLI(t, 1, []string{"import", "git", "--repo", r.dir, "--branch", "none", "--db", fresh}, "none", "main")
	harness.WantCLI(t, 0, []string{"import", "git", "--repo", r.dir, "--db", fresh}, "1 commits: 1 pages, 2 events")
	harness.WantCLI(t, 0, []string{"verify", "--db", fresh}, "2 events fit")
}
