package operator

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"flightdeck/cli"
	"flightdeck/e2e/harness"
)

// TestACommandThatNeedsADatabaseMakesNone, nor a master key, nor a lock.
func TestACommandThatNeedsADatabaseMakesNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, db := range []string{filepath.Join(dir, "none.db"), filepath.Join(dir, "none", "x.db"), empty} {
		for _, command := range []string{
			"archive", "archive --vacuum", "snapshot", "rebuild", "status", "verify", "export",
			"user role --email ada@example.org --role admin", "user reset-password --email ada@example.org",
		} {
			var out bytes.Buffer
			status := cli.Run(append(strings.Fields(command), "--db", db), strings.NewReader("battery staple\n"), &out, &out)
			if want := "there is no database at " + db + ": name it with --db"; status != 1 || !strings.Contains(out.String(), want) {
				t.Errorf("%s exits with %d and says %q, want %q", command, status, out.String(), want)
			}
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, error %v", files, err)
	}
}

// TestACommandInAHintRunsAsItIsPrinted, by a shell, in another folder.
func TestACommandInAHintRunsAsItIsPrinted(t *testing.T) {
	t.Parallel()
	from, dir := harness.Written(t), t.TempDir()
	log, db := filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "my 'log'.db")
	harness.WantCLI(t, 0, []string{"export", "--db", from, "--out", log})
	said := harness.WantCLI(t, 0, []string{"import", "log", "--db", db, "--master-key-file", from + ".key", "--file", log})
	hint := regexp.MustCompile(`, or (flightdeck user create .*)`).FindStringSubmatch(said)
	if hint == nil {
		t.Fatalf("no hint in %s", said)
	}
	line := strings.NewReplacer("flightdeck user", harness.Binary(t)+" user", "ADDRESS", "eve@example.org").Replace(hint[1])
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	harness.WantCLI(t, 0, []string{"status", "--db", db}, "head             9")
	harness.WantCLI(t, 0, []string{"archive", "--db", db, "--master-key-file", from + ".key", "--older-than", "0s", "--keep", "1"},
		`flightdeck archive --db '`+strings.ReplaceAll(db, "'", `'\''`)+`' --master-key-file `+from+`.key --vacuum gives`)
}
