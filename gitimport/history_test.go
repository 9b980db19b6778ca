package gitimport_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/gitimport"
)

// page is long enough for git to find two versions of it similar.
func page(title, end string) string {
	return "# " + title + "\n" + strings.Repeat("A line that stays as it is.\n", 12) + end + "\n"
}

func TestEveryKindOfChangeIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before []string // path, content, …
		do     func(r *repo)
		want   string
	}{
		{"added", nil, func(r *repo) { r.write("a.md", "new") }, "added a.md = new"},
		{"added empty", nil, func(r *repo) { r.write("a.md", "") }, "added a.md = "},
		{"modified", []string{"a.md", "old"}, func(r *repo) { r.write("a.md", "new") }, "modified a.md = new"},
		{"emptied", []string{"a.md", "old"}, func(r *repo) { r.write("a.md", "") }, "modified a.md = "},
		{"removed", []string{"a.md", "old"}, func(r *repo) { r.git("rm", "a.md") }, "removed a.md"},
		{"bytes kept", nil, func(r *repo) { r.write("a.md", "\xff\x00\r\n") }, "added a.md = \xff\x00\r\n"},
		{
			"renamed as it is",
			[]string{"a.md", "old"},
			func(r *repo) { r.git("mv", "a.md", "b.md") },
			"renamed a.md > b.md = old",
		},
		{
			"renamed and changed",
			[]string{"a.md", page("A", "old")},
			func(r *repo) { r.git("mv", "a.md", "b.md"); r.write("b.md", page("A", "new")) },
			"renamed a.md > b.md = " + page("A", "new"),
		},
		{
			"renamed out of the pathspec",
			[]string{"a.md", page("A", "old")},
			func(r *repo) { r.git("mv", "a.md", "a.txt") },
			"removed a.md",
		},
		{
			"renamed into the pathspec",
			[]string{"a.txt", page("A", "old")},
			func(r *repo) { r.git("mv", "a.txt", "a.md") },
			"added a.md = " + page("A", "old"),
		},
		{
			"copied",
			[]string{"a.md", page("A", "old")},
			func(r *repo) { r.write("a.md", page("A", "new"), "b.md", page("A", "old")) },
			"modified a.md = " + page("A", "new") + "\nadded b.md = " + page("A", "old"),
		},
		{
			"swapped",
			[]string{"a.md", page("A", "a"), "b.md", page("B", "b")},
			func(r *repo) { r.write("a.md", page("B", "b"), "b.md", page("A", "a")) },
			"modified a.md = " + page("B", "b") + "\nmodified b.md = " + page("A", "a"),
		},
		{
			"renamed in a chain",
			[]string{"a.md", "first", "b.md", "second"},
			func(r *repo) { r.git("mv", "b.md", "c.md"); r.git("mv", "a.md", "b.md") },
			"removed a.md\nmodified b.md = first\nadded c.md = second",
		},
		{
			"renamed in a chain of pages alike",
			[]string{"a.md", page("A", "a"), "b.md", page("B", "b")},
			func(r *repo) { r.git("mv", "b.md", "c.md"); r.git("mv", "a.md", "b.md") },
			"renamed a.md > c.md = " + page("B", "b") + "\nmodified b.md = " + page("A", "a"),
		},
		{
			"file becomes directory",
			[]string{"a.md", "old"},
			func(r *repo) { r.git("rm", "a.md"); r.write("a.md/b.md", "quite another") },
			"removed a.md\nadded a.md/b.md = quite another",
		},
		{
			"made executable",
			[]string{"a.md", "old"},
			func(r *repo) { r.git("update-index", "--chmod=+x", "a.md"); r.chmod("a.md", 0o755) },
			"modified a.md = old",
		},
		{
			"file becomes link",
			[]string{"a.md", "old"},
			func(r *repo) { r.git("rm", "a.md"); r.link("b.md", "a.md") },
			"removed a.md",
		},
		{
			"link becomes file",
			[]string{"a.md", "old"},
			func(r *repo) {
				r.git("rm", "a.md")
				r.link("b.md", "a.md")
				r.commit()
				r.git("rm", "a.md")
				r.write("a.md", "new")
			},
			"added a.md = new",
		},
		{
			"all kinds in order",
			[]string{"1.md", "1", "2.md", "2", "3.md", page("3", "")},
			func(r *repo) {
				r.git("mv", "3.md", "0.md")
				r.git("rm", "2.md")
				r.write("1.md", "one", "9.md", "nine", "4.md", "four")
			},
			"removed 2.md\nrenamed 3.md > 0.md = " + page("3", "") + "\nmodified 1.md = one\nadded 4.md = four\nadded 9.md = nine",
		},
		{
			"odd names",
			nil,
			func(r *repo) {
				r.write("a b.md", "1", "\"q\".md", "2", "n\nl.md", "3", "t\t.md", "4", "é.md", "5", "\xe9.md", "6", "-d.md", "7", ":(x).md", "8", ":1.md", "9")
			},
			"added \"q\".md = 2\nadded -d.md = 7\nadded :(x).md = 8\nadded :1.md = 9\nadded a b.md = 1\nadded n\nl.md = 3\nadded t\t.md = 4\nadded é.md = 5\nadded \xe9.md = 6",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.commit(append(test.before, "keep.txt", "")...)
			test.do(r)
			r.commit()
			if got := r.last(); got != test.want {
				t.Errorf("got\n%q\nwant\n%q", got, test.want)
			}
			checkFold(t, r, r.open(), isMarkdown)
		})
	}
}

