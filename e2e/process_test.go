package e2e

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// build builds the program as it is shipped, without the race detector, and returns
// its path.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "flightdeck")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "flightdeck").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	return binary
}

// process is a FlightDeck that serves in a process of its own.
type process struct {
	*exec.Cmd
	url      string
	problems bytes.Buffer // what it wrote to standard error; read it after Wait
}

// startProcess serves a database on a free port until the process ends or the test
// does; flags are further ones of serve.
func startProcess(t *testing.T, binary, db string, flags ...string) *process {
	t.Helper()
	return startProcessWith(t, io.Discard, binary, db, flags...)
}

// startProcessWith is startProcess with another writer for what it writes to standard error.
func startProcessWith(t *testing.T, log io.Writer, binary, db string, flags ...string) *process {
	t.Helper()
	args := append([]string{"serve", "--db", db, "--log-level", "error", "--addr", "127.0.0.1:0"}, flags...)
	p := &process{Cmd: exec.CommandContext(t.Context(), binary, args...)}
	p.Stderr = io.MultiWriter(&p.problems, log)
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if greeting := bufio.NewScanner(out); greeting.Scan() {
		p.url = address.FindString(greeting.Text())
	}
	if p.url == "" {
		t.Fatalf("the server did not say where it is (%v): %s", p.Wait(), p.problems.String())
	}
	return p
}

var address = regexp.MustCompile(`https?://[0-9.:]+`)

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the process ended with %v", err)
	}
	if p.problems.Len() > 0 {
		t.Errorf("the process complained: %s", p.problems.String())
	}
}
