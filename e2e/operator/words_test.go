package operator

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"flightdeck/e2e/harness"
)

func TestTheCommandLineAnswersInWords(t *testing.T) {
	t.Parallel()
	harness.WantText(t, "--version", harness.WantCLI(t, 0, []string{"--version"}), harness.WantCLI(t, 0, []string{"version"}, "flightdeck "))
	for line, said := range map[string]string{
		"serv":                               `unexpected argument serv, did you mean one of "serve"`,
		"exprot --db x.db":                   `did you mean "export"?`,
		"user creat":                         `did you mean "create"?`,
		"serve --limit-depth abc":            `--limit-depth: "abc" is no whole number that it takes`,
		"serve --limit-depth 1e99":           `"1e99" is no whole number`,
		"serve --batch 99999999999999999999": `is no whole number`,
		"serve --drain soon":                 `--drain: "soon" is no duration: write 10s, 2m or 1h`,
		"serve --playground=perhaps":         `"perhaps" is neither true nor false`,
		"serve --registration perhaps":       `--registration must be one of "open","closed" but got "perhaps"`,
	} {
		if out := harness.WantCLI(t, 2, strings.Fields(line), said); strings.Contains(out, "bit int") || strings.Contains(out, " expected ") {
			t.Errorf("%s speaks as a program: %s", line, out)
		}
	}
}

func TestAnAccountThatNobodyCanEnterIsTold(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "flightdeck.db")
	create := func(flags ...string) string {
		return harness.WantCLI(t, 0, append([]string{"user", "create", "--db", db, "--role", "ADMIN"}, flags...), "created user-")
	}
	const told = "nobody can log in"
	if said := create("--email", "a@example.org"); !strings.Contains(said, told) || !strings.Contains(said, "flightdeck user reset-password --db "+db+" --email a@example.org") {
		t.Errorf("without a way in: %s", said)
	}
	if said := create("--email", "b@example.org", "--print-token"); strings.Contains(said, told) {
		t.Errorf("with a token: %s", said)
	}
}

// TestTheFirstStartTellsTheFirstSteps, in the form of the log, and later starts do not.
func TestTheFirstStartTellsTheFirstSteps(t *testing.T) {
	t.Parallel()
	binary, db := harness.Binary(t), filepath.Join(t.TempDir(), "flightdeck.db")
	start := func(lines int, flags ...string) (said []string) {
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"serve", "--db", db, "--addr", "127.0.0.1:0"}, flags...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		scanner := bufio.NewScanner(out)
		for range lines {
			scanner.Scan()
			said = append(said, scanner.Text())
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for scanner.Scan() {
			said = append(said, scanner.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ends with %v", err)
		}
		return said
	}
	for flag, first := range map[string]string{"open": "becomes ADMIN", "closed": "flightdeck user create --db " + db + " --email ADDRESS"} {
		said := start(5, "--registration", flag)
		if all := strings.Join(said, "\n"); len(said) != 5 || !strings.Contains(all, db+".key: keep a copy") || !strings.Contains(all, first) || !strings.Contains(all, "Ctrl-C stops") {
			t.Errorf("with registration %s the first start says %q", flag, said)
		}
	}
	for _, line := range start(5, "--log-format", "json") {
		var message struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &message); err != nil || message.Msg == "" {
			t.Errorf("%q is no JSON: %v", line, err)
		}
	}
	harness.WantCLI(t, 0, []string{"user", "create", "--db", db, "--email", "a@example.org", "--role", "ADMIN"})
	if said := start(1); len(said) != 1 || !strings.HasPrefix(said[0], "FlightDeck is at http") {
		t.Errorf("a later start says %q", said)
	}
}