func (r *repo) chmod(path string, mode os.FileMode) {
	r.t.Helper()
	if err := os.Chmod(r.dir+"/"+path, mode); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) link(target, path string) {
	r.t.Helper()
	if err := os.Symlink(target, r.dir+"/"+path); err != nil {
		r.t.Skipf("this file system has no symbolic links: %v", err)
	}
}

func TestLinksAreNoFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", page("A", ""))
	r.link("a.md", "link.md")
	r.commit("b.md", "file")
	r.git("mv", "link.md", "moved.md")
	r.commit()
	r.git("rm", "-q", "moved.md")
	r.commit()
	var others []gitimport.OtherEntry
	var changes []string
	for _, c := range commits(t, r.open()) {
		others = append(others, c.Others...)
		changes = append(changes, describe(c.Changes))
	}
	if want := []gitimport.OtherEntry{{Path: "link.md", Is: gitimport.Link}, {Path: "moved.md", Is: gitimport.Link}}; !slices.Equal(others, want) {
		t.Errorf("got %v, want %v", others, want)
	}
	if want := []string{"added a.md = " + page("A", ""), "added b.md = file", "", ""}; !slices.Equal(changes, want) {
		t.Errorf("got %q, want %q", changes, want)
	}
	checkFold(t, r, r.open(), isMarkdown)
}

func TestLargeFilesAreNotRead(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("1.md", "12345", "2.md", "123456", "3.md", "")
	history := open(t, gitimport.Options{Repo: r.dir, MaxBytes: 5})
	changes := commits(t, history)[0].Changes
	if got, want := describe(changes), "added 1.md = 12345\nadded 2.md\nadded 3.md = "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := changes[1].Size; got != 6 {
		t.Errorf("the large file has %d bytes", got)
	}
}

func TestSubmodulesAreNoFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	head := r.commit("a.md", "file", "b.md", "file")
	r.git("rm", "-q", "a.md")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+head+",a.md")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+head+",sub.md")
	r.git("commit", "-q", "-m", "a file becomes a submodule")
	if got := r.last(); got != "removed a.md" {
		t.Errorf("when a file becomes a submodule: %q", got)
	}
	all := commits(t, r.open())
	if got, want := fmt.Sprint(all[len(all)-1].Others), "[{a.md submodule} {sub.md submodule}]"; got != want {
		t.Errorf("the submodules are %s, want %s", got, want)
	}
	next := strings.TrimSpace(r.git("rev-parse", "HEAD"))
	r.git("update-index", "--cacheinfo", "160000,"+next+",sub.md")
	r.git("commit", "-q", "-m", "only a submodule changes")
	if got := r.last(); got != "" {
		t.Errorf("when only a submodule changes: %q", got)
	}
	r.git("rm", "-q", "--cached", "a.md")
	r.write("a.md", "again")
	r.git("add", "a.md")
	r.git("commit", "-q", "-m", "a submodule becomes a file")
	if got := r.last(); got != "added a.md = again" {
		t.Errorf("when a submodule becomes a file: %q", got)
	}
	checkFold(t, r, r.open(), isMarkdown)
}

