package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// operate runs a command of the operator in a process, and returns what it says.
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
	binary, db := build(t), filepath.Join(t.TempDir(), "flightdeck.db")
	h := startOn(t, db)
	h.ada()
	a := h.do("", "logIn", object{"email": "ada@example.org", "password": "correct horse"})
	token, id := a.text("done", "token"), a.text("done", "user", "id")
	if status, said := operate(t.Context(), t, binary, db, "", "user", "role", "--email", "ada@example.org", "--role", "editor"); status != 1 || !strings.Contains(said, "stop it first") {
		t.Errorf("beside a server: %d %s", status, said)
	}
	h.reopen(func(db string) {
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
	h.wantEnded("the session before the role", token)
	again := h.do("", "logIn", object{"email": "ada@example.org", "password": "correct horse"})
	wantText(t, "role", again.text("done", "user", "role"), "EDITOR")
	h.reopen(func(db string) {
		for stdin, words := range map[string]string{"short\n": "at least 8", "": "empty"} {
			if status, said := operate(t.Context(), t, binary, db, stdin, "user", "reset-password", "--email", "ada@example.org"); status != 1 || !strings.Contains(said, words) {
				t.Errorf("%q: %d %s", stdin, status, said)
			}
		}
		if status, said := operate(t.Context(), t, binary, db, "battery staple\n", "user", "reset-password", "--email", "ada@example.org"); status != 0 || strings.Contains(said, "battery") {
			t.Errorf("reset-password exits with %d: %s", status, said)
		}
	})
	h.wantEnded("the session before the password", again.text("done", "token"))
	h.refused("ValidationError", "", "logIn", object{"email": "ada@example.org", "password": "correct horse"})
	h.do("", "logIn", object{"email": "ada@example.org", "password": "battery staple"})
}
