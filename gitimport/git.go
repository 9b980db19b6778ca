package gitimport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The oldest git that keeps out the user's configuration (GIT_CONFIG_GLOBAL) and
// knows every option used here.
const minMajor, minMinor = 2, 32

// gracePeriod is how long a killed git may hold its pipes open.
const gracePeriod = 2 * time.Second

// runner runs git in one directory with one environment.
type runner struct {
	binary string
	dir    string
	env    []string
}

// findGit returns the path of a git that is new enough.
func findGit(ctx context.Context) (string, error) {
	binary, err := exec.LookPath("git")
	if err != nil {
		return "", fmt.Errorf("git is needed and was not found: install it (https://git-scm.com/downloads) or put it on the PATH: %w", err)
	}
	out, err := runner{binary: binary, env: discoveryEnv()}.run(ctx, "version")
	if err != nil {
		return "", err
	}
	major, minor, ok := parseVersion(out)
	if !ok {
		return "", fmt.Errorf("%s calls itself %q, which is no version of git: put git %d.%d or newer first on the PATH", binary, out, minMajor, minMinor)
	}
	if major < minMajor || major == minMajor && minor < minMinor {
		return "", fmt.Errorf("%s is version %d.%d: install git %d.%d or newer", binary, major, minor, minMajor, minMinor)
	}
	return binary, nil
}

// parseVersion reads what git version prints: "git version 2.39.5", with more
// behind it from some vendors.
func parseVersion(s string) (major, minor int, ok bool) {
	version, ok := strings.CutPrefix(s, "git version ")
	if !ok {
		return 0, 0, false
	}
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return 0, 0, false
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(parts[1])
	return major, minor, errMajor == nil && errMinor == nil
}

// discoveryEnv is the environment for finding a repository: the user's
// configuration counts, because it says which directories are safe, but no
// variable may name another repository than the one asked for.
func discoveryEnv() []string {
	return append(environWithout(func(name string) bool {
		return !strings.HasPrefix(name, "GIT_CONFIG_") &&
			name != "GIT_CEILING_DIRECTORIES" && name != "GIT_DISCOVERY_ACROSS_FILESYSTEM"
	}), "LC_ALL=C")
}

// readingEnv is the environment for reading the repository with this git
// directory, so that nothing but its objects and refs decides what git answers.
//
// The git directory stands in for the working tree too: git then starts at the
// top of the repository, whatever core.worktree says, so pathspecs count from
// there, and it finds neither .mailmap nor .gitattributes to read.
func readingEnv(gitDir string) []string {
	return append(environWithout(func(string) bool { return true }),
		"LC_ALL=C",
		"GIT_DIR="+gitDir,
		"GIT_WORK_TREE="+gitDir,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_GRAFT_FILE="+os.DevNull,
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_TERMINAL_PROMPT=0",
		// The advice would be that GIT_GRAFT_FILE is deprecated.
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=advice.graftFileDeprecated",
		"GIT_CONFIG_VALUE_0=false",
	)
}

// environWithout returns the process's environment without LC_ALL and those of
// git's variables that drop names.
func environWithout(drop func(name string) bool) []string {
	var kept []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		ofGit := strings.HasPrefix(name, "GIT_") && name != "GIT_EXEC_PATH"
		if name != "LC_ALL" && !(ofGit && drop(name)) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// run returns what git prints, without the end of its last line. The error of a
// git that failed carries what it said.
func (r runner) run(ctx context.Context, args ...string) (string, error) {
	p, err := r.start(ctx, args...)
	if err != nil {
		return "", err
	}
	defer p.close()
	out, err := io.ReadAll(p)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// start runs git until it ends, ctx does, or close is called. Whoever starts a
// process closes it.
func (r runner) start(ctx context.Context, args ...string) (*process, error) {
	running, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(running, r.binary, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.dir, r.env, gracePeriod
	p := &process{ctx: ctx, cancel: cancel, cmd: cmd, name: "git " + subcommand(args)}
	cmd.Stderr = &p.stderr
	if err := p.begin(running); err != nil {
		cancel()
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return p, nil
}

// subcommand returns the first of the arguments that is no option of git itself.
func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		if args[i] == "-c" {
			i++
			continue
		}
		return args[i]
	}
	return ""
}

// process is a running git. Reading it gives what it prints, and io.EOF only
// when it ended well: that of a git that failed, or was stopped, is another error.
type process struct {
	ctx    context.Context
	cancel context.CancelFunc
	cmd    *exec.Cmd
	name   string
	in     io.WriteCloser
	out    io.ReadCloser
	stderr tail
	unbind func() bool
	waited bool
	err    error
}

// begin starts the command and binds its pipes to the life of running.
func (p *process) begin(running context.Context) (err error) {
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	// A child of git's own that outlives it must not keep a reader waiting.
	p.unbind = context.AfterFunc(running, func() { _ = p.out.Close() }) //nolint:errcheck // what matters is that reading ends
	return nil
}

func (p *process) Read(b []byte) (int, error) {
	if p.waited {
		return 0, p.end()
	}
	n, err := p.out.Read(b)
	switch {
	case err == nil:
		return n, nil
	case p.ctx.Err() != nil:
		return n, fmt.Errorf("%s: %w", p.name, p.ctx.Err())
	case errors.Is(err, io.EOF):
		return n, p.end()
	}
	return n, fmt.Errorf("%s: %w", p.name, err)
}

// end waits for the process and returns io.EOF if it did all it was asked for.
func (p *process) end() error {
	if err := p.wait(); err != nil {
		return err
	}
	return io.EOF
}

// close stops the process if it still runs, and returns when it is gone. It may
// be called twice.
func (p *process) close() {
	p.cancel()
	_ = p.wait() //nolint:errcheck // whoever closes it early asked for nothing more
}

// wait closes the input and returns when the process has ended: nil if it did
// all it was asked for, the context's error if that is why it ended.
func (p *process) wait() error {
	if p.waited {
		return p.err
	}
	p.waited = true
	_ = p.in.Close() //nolint:errcheck // git may have ended, and closed it, before
	err := p.cmd.Wait()
	p.unbind()
	p.cancel()
	switch said := p.stderr.String(); {
	case err == nil:
	case p.ctx.Err() != nil:
		p.err = fmt.Errorf("%s: %w", p.name, p.ctx.Err())
	case said != "":
		p.err = fmt.Errorf("%s: %s (%w)", p.name, said, err)
	default:
		p.err = fmt.Errorf("%s: %w", p.name, err)
	}
	return p.err
}

// tail keeps the end of what is written to it: git says last what it died of.
type tail struct{ kept []byte }

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if extra := len(t.kept) - tailSize; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string { return string(bytes.TrimSpace(t.kept)) }
