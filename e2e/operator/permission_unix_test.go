//go:build unix

package operator

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"flightdeck/e2e/harness"
)

// nobody is the number of the user without rights, as systems agree.
const nobody = 65534

// TestADatabaseThatMayNotBeWrittenSaysSo runs the program as a user without rights if the tests run
// as root, because permissions do not bind root.
func TestADatabaseThatMayNotBeWrittenSaysSo(t *testing.T) {
	t.Parallel()
	binary, db := harness.Binary(t), harness.Written(t)
	folder := filepath.Dir(db)
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	// Others have to find the program and the file.
	for _, path := range []string{binary, filepath.Dir(binary), filepath.Dir(folder), folder} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	refused := func(said string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, args...)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, fs.ErrPermission) {
			t.Skip("nobody may not enter the folder of temporary files")
		}
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		for _, words := range []string{said, "writable for this user", "--db"} {
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), words) {
				t.Errorf("flightdeck %q exits with %d and does not say %q: %s", args, cmd.ProcessState.ExitCode(), words, out)
			}
		}
	}
	if err := os.Chmod(db, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(db+".lock", 0o444); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"user", "create", "--email", "x@example.org", "--role", "VIEWER"}} {
		refused(db, append(command, "--db", db)...)
	}
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	refused("new.db", "serve", "--addr", "127.0.0.1:0", "--db", filepath.Join(folder, "new.db"))
	after, err := os.ReadFile(db)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed, error %v", err)
	}
}
