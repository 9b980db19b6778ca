package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// testRun is the environment variable that turns the test binary into one of the
// programs, so that a test can have FlightDeck in a process of its own.
const testRun = "FLIGHTDECK_TEST_RUN"

// programs are what the test binary can be instead of tests.
var programs = map[string]func() int{
	"flightdeck": func() int { return run(os.Args[1:], os.Stdout, os.Stderr) },
}

func TestMain(m *testing.M) {
	if program, ok := programs[os.Getenv(testRun)]; ok {
		os.Exit(program())
	}
	os.Exit(m.Run())
}

// process is a FlightDeck in a process of its own.
type process struct {
	*exec.Cmd
	// url is where it listens, once serving returned.
	url    string
	errors bytes.Buffer // what it wrote to standard error; read it after Wait
	greets *bufio.Scanner
}

// startProcess runs flightdeck with these arguments until it ends or the test does.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	p.Env = append(os.Environ(), testRun+"=flightdeck")
	p.Stderr = &p.errors
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.greets = bufio.NewScanner(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

var greeting = regexp.MustCompile(`http://[0-9.:]+`)

// serving waits until the process says where it serves.
func (p *process) serving(t *testing.T) {
	t.Helper()
	if p.greets.Scan() {
		p.url = greeting.FindString(p.greets.Text())
	}
	if p.url == "" {
		t.Fatalf("the server did not say where it is (%v): %s", p.Wait(), p.errors.String())
	}
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the process ended with %v: %s", err, p.errors.String())
	}
	if p.errors.Len() > 0 {
		t.Errorf("the process complained: %s", p.errors.String())
	}
}