func TestMergeIsOneStepAgainstItsFirstParent(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "a", "b.md", "b", "c.txt", "c")
	r.git("switch", "-q", "-c", "topic")
	r.commit("b.md", "b on the topic")
	r.commit("new.md", "from the topic")
	r.git("switch", "-q", "main")
	r.commit("a.md", "a on main")
	r.n++
	r.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	all := commits(t, r.open())
	if len(all) != 3 {
		t.Fatalf("got %d commits, want 3: those of the topic are not of the line", len(all))
	}
	if got, want := describe(all[2].Changes), "modified b.md = b on the topic\nadded new.md = from the topic"; got != want {
		t.Errorf("the merge did %q, want %q", got, want)
	}
	checkFold(t, r, r.open(), isMarkdown)
}

// A merge that takes everything from its second parent changes the line, although git log would
// leave it out by default. A merge that takes nothing does not.
func TestMergesThatTakeOneSideWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		merge []string
		want  int
	}{
		{"no-ff, equal to the second parent", []string{"--no-ff", "topic"}, 2},
		{"ours, equal to the first parent", []string{"--no-ff", "-s", "ours", "topic"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.commit("a.md", "a")
			r.git("switch", "-q", "-c", "topic")
			r.commit("a.md", "a on the topic")
			r.git("switch", "-q", "main")
			r.git(append([]string{"merge", "-q", "-m", "merge"}, test.merge...)...)
			r.commit("c.txt", "no markdown")
			if got := r.open().Len(); got != test.want {
				t.Errorf("%d commits, want %d", got, test.want)
			}
			checkFold(t, r, r.open(), isMarkdown)
		})
	}
}

func TestCommitTellsWhoAndWhen(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "1")
	r.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--amend", "--author=Ren\xe9 <rene@old.example>", "-m", "latin-1")
	r.commit("a.md", "2", ".mailmap", "Grace Hopper <grace@example.org> <ada@example.org>\n")
	all := commits(t, r.open())
	if got := all[0].AuthorName + " " + all[0].AuthorEmail; got != "René rene@old.example" {
		t.Errorf("author in another encoding: %q", got)
	}
	if got := all[1].AuthorName + " " + all[1].AuthorEmail; got != "Grace Hopper grace@example.org" {
		t.Errorf("author corrected by .mailmap: %q", got)
	}
	if want := time.Unix(1_700_000_002, 0).UTC(); all[1].Time != want {
		t.Errorf("time %v, want %v", all[1].Time, want)
	}
}

// The order is that of the line, not that of the times of its commits.
func TestOrderIgnoresClocks(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i, n := range []int{500, 100, 300, 200, 400} {
		r.n = n
		r.commit("a.md", string(rune('a'+i)))
	}
	checkFold(t, r, r.open(), isMarkdown)
}

func TestPathspecsHaveTheirMagic(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "1", "docs/b.MD", "2", "docs/c.md", "3", "docs/deep/d.md", "4", "e.txt", "5")
	for _, test := range []struct {
		pathspecs []string
		want      string
	}{
		{nil, "added a.md = 1\nadded docs/c.md = 3\nadded docs/deep/d.md = 4"},
		{[]string{"docs"}, "added docs/b.MD = 2\nadded docs/c.md = 3\nadded docs/deep/d.md = 4"},
		{[]string{":(glob)docs/*.md"}, "added docs/c.md = 3"},
		{[]string{":(icase)docs/*.md", ":(exclude)docs/deep"}, "added docs/b.MD = 2\nadded docs/c.md = 3"},
		{[]string{"e.txt", "a.md"}, "added a.md = 1\nadded e.txt = 5"},
	} {
		if got := r.last(test.pathspecs...); got != test.want {
			t.Errorf("%q: got %q, want %q", test.pathspecs, got, test.want)
		}
	}
}

func TestHistoryStaysAsItWasOpened(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.md", "1")
	h := r.open()
	r.commit("a.md", "2")
	for range 2 {
		if got := describe(commits(t, h)[0].Changes); got != "added a.md = 1" || h.Len() != 1 {
			t.Errorf("%d commits, the first %q", h.Len(), got)
		}
	}
}

func TestHistoryWithoutMatchingFilesIsEmpty(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.txt", "1")
	if all := commits(t, r.open()); len(all) != 0 {
		t.Errorf("got %v", all)
	}
}

func TestOtherObjectFormats(t *testing.T) {
	t.Parallel()
	r := newRepo(t, "--object-format=sha256")
	r.commit("a.md", "1")
	if hash := r.commit("a.md", "2", "b.md", ""); len(hash) != 64 {
		t.Fatalf("commit %s", hash)
	}
	checkFold(t, r, r.open(), isMarkdown)
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	if got := gitimport.Kind(9).String(); got != "Kind(9)" {
		t.Error(got)
	}
}
