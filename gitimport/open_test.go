package gitimport_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/gitimport"
)

func TestRepositoryIsFoundFromEverywhere(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "1", "docs/b.md", "2")
	r.git("worktree", "add", "-q", "-b", "other", t.TempDir()+"/linked")
	linked := strings.TrimPrefix(strings.Split(r.git("worktree", "list", "--porcelain", "-z"), "\x00\x00")[1], "worktree ")
	linked, _, _ = strings.Cut(linked, "\x00")
	bare := t.TempDir()
	r.git("clone", "-q", "--bare", r.dir, bare)
	for name, dir := range map[string]string{
		"top":             r.dir,
		"subdirectory":    r.dir + "/docs",
		".git":            r.dir + "/.git",
		"linked worktree": linked,
		"in a worktree":   linked + "/docs",
		"bare":            bare,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := commits(t, open(t, gitimport.Options{Repo: dir}))
			if len(all) != 1 || describe(all[0].Changes) != "added a.md = 1\nadded docs/b.md = 2" {
				t.Errorf("got %v", all)
			}
		})
	}
}

func TestBranchIsTheOneAskedFor(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("a.md", "1")
	r.git("branch", "topic")
	r.commit("a.md", "2")
	r.git("tag", "topic") // a branch at another commit has this name too
	r.commit("a.md", "3")
	r.git("update-ref", "refs/heads/-dash", first)
	linked := t.TempDir() + "/linked"
	r.git("worktree", "add", "-q", "--detach", linked, first)
	for _, test := range []struct {
		repo, branch string
		want         int
	}{
		{r.dir, "", 3},
		{r.dir, "main", 3},
		{r.dir, "topic", 1},
		{r.dir, "refs/tags/topic", 2},
		{r.dir, "main~1", 2},
		{r.dir, first, 1},
		{r.dir, "-dash", 1},
		{linked, "", 1},
		{linked, "main", 3},
	} {
		if got := open(t, gitimport.Options{Repo: test.repo, Branch: test.branch}).Len(); got != test.want {
			t.Errorf("branch %q of %s has %d commits, want %d", test.branch, test.repo, got, test.want)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "1")
	r.commit("a.md", "2")
	url := "file://" + filepath.ToSlash(r.dir)
	r.git("config", "uploadpack.allowFilter", "true")
	shallow, partial, empty, none := t.TempDir(), t.TempDir(), newRepo(t).dir, t.TempDir()
	r.git("clone", "-q", "--depth=1", url, shallow)
	r.git("clone", "-q", "--filter=blob:none", url, partial)
	file := none + "/history.bundle"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		options gitimport.Options
		want    []string
	}{
		{"no such directory", gitimport.Options{Repo: url}, []string{"no repository " + url, "git clone"}},
		{"a file", gitimport.Options{Repo: file}, []string{"is a file", "git clone '" + file + "' DIRECTORY"}},
		{"no repository", gitimport.Options{Repo: none}, []string{none, "not a git repository"}},
		{"shallow", gitimport.Options{Repo: shallow}, []string{"git -C '" + shallow + "' fetch --unshallow"}},
		{"partial", gitimport.Options{Repo: partial}, []string{"git clone $(git -C '" + partial + "' remote get-url origin)"}},
		{"no commit", gitimport.Options{Repo: empty}, []string{"is at no commit", "commit something first"}},
		{"no branch", gitimport.Options{Repo: r.dir, Branch: "master"}, []string{`no branch "master"`, "such as main"}},
		{"an option", gitimport.Options{Repo: r.dir, Branch: "--all"}, []string{`no branch "--all"`, "such as main"}},
		{"a range", gitimport.Options{Repo: r.dir, Branch: "main~1..main"}, []string{"such as main"}},
		{"a negation", gitimport.Options{Repo: r.dir, Branch: "^main"}, []string{"such as main"}},
		{"a tree", gitimport.Options{Repo: r.dir, Branch: "main^{tree}"}, []string{"such as main"}},
		{"unknown magic", gitimport.Options{Repo: r.dir, Pathspecs: []string{":(magic)a"}}, []string{"Invalid pathspec magic 'magic'"}},
		{"empty pathspec", gitimport.Options{Repo: r.dir, Pathspecs: []string{""}}, []string{"please use ."}},
		{"outside", gitimport.Options{Repo: r.dir, Pathspecs: []string{"../a.md"}}, []string{"outside repository"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, err := gitimport.Open(t.Context(), test.options)
			if err == nil {
				t.Fatalf("opened, with %d commits", h.Len())
			}
			if strings.Contains(err.Error(), "hint:") {
				t.Errorf("%q has advice that is not about it", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestGitMustBeThereAndNewEnough(t *testing.T) {
	r := newRepo(t)
	r.commit("a.md", "1")
	for _, test := range []struct{ name, says, want string }{
		{"missing", "", "install it"},
		{"old", "git version 2.31.9", "install git 2.32 or newer"},
		{"another program", "jj 0.30", "which is no version of git"},
	} {
		dir := t.TempDir()
		if test.says != "" {
			script := "#!/bin/sh\necho " + test.says + "\n"
			if err := os.WriteFile(dir+"/git", []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir)
		_, err := gitimport.Open(t.Context(), gitimport.Options{Repo: r.dir})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want one that says %q", test.name, err, test.want)
		}
	}
}
