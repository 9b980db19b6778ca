package harness

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Long reports whether the tests that kill and cut take their long form.
func Long() bool { return os.Getenv("FLIGHTDECK_TEST_LONG") == "1" }

// built is the program, which the first test that needs it builds.
var built struct {
	once   sync.Once
	folder string
	err    error
}

// Main runs the tests of a package, removes the program that [Binary] has built, and returns the
// exit status. A package whose tests call Binary calls Main in TestMain.
func Main(m *testing.M) int {
	status := m.Run()
	if built.folder != "" {
		if err := os.RemoveAll(built.folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return status
}

// Binary returns the path of the program as it is shipped, without the race detector. It is built
// once for all tests of a package.
func Binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() { built.folder, built.err = build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.folder, "flightdeck")
}

func build() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "flightdeck-e2e"); err != nil {
		return "", err
	}
	// No test's context: the program outlives the test that needs it first.
	cmd := exec.Command("go", "build", "-o", filepath.Join(folder, "flightdeck"), "flightdeck") //nolint:noctx // see above
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build flightdeck: %w: %s", err, out), os.RemoveAll(folder))
	}
	return folder, nil
}

// Process is a server in a process of its own.
type Process struct {
	*exec.Cmd
	// URL is the server's address, without a path.
	URL      string
	problems bytes.Buffer // standard error; read it after Wait
}

// StartProcess serves a database on a free port until the process ends or the test does. flags are
// further flags of serve.
func StartProcess(t *testing.T, db string, flags ...string) *Process {
	t.Helper()
	return StartProcessWith(t, io.Discard, db, flags...)
}

// StartProcessWith is StartProcess with a writer that gets a copy of standard error.
func StartProcessWith(t *testing.T, log io.Writer, db string, flags ...string) *Process {
	t.Helper()
	args := append([]string{"serve", "--db", db, "--log-level", "error", "--addr", "127.0.0.1:0"}, flags...)
	p := &Process{Cmd: exec.CommandContext(t.Context(), Binary(t), args...)}
	p.Stderr = io.MultiWriter(&p.problems, log)
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if greeting := bufio.NewScanner(out); greeting.Scan() {
		p.URL = address.FindString(greeting.Text())
	}
	if p.URL == "" {
		t.Fatalf("the server did not print its address (%v): %s", p.Wait(), p.problems.String())
	}
	return p
}

var address = regexp.MustCompile(`https?://[0-9.:]+`)

// Kill ends the process as kill -9 does, and waits until it is gone.
func (p *Process) Kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the process ended with %v", err)
	}
	if p.problems.Len() > 0 {
		t.Errorf("the process wrote to standard error: %s", p.problems.String())
	}
}
