package operator

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/e2e/harness"
)

// operate runs an operator's command in a process, and returns its status and output.
func operate(ctx context.Context, t *testing.T, binary, db, stdin string, args ...string) (status int, said string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, binary, append(args, "--db", db)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func TestTheOperatorChangesRolesAndPasswords(t *testing.T) {
	t.Parallel()
	binary, db := harness.Binary(t), filepath.Join(t.TempDir(), "flightdeck.db")
	h := harness.StartOn(t, db)
	h.RegisterAda()
	a := h.Mutate("", "logIn", harness.Object{"email": "ada@example.org", "password": "correct horse"})
	token, id := a.Text("done", "token"), a.Text("done", "user", "id")
	if status, said := operate(t.Context(), t, binary, db, "", "user", "role", "--email", "ada@example.org", "--role", "editor"); status != 1 || !strings.Contains(said, "stop it first") {
		t.Errorf("beside a server: %d %s", status, said)
	}
	h.Reopen(func(db string) {
		for _, c := range []struct {
			status      int
			stdin, said string
			args        []string
		}{
			{0, "", id, []string{"role", "--email", "Ada@example.org", "--role", "editor"}},
			{1, "", "nobody", []string{"role", "--email", "eve@example.org", "--role", "editor"}},
			{1, "", "KING", []string{"role", "--email", "ada@example.org", "--role", "king"}},
			{1, "battery staple", "nobody", []string{"reset-password", "--email", "eve@example.org"}},
		} {
			if status, said := operate(t.Context(), t, binary, db, c.stdin, append([]string{"user"}, c.args...)...); status != c.status || !strings.Contains(said, c.said) {
				t.Errorf("user %q exits with %d: %s", c.args, status, said)
			}
		}
	})
	h.WantEnded("the session before the role", token)
	again := h.Mutate("", "logIn", harness.Object{"email": "ada@example.org", "password": "correct horse"})
	harness.WantText(t, "role", again.Text("done", "user", "role"), "EDITOR")
	h.Reopen(func(db string) {
		for stdin, words := range map[string]string{"short\n": "at least 8", "": "empty"} {
			if status, said := operate(t.Context(), t, binary, db, stdin, "user", "reset-password", "--email", "ada@example.org"); status != 1 || !strings.Contains(said, words) {
				t.Errorf("%q: %d %s", stdin, status, said)
			}
		}
		if status, said := operate(t.Context(), t, binary, db, "battery staple\n", "user", "reset-password", "--email", "ada@example.org"); status != 0 || strings.Contains(said, "battery") {
			t.Errorf("reset-password exits with %d: %s", status, said)
		}
	})
	h.WantEnded("the session before the password", again.Text("done", "token"))
	h.Refused("ValidationError", "", "logIn", harness.Object{"email": "ada@example.org", "password": "correct horse"})
	h.Mutate("", "logIn", harness.Object{"email": "ada@example.org", "password": "battery staple"})
}
