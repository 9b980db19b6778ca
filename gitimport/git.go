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

// minMajor and minMinor are the oldest version of git that can ignore the user's configuration
// (GIT_CONFIG_GLOBAL) and knows every option of this package.
const minMajor, minMinor = 2, 32

// gracePeriod is the time for which a killed git may keep its pipes open.
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

// parseVersion reads the output of git version: "git version 2.39.5", with a suffix from some
// vendors.
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

// discoveryEnv returns the environment in which git finds the repository. The configuration of the
// user counts, because it lists the safe directories. Variables that name a repository are left
// out.
func discoveryEnv() []string {
	return append(environWithout(func(name string) bool {
		return !strings.HasPrefix(name, "GIT_CONFIG_") &&
			name != "GIT_CEILING_DIRECTORIES" && name != "GIT_DISCOVERY_ACROSS_FILESYSTEM"
	}), "LC_ALL=C")
}

// readingEnv returns the environment in which git reads the repository with this git directory, so
// that the output of git depends on its objects and refs only.
//
// The git directory is the working tree too. So git starts at the top of the repository, even if
// the configuration sets core.worktree; pathspecs count from there; and git finds no .mailmap and
// no .gitattributes.
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
		// Git would advise on every call that GIT_GRAFT_FILE is deprecated.
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=advice.graftFileDeprecated",
		"GIT_CONFIG_VALUE_0=false",
	)
}

// environWithout returns the environment of this process without LC_ALL and without the variables
// of git for which drop returns true.
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

// run returns the output of git without the last line end. The error of a failed git contains its
// message.
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

// start runs git until git or ctx ends, or until close is called. The caller closes the process.
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

// subcommand returns the first argument after the options of git itself.
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

// process is a running git. Read returns its output, and io.EOF only at the end of a successful
// run: a failed or stopped git is another error.
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

// begin starts the command and closes its output when running ends.
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
	// A child process of git that outlives git must not keep a reader waiting.
	p.unbind = context.AfterFunc(running, func() { _ = p.out.Close() }) //nolint:errcheck // only the end of reading matters
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

// end waits for the process and returns io.EOF if it succeeded.
func (p *process) end() error {
	if err := p.wait(); err != nil {
		return err
	}
	return io.EOF
}

// close stops the process if it still runs, and waits for its end. A second call does nothing.
func (p *process) close() {
	p.cancel()
	_ = p.wait() //nolint:errcheck // the caller wants no more output
}

// wait closes the input and waits for the end of the process. It returns nil if the process
// succeeded, and the error of ctx if that ended it.
func (p *process) wait() error {
	if p.waited {
		return p.err
	}
	p.waited = true
	_ = p.in.Close() //nolint:errcheck // git may have closed it before
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

// tail keeps the last bytes written to it: git prints the reason of a failure last.
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
