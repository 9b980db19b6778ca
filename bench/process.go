package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under load.
type process struct {
	cmd *exec.Cmd
	url string
}

// computing starts the server on a database without a cache of answers.
func (s settings) computing(db string, more ...string) (*process, error) {
	return s.flightdeck(db, append(more, "--remember", "0")...)
}

// flightdeck starts the server on a database.
func (s settings) flightdeck(db string, more ...string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--db", db, "--addr", addr}, more...)
	return launch(exec.Command(s.binary, args...), "http://"+addr)
}

// baseline starts a baseline on a database.
func (s settings) baseline(name, db string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return launch(exec.Command(self, "baseline", name, db, addr), "http://"+addr)
}

func freeAddr() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// launch starts a server and waits until it answers.
func launch(cmd *exec.Cmd, url string) (*process, error) {
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, url}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if response, err := http.Get(url + "/healthz"); err == nil { //nolint:noctx // a benchmark
			return p, response.Body.Close()
		}
	}
	return nil, errors.Join(fmt.Errorf("%s does not answer: %s", cmd, log.String()), p.stop())
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// memory returns the most memory the process has had, in bytes.
func (p *process) memory() (int64, error) { return p.status("VmHWM:") }

// resident returns the memory that the process has now, in bytes.
func (p *process) resident() (int64, error) { return p.status("VmRSS:") }

// status returns a size of the process that the kernel reports, in bytes.
func (p *process) status(name string) (int64, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == name {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, io.ErrUnexpectedEOF
}

// cpu returns the processor time of the process so far.
func (p *process) cpu() (sum time.Duration, err error) {
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/task/*/schedstat")
	for _, thread := range threads {
		text, readErr := os.ReadFile(thread)
		if errors.Is(readErr, os.ErrNotExist) {
			continue // the thread has ended
		}
		var spent, waited, slices int64
		_, scanErr := fmt.Sscan(string(text), &spent, &waited, &slices)
		sum += time.Duration(spent)
		err = errors.Join(err, readErr, scanErr)
	}
	return sum, err
}

// token makes an admin on a database and returns a bearer token.
func (s settings) token(db string) (string, error) {
	cmd := exec.Command(s.binary, "user", "create", "--db", db, "--role", "ADMIN", "--print-token",
		"--email", fmt.Sprintf("bench-%d@example.org", time.Now().UnixNano()))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd, err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// coldStart starts the server and returns the time until it answers a query.
func (s settings) coldStart(db string) (*process, time.Duration, error) {
	begun := time.Now()
	p, err := s.flightdeck(db)
	if err != nil {
		return nil, 0, err
	}
	err = send(http.DefaultClient, p.url+"/graphql", "", request(`{ contents(first: 1) { nodes { id } } }`, nil))
	if err != nil {
		return nil, 0, errors.Join(err, p.stopped())
	}
	return p, time.Since(begun), nil
}

// stopped stops the process. A baseline that ends by the signal is no error.
func (p *process) stopped() error {
	err := p.stop()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
		return nil
	}
	return err
}
