package gitimport

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// findRepository returns the git directory of the repository that contains path. It returns an
// error if the repository lacks a part of the history.
func findRepository(ctx context.Context, binary, path string) (string, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("there is no repository %s: if it is on another machine, copy it first with git clone URL DIRECTORY: %w", path, err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is a file, not a repository: if it is a bundle, unpack it first with git clone %s DIRECTORY", dir, quote(dir))
	}
	git := runner{binary: binary, dir: dir, env: discoveryEnv()}
	out, err := git.run(ctx, "rev-parse", "--is-shallow-repository", "--absolute-git-dir")
	if err != nil {
		return "", fmt.Errorf("%s is in no git repository that can be read: %w", dir, err)
	}
	shallow, gitDir, _ := strings.Cut(out, "\n")
	if shallow == "true" {
		return "", fmt.Errorf("%s is a shallow clone, which lacks the older history: fetch it with git -C %s fetch --unshallow", dir, quote(dir))
	}
	return gitDir, git.refusePartial(ctx)
}

// refusePartial returns an error for a partial clone. Such a repository fetches each content over
// the network at the first read, which takes hours.
func (r runner) refusePartial(ctx context.Context) error {
	out, err := r.run(ctx, "config", "--type=bool", "--get-regexp", `^remote\..*\.promisor$`)
	if exitCode(err) == 1 {
		return nil // no such key
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(out + "\n") {
		if strings.HasSuffix(line, " true\n") {
			return fmt.Errorf("%s is a partial clone, which lacks contents: make a full one with git clone $(git -C %s remote get-url origin) DIRECTORY", r.dir, quote(r.dir))
		}
	}
	return nil
}

// exitCode returns the exit code of the git whose error err is, or -1.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// resolve returns the commit of a branch, or of another name of a commit.
func (r runner) resolve(ctx context.Context, branch string) (string, error) {
	names := []string{"refs/heads/" + branch, branch}
	if branch == "" {
		names = []string{"HEAD"}
	}
	for _, name := range names {
		hash, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
		// For a name that begins with ^, git prints more than the name of an object.
		if _, notHex := hex.DecodeString(hash); err == nil && notHex == nil {
			return hash, nil
		}
		if ctx.Err() != nil {
			return "", err
		}
	}
	return "", r.noBranch(ctx, branch)
}

// noBranch returns an error that lists the branches of the repository.
func (r runner) noBranch(ctx context.Context, branch string) error {
	out, err := r.run(ctx, "for-each-ref", "--count=10", "--format=%(refname:short)", "refs/heads", "refs/remotes")
	if err != nil {
		return err
	}
	missing := fmt.Sprintf("%s has no branch %q", r.dir, branch)
	if branch == "" {
		missing = fmt.Sprintf("the HEAD of %s is at no commit", r.dir)
	}
	if out == "" {
		return fmt.Errorf("%s, and no other branch is there: commit something first", missing)
	}
	return fmt.Errorf("%s: name another, such as %s", missing, strings.ReplaceAll(out, "\n", ", "))
}

// quote returns s as one word of a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
