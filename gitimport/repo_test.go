package gitimport_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"flightdeck/gitimport"
)

// repo is a repository under test.
type repo struct {
	t   testing.TB
	dir string
	n   int // the number of commits so far, from which their times follow
}

// newRepo creates an empty repository with the branch main.
func newRepo(t testing.TB, args ...string) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := &repo{t: t, dir: t.TempDir()}
	r.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return r
}

// git runs git in the repository and returns its output.
func (r *repo) git(args ...string) string {
	r.t.Helper()
	return r.gitIn("", args...)
}

// gitIn runs git with an input and returns its output.
func (r *repo) gitIn(stdin string, args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(stdin)
	date := fmt.Sprintf("%d +0100", 1_700_000_000+r.n)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Com", "GIT_COMMITTER_EMAIL=com@example.org", "GIT_COMMITTER_DATE=" + date,
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, stderr.Bytes())
	}
	return string(out)
}

// write writes files into the working tree; pairs alternates paths and contents.
func (r *repo) write(pairs ...string) {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		path := r.dir + "/" + pairs[i]
		if err := os.MkdirAll(path[:strings.LastIndex(path, "/")], 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

// commit writes files, commits the working tree and returns the name of the commit.
func (r *repo) commit(pairs ...string) string {
	r.t.Helper()
	r.write(pairs...)
	r.n++
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "commit")
	return strings.TrimSpace(r.git("rev-parse", "HEAD"))
}

// open opens the history of the files that match.
func (r *repo) open(pathspecs ...string) *gitimport.History {
	r.t.Helper()
	return open(r.t, gitimport.Options{Repo: r.dir, Pathspecs: pathspecs})
}

func open(t testing.TB, o gitimport.Options) *gitimport.History {
	t.Helper()
	h, err := gitimport.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// commits returns all commits of a history and compares their number with Len.
func commits(t testing.TB, h *gitimport.History) []gitimport.Commit {
	t.Helper()
	var all []gitimport.Commit
	for c, err := range h.Commits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if len(all) != h.Len() {
		t.Errorf("got %d commits where Len is %d", len(all), h.Len())
	}
	return all
}

// last describes the changes of the newest commit, one a line.
func (r *repo) last(pathspecs ...string) string {
	r.t.Helper()
	all := commits(r.t, r.open(pathspecs...))
	if len(all) == 0 {
		r.t.Fatal("there are no commits")
	}
	return describe(all[len(all)-1].Changes)
}

// describe renders changes as "kind path = content" or "renamed old > path = content".
func describe(changes []gitimport.Change) string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		path := c.Path
		if c.Kind == gitimport.Renamed {
			path = c.OldPath + " > " + c.Path
		}
		if c.Content != nil {
			path += " = " + string(c.Content)
		}
		lines[i] = c.Kind.String() + " " + path
	}
	return strings.Join(lines, "\n")
}

// tree maps paths to the names of blobs.
type tree map[string]string

// apply folds one change, or returns an error if the change does not fit the tree.
func (f tree) apply(c gitimport.Change, hash func([]byte) string) error {
	_, there := f[c.Path]
	_, oldThere := f[c.OldPath]
	fits := map[gitimport.Kind]bool{
		gitimport.Added:    !there && c.OldPath == "" && c.Content != nil,
		gitimport.Modified: there && c.OldPath == "" && c.Content != nil,
		gitimport.Removed:  there && c.OldPath == "" && c.Content == nil,
		gitimport.Renamed:  !there && oldThere && c.Content != nil,
	}
	if !fits[c.Kind] {
		return fmt.Errorf("%s %q from %q does not fit", c.Kind, c.Path, c.OldPath)
	}
	delete(f, c.OldPath)
	delete(f, c.Path)
	if c.Content != nil {
		f[c.Path] = hash(c.Content)
	}
	return nil
}

// checkFold folds the history and compares the tree after every commit of the first-parent line
// with the list of git ls-tree. Equal names of blobs mean equal contents.
func checkFold(t testing.TB, r *repo, h *gitimport.History, matches func(path string) bool) {
	t.Helper()
	line := strings.Fields(r.git("rev-list", "--first-parent", "--reverse", "HEAD"))
	steps := commits(t, h)
	files := tree{}
	for _, hash := range line {
		if len(steps) > 0 && steps[0].Hash == hash {
			for _, c := range steps[0].Changes {
				if err := files.apply(c, blobName(len(hash))); err != nil {
					t.Fatalf("commit %s: %v", hash, err)
				}
			}
			steps = steps[1:]
		}
		if want := r.lsTree(hash, matches); !maps.Equal(files, want) {
			t.Fatalf("after commit %s the changes add up to\n%q\nand git lists\n%q", hash, files, want)
		}
	}
	if len(steps) != 0 {
		t.Errorf("commit %s is out of order or not of the line", steps[0].Hash)
	}
}

// lsTree returns the matching files of a commit.
func (r *repo) lsTree(commit string, matches func(path string) bool) tree {
	r.t.Helper()
	files := tree{}
	for entry := range strings.SplitSeq(r.git("ls-tree", "-r", "-z", commit), "\x00") {
		info, path, _ := strings.Cut(entry, "\t")
		if fields := strings.Fields(info); len(fields) == 3 && fields[0] != "120000" && fields[1] == "blob" && matches(path) {
			files[path] = fields[2]
		}
	}
	return files
}

// blobName returns the function that computes the name of a blob, with that number of hex digits.
func blobName(digits int) func(content []byte) string {
	return func(content []byte) string {
		object := append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...)
		if digits == 2*sha256.Size {
			sum := sha256.Sum256(object)
			return hex.EncodeToString(sum[:])
		}
		sum := sha1.Sum(object)
		return hex.EncodeToString(sum[:])
	}
}

// isMarkdown matches like the pathspec *.md.
func isMarkdown(path string) bool { return strings.HasSuffix(path, ".md") }

// anyPath matches like the pathspec ".".
func anyPath(string) bool { return true }
