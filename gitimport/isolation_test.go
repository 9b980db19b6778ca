package gitimport_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"flightdeck/gitimport"
)

// hostileConfig has every setting with which a user can change the output of git log.
const hostileConfig = `
[core]
	quotePath = true
	attributesFile = %[1]s/attributes
[color]
	ui = always
	diff = always
[diff]
	renames = copies
	renameLimit = 1
	external = false
	orderFile = %[1]s/order
	relative = true
	noPrefix = true
	submodule = log
	ignoreSubmodules = all
	algorithm = patience
[gpg]
	program = %[1]s/none
[format]
	pretty = fuller
	notes = true
[i18n]
	logOutputEncoding = ISO-8859-1
[log]
	abbrevCommit = true
	date = relative
	decorate = full
	diffMerges = off
	follow = true
	mailmap = false
	showRoot = false
	showSignature = true
[mailmap]
	file = %[1]s/mailmap
	blob = HEAD:other.mailmap
[notes]
	displayRef = *
`

// variedRepo has a commit of each kind that a configuration could change.
func variedRepo(t testing.TB) *repo {
	r := newRepo(t)
	r.commit("a.md", page("A", ""), "docs/é.md", page("E", ""), "crlf.md", strings.Repeat("line\n", 9),
		"other.mailmap", "Nobody <ada@example.org>\n")
	r.git("mv", "a.md", "docs/a.md")
	r.git("mv", "docs/é.md", "e.md")
	r.git("mv", "crlf.md", "lines.md")
	r.commit("docs/a.md", page("A", "changed"), "e.md", page("E", "changed"), "lines.md", strings.Repeat("line\r\n", 9),
		"0.md", "new", "copy.md", page("A", ""), "copy2.md", "new too")
	r.git("switch", "-q", "-c", "topic")
	r.commit("topic.md", "topic")
	r.git("switch", "-q", "main")
	r.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	r.git("commit", "-q", "--amend", "--author=Zoë <zoe@example.org>", "-m", "merge")
	r.commit("copy.md", "changed")
	signed := strings.Replace(r.git("cat-file", "commit", "HEAD"), "\n\n", "\ngpgsig none\n\n", 1)
	r.git("reset", "-q", "--hard", strings.TrimSpace(r.gitIn(signed, "hash-object", "-t", "commit", "-w", "--stdin")))
	r.git("notes", "add", "-m", "a note")
	return r
}

func TestConfigurationAndEnvironmentChangeNothing(t *testing.T) {
	r := variedRepo(t)
	want, wantOne := commits(t, r.open()), commits(t, r.open("copy.md"))

	dir := t.TempDir()
	for name, content := range map[string]string{
		"gitconfig":  fmt.Sprintf(hostileConfig, filepath.ToSlash(dir)),
		"order":      "*copy*\n",
		"mailmap":    "Nobody <ada@example.org>\n",
		"attributes": "*.md binary\n",
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(how string) {
		t.Helper()
		if got := commits(t, r.open()); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%v\nwant\n%v", how, got, want)
		}
		if got := commits(t, r.open("copy.md")); !reflect.DeepEqual(got, wantOne) {
			t.Errorf("%s: of one file got\n%v\nwant\n%v", how, got, wantOne)
		}
	}
	t.Setenv("GIT_CONFIG_GLOBAL", dir+"/gitconfig")
	check("with the user's configuration")
	r.git("config", "include.path", dir+"/gitconfig")
	r.git("config", "core.worktree", "..")
	check("with the repository's configuration")
	r.write(".mailmap", "Nobody <ada@example.org>\n", ".gitattributes", "*.md binary\n")
	check("with an untidy working tree")
	if err := os.WriteFile(r.dir+"/.git/info/grafts", []byte(want[2].Hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.git("replace", want[2].Hash, want[0].Hash)
	check("with grafts and replaced objects")
	for name, value := range map[string]string{
		"GIT_DIR": dir, "GIT_WORK_TREE": dir, "GIT_OBJECT_DIRECTORY": dir, "GIT_NAMESPACE": "x",
		"GIT_LITERAL_PATHSPECS": "1", "GIT_EXTERNAL_DIFF": "false", "GIT_CONFIG_COUNT": "1",
		"GIT_CONFIG_KEY_0": "diff.renames", "GIT_CONFIG_VALUE_0": "false", "GIT_PAGER": "false",
	} {
		t.Setenv(name, value)
	}
	check("with variables of another repository")
}

// longRepo has more history than the pipes can hold.
func longRepo(t testing.TB) *repo {
	r := newRepo(t)
	var in strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter Com <com@example.org> %d +0000\ndata 0\nM 100644 inline %d.md\ndata 1\n%d\n", 1_700_000_000+i, i%7, i%10)
	}
	r.gitIn(in.String(), "fast-import", "--quiet")
	return r
}

func TestNothingIsLeftBehind(t *testing.T) {
	r := longRepo(t)
	h := r.open()
	goroutines := runtime.NumGoroutine()

	t.Run("after a cancelled context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got int
		var last error
		for _, err := range h.Commits(ctx) {
			if got++; got == 10 {
				cancel()
			}
			last = err
		}
		if got != 11 || !errors.Is(last, context.Canceled) {
			t.Errorf("%d steps, the last with error %v", got, last)
		}
	})
	t.Run("after a context cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for c, err := range h.Commits(ctx) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got commit %s and error %v", c.Hash, err)
			}
		}
		if _, err := gitimport.Open(ctx, gitimport.Options{Repo: r.dir}); !errors.Is(err, context.Canceled) {
			t.Errorf("Open: %v", err)
		}
	})
	t.Run("after a broken off loop", func(t *testing.T) {
		for range h.Commits(t.Context()) { //nolint:errcheck // it is broken off
			break
		}
	})
	t.Run("after a whole loop", func(t *testing.T) {
		if all := commits(t, h); len(all) == 0 {
			t.Error("no commits")
		}
	})

	if list := children(t); list != "" {
		t.Errorf("processes left: %s", list)
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
		}
	}
}

// children lists the child processes of this one that it has not waited for, on systems with /proc.
func children(t testing.TB) string {
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, file := range files {
		ids, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		list = append(list, strings.Fields(string(ids))...)
	}
	return strings.Join(list, " ")
}

func TestDamagedRepositoryIsAnError(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "first")
	r.commit("a.md", "second")
	h := r.open()
	blob := strings.TrimSpace(r.git("rev-parse", "HEAD:a.md"))
	if err := os.Remove(r.dir + "/.git/objects/" + blob[:2] + "/" + blob[2:]); err != nil {
		t.Fatal(err)
	}
	var whole int
	var last error
	for _, err := range h.Commits(t.Context()) {
		if last = err; err == nil {
			whole++
		}
	}
	if whole != 1 || last == nil || !strings.Contains(last.Error(), "git fsck") {
		t.Errorf("%d commits, then %v", whole, last)
	}
	tree := strings.TrimSpace(r.git("rev-parse", "HEAD^{tree}"))
	if err := os.Remove(r.dir + "/.git/objects/" + tree[:2] + "/" + tree[2:]); err != nil {
		t.Fatal(err)
	}
	for _, err := range h.Commits(t.Context()) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), tree) {
		t.Errorf("without a tree: %v", last)
	}
}
