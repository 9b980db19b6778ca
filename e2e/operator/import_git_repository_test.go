package operator

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/siteimport"
)

// newRepository creates an empty repository. It skips the test if git is not installed.
func newRepository(t *testing.T) *repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := &repository{t: t, dir: t.TempDir()}
	r.git("", "init", "-q", "-b", "main")
	return r
}

// epoch is the time of the first commit, in seconds since 1970.
const epoch = 1_700_000_000

// commit calls change and commits the working tree, so many seconds after the epoch. It returns the
// commit's name.
func (r *repository) commit(seconds int, change func()) string {
	r.t.Helper()
	date := fmt.Sprintf("@%d +0200", epoch+seconds)
	r.env = []string{
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=Ada@example.org", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Com", "GIT_COMMITTER_EMAIL=com@example.org", "GIT_COMMITTER_DATE=" + date,
	}
	change()
	r.git("", "add", "-A")
	r.git("", "commit", "-q", "--allow-empty", "-m", "commit")
	return strings.TrimSpace(r.git("", "rev-parse", "HEAD"))
}

// write writes a file of the working tree.
func (r *repository) write(file, text string) {
	r.t.Helper()
	name := filepath.Join(r.dir, file)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) remove(file string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.dir, file)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) move(from, to string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(r.dir, to)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(r.dir, from), filepath.Join(r.dir, to)); err != nil {
		r.t.Fatal(err)
	}
}

// text returns a text that is long enough for git to recognise the file after a change.
func text(title, more string) string {
	return "# " + title + "\n\n" + strings.Repeat("A line that stays.\n", 20) + more
}

func TestRenamedFileIsTheSameContent(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() { r.write("docs/a.md", text("A", "")); r.write("b.md", text("B", "")) })
	r.commit(10, func() { r.move("docs/a.md", "docs/guide/a.md") })
	r.commit(20, func() { r.move("docs/guide/a.md", "c.md"); r.write("c.md", text("A, edited", "more")) })
	s := importSite(t, r.dir)
	s.compare()
	harness.WantText(t, "history", s.history("c", s.line[2].asOf), "ContentCreated ContentUpdated ContentUpdated")
	harness.WantText(t, "the old address, then", s.history("docs/a", s.line[0].asOf), "ContentCreated ContentUpdated ContentUpdated")
	s.wantEvents(s.line[0], "Ada", "UserRegistered", "ContentCreated", "ContentCreated")
	s.wantEvents(s.line[1], "Ada", "ContentUpdated")
	s.wantEvents(s.line[2], "Ada", "ContentUpdated")
	a := s.Must(s.token, `{ contentBySlug(slug: "c") { format status createdAt author { displayName email role } } }`, nil)
	harness.WantText(t, "content", fmt.Sprint(a.At("contentBySlug")), fmt.Sprintf(
		"map[author:map[displayName:Ada email:ada@example.org role:AUTHOR] createdAt:%s format:MARKDOWN status:PUBLISHED]", a.Text("contentBySlug", "createdAt")))
}

func TestRemovedAndAddedAgainIsAnotherContent(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() { r.write("a.md", text("A", "")) })
	r.commit(10, func() { r.remove("a.md") })
	r.commit(20, func() { r.write("a.md", "# Quite another") })
	r.commit(30, func() { r.write("a.md", "") })
	s := importSite(t, r.dir)
	s.compare()
	harness.WantText(t, "the first", s.history("a", s.line[0].asOf), "ContentCreated ContentDeleted")
	harness.WantText(t, "the second", s.history("a", s.line[3].asOf), "ContentCreated ContentUpdated")
	harness.WantList(t, "titles", []string{s.pages(s.line[2].asOf)[0].title, s.pages(s.line[3].asOf)[0].title}, "Quite another", "a.md")
}

func TestSwappedAndChainedNamesKeepTheirBytes(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() {
		for _, name := range []string{"a", "b", "c", "x/y", "x-y"} {
			r.write(name+".md", strings.Repeat(name+" is long enough to be recognised\n", 30))
		}
	})
	r.commit(10, func() { r.move("a.md", "t"); r.move("b.md", "a.md"); r.move("t", "b.md") })
	r.commit(20, func() { r.move("c.md", "d.md"); r.move("b.md", "c.md"); r.move("a.md", "b.md") })
	r.commit(30, func() { r.move("x/y.md", "t"); r.move("x-y.md", "x_y.md"); r.move("t", "x-y.md") })
	r.commit(40, func() { r.remove("b.md"); r.move("c.md", "b.md"); r.write("b/c.md", "new") })
	r.commit(50, func() { r.move("b.md", "B.md"); r.write("b.md", "both") })
	importSite(t, r.dir).compare()
}

func TestMergeIsOneStep(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() { r.write("a.md", text("A", "")); r.write("b.md", text("B", "")) })
	r.git("", "checkout", "-q", "-b", "side")
	r.commit(10, func() { r.write("side.md", "side"); r.move("a.md", "moved.md") })
	r.commit(20, func() { r.write("side.md", "side, changed") })
	r.git("", "checkout", "-q", "main")
	r.commit(30, func() { r.write("b.md", text("B", "on main")) })
	merge := func(seconds int, args ...string) {
		r.commit(seconds, func() { r.git("", append([]string{"merge", "-q", "--no-ff", "--no-commit"}, args...)...) })
	}
	merge(40, "side")
	r.git("", "checkout", "-q", "side")
	r.commit(50, func() { r.write("side.md", "not taken"); r.write("ours.md", "not taken") })
	r.git("", "checkout", "-q", "main")
	merge(60, "-s", "ours", "side")
	r.commit(70, func() { r.write("notes.txt", "no page") })
	r.commit(80, func() { r.remove("moved.md") })
	s := importSite(t, r.dir)
	s.compare()
	if len(s.line) != 6 {
		t.Fatalf("the line has %d commits", len(s.line))
	}
	s.wantEvents(s.line[2], "Ada", "ContentUpdated", "ContentCreated")
	s.wantEvents(s.line[3], "Ada")
}

// TestClockOfTheCommitsMayStandStillAndGoBack: commits of the same second, and commits that are
// older than their parents, are all imported in their order.
func TestClockOfTheCommitsMayStandStillAndGoBack(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for i, seconds := range []int{100, 100, 100, 50, 100, 70, 101, 101, 90, 300, 200, 250, 301, 302} {
		r.commit(seconds, func() {
			r.write("a.md", fmt.Sprint("version ", i))
			if i%3 == 0 {
				r.write(fmt.Sprintf("page-%d.md", i), text("Page", fmt.Sprint(i)))
			}
		})
	}
	s := importSite(t, r.dir)
	s.compare()
	instants := 0
	for _, c := range s.line {
		if strings.Contains(c.asOf, "T") {
			instants++
		}
	}
	if instants != 2 {
		t.Errorf("%d commits are told apart by their time", instants)
	}
	at := func(seconds int) string { return time.Unix(int64(epoch+seconds), 0).UTC().Format(time.RFC3339Nano) }
	for seconds, want := range map[int]string{99: "", 100: "version 5", 101: "version 8", 299: "version 8", 300: "version 11", 301: "version 12"} {
		got := ""
		for _, p := range s.pages(at(seconds)) {
			if p.slug == "a" {
				got = p.content
			}
		}
		harness.WantText(t, fmt.Sprint("as of second ", seconds), got, want)
	}
}

// TestTextThatCannotBeKeptIsLeftOut: the page keeps its last version, goes where its file goes, and
// follows again once the file is mended.
func TestTextThatCannotBeKeptIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"NUL": "a\x00b", "cut": "\xe2\x82", "Cyrillic": "\xcf\xf0\xe8\xe2\xe5\xf2", "odd UTF-16": "\xff\xfea", "control": "\x01\xe9",
		"too large": strings.Repeat("x", domain.MaxContentBytes+1), "far too large": strings.Repeat("x", siteimport.MaxFileBytes+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			r.commit(0, func() {
				r.write("good.md", text("Good", ""))
				r.write("gone.md", bad)
				r.write("image.png", "\x89PNG\xff")
			})
			hash := r.commit(10, func() { r.write("good.md", bad); r.write("new.md", bad); r.remove("gone.md") })
			r.commit(20, func() { r.move("good.md", "moved.md") })
			r.commit(30, func() { r.write("moved.md", "# Mended"); r.write("new.md", "# New") })
			s := importSite(t, r.dir)
			titles := func(at int) (all []string) {
				for _, p := range s.pages(s.line[at].asOf) {
					all = append(all, p.slug+"="+p.title)
				}
				slices.Sort(all)
				return all
			}
			harness.WantList(t, "pages at first", titles(0), "good=Good")
			harness.WantList(t, "pages when the text is bad", titles(1), "good=Good")
			harness.WantList(t, "pages when the file has moved", titles(2), "moved=Good")
			harness.WantList(t, "pages when it is mended", titles(3), "moved=Mended", "new=New")
			harness.WantText(t, "history", s.history("moved", s.line[3].asOf), "ContentCreated ContentUpdated ContentUpdated")
			var named []string
			for _, r := range s.report.LeftOut {
				named = append(named, fmt.Sprintf("%s %d %v", r.Path, r.Versions, r.Commit == hash))
			}
			harness.WantList(t, "left out", named, "gone.md 1 false", "new.md 1 true", "good.md 1 true", "moved.md 1 false")

			_, _, err := importGit(t, r.dir, "--strict")
			for _, part := range []string{r.first(), "gone.md", "leave out --strict"} {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("the error of a strict import does not say %q: %v", part, err)
				}
			}
		})
	}
}

// first returns the name of the first commit.
func (r *repository) first() string {
	r.t.Helper()
	return strings.TrimSpace(r.git("", "rev-list", "--max-parents=0", "HEAD"))
}

func TestTextOfAnotherEncodingIsRepaired(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for name, text := range map[string]string{
		"latin-1": "caf\xe9 cr\xe9\xe9 \xc9t\xe9", "windows": "\x93d\x92\xe9t\xe9\x94 \x80", "mixed": "caf\xc3\xa9 caf\xe9", "ascii": "cafe",
		"utf-16le": "\xff\xfe\xe9\x00\x71\x67", "utf-16be": "\xfe\xff\x00\xe9\x67\x71",
	} {
		r.commit(0, func() { r.write(name+".md", text) })
	}
	s := importSite(t, r.dir)
	for _, p := range s.pages(s.Head().String()) {
		want := map[string]string{"latin-1": "café créé Été", "windows": "“d’été” €", "mixed": "café café", "ascii": "cafe", "utf-16le": "é東", "utf-16be": "é東"}[p.slug]
		harness.WantText(t, p.slug, p.content, want)
	}
	if len(s.report.Repaired) != 5 || len(s.report.LeftOut) != 0 {
		t.Errorf("repaired %v, left out %v", s.report.Repaired, s.report.LeftOut)
	}
	if _, _, err := importGit(t, r.dir, "--strict"); err == nil || !strings.Contains(err.Error(), "not in UTF-8") {
		t.Errorf("the error of a strict import is %v", err)
	}
}

func TestReportNamesWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	hash := r.commit(0, func() {
		for n := range 22 {
			r.write(fmt.Sprintf("bad%02d.md", n), "a\x00b")
		}
		r.write("latin\n1.md", "caf\xe9")
		r.write("good.md", "good")
		if err := os.Symlink("good.md", filepath.Join(r.dir, "link.md")); err != nil {
			t.Fatal(err)
		}
	})
	harness.WantCLI(t, 0, []string{"import", "git", "--db", filepath.Join(t.TempDir(), "import.db"), "--repo", r.dir},
		"imported 1 commits: 2 pages,", "left out, because the text cannot be kept: 22\n  bad00.md: it contains a NUL character, as binary files do (commit "+hash[:12]+")\n",
		"  bad19.md: ", "  and 2 more, which --json names\n", "converted to UTF-8: 1\n  \"latin\\n1.md\": it was in Windows-1252", "link.md: it is a symbolic link (")
}

// TestDraftsOfARepositoryAreHiddenFromVisitors: neither a draft nor the text of a draft is public
// at any moment.
func TestDraftsOfARepositoryAreHiddenFromVisitors(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	draft := func(title string) string {
		return "---\ntitle: " + title + "\ndraft: true\ntags: [one, two]\ndescription: D\n---\n"
	}
	r.commit(0, func() {
		r.write("a.md", draft("A"))
		r.write("b.md", "# B")
		r.write("_drafts/c.md", "# C")
		r.write("d.md", "---\ndate: 2999-01-01\nslug: /else/where\n---\n# D")
	})
	r.commit(10, func() { r.write("a.md", "# A, published"); r.write("b.md", draft("B")) })
	r.commit(20, func() { r.move("_drafts/c.md", "_posts/2020-01-01-c.md") })
	s := importSite(t, r.dir)
	s.compare()
	// b is a draft now, and so its past is hidden too.
	for i, want := range []string{"", "a=A, published", "a=A, published posts/2020-01-01-c=C"} {
		a := s.Must("", `query($at: AsOf) { contents(first: 100, asOf: $at, orderBy: {field: TITLE, direction: ASC}) { nodes { slug title } } }`, harness.Object{"at": s.line[i].asOf})
		var got []string
		titles := a.Texts("title", "contents", "nodes")
		for j, slug := range a.Texts("slug", "contents", "nodes") {
			got = append(got, slug+"="+titles[j])
		}
		harness.WantText(t, fmt.Sprint("what a visitor sees after commit ", i), strings.Join(got, " "), want)
	}
	if s.report.Drafts != 2 {
		t.Errorf("the report counts %d drafts", s.report.Drafts)
	}
	s.wantEvents(s.line[1], "Ada", "ContentUpdated", "ContentPublished", "ContentUnpublished", "ContentUpdated")
	a := s.Must(s.token, `{ contentBySlug(slug: "b") { status tags description } }`, nil)
	harness.WantText(t, "the draft", fmt.Sprint(a.At("contentBySlug")), "map[description:D status:DRAFT tags:[one two]]")
}

// TestCommitsOfTheFutureAreRecordedBeforeNow: a commit with a wrong clock does not date what comes
// after it.
func TestCommitsOfTheFutureAreRecordedBeforeNow(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	const century = 100 * 365 * 24 * 3600
	r.commit(0, func() { r.write("a.md", "1") })
	hash := r.commit(century, func() { r.write("a.md", "2") })
	r.commit(10, func() { r.write("a.md", "3") })
	r.commit(20, func() { r.write("a.md", "4") })
	last := r.commit(century+1, func() { r.write("a.md", "5") })
	before := time.Now()
	s := importSite(t, r.dir)
	after := time.Now()
	at := func(seconds int) string {
		return s.pages(time.Unix(int64(epoch+seconds), 0).UTC().Format(time.RFC3339Nano))[0].content
	}
	for seconds, want := range map[int]string{0: "1", 9: "1", 10: "3", 19: "3", 20: "4", 30: "4"} {
		harness.WantText(t, fmt.Sprint("as of second ", seconds), at(seconds), want)
	}
	harness.WantText(t, "as of now", s.pages(s.Head().String())[0].content, "5")
	a := s.Must(s.token, `{ events(filter: {types: ["ContentUpdated"]}) { nodes { recordedAt correlationId } } }`, nil)
	times, hashes := a.Texts("recordedAt", "events", "nodes"), a.Texts("correlationId", "events", "nodes")
	recorded, err := time.Parse(time.RFC3339Nano, times[len(times)-1])
	if err != nil || hashes[len(hashes)-1] != last || recorded.Before(before.Truncate(time.Microsecond)) || recorded.After(after) {
		t.Errorf("the last commit is recorded at %v (%v), and the import ran from %v to %v", recorded, err, before, after)
	}
	if len(s.report.Redated) != 2 || s.report.Redated[0].Commit != hash || s.report.Redated[0].Time.Year() < 2100 {
		t.Errorf("the report names %v", s.report.Redated)
	}
	harness.WantCLI(t, 0, []string{"import", "git", "--db", filepath.Join(t.TempDir(), "import.db"), "--repo", r.dir},
		"commits dated after now, recorded at the time of the next one or of now: 2\n  "+hash+" of 2123-")
}

// TestAuthorsWithoutAnAddressOfTheirOwnAreNotMerged: converters of histories write one address for
// everybody.
func TestAuthorsWithoutAnAddressOfTheirOwnAreNotMerged(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for i, author := range []string{
		"Ada <ada@example.org>", "Ada L. <ADA@example.org>", "Bob <devnull@localhost>", "Cyn <devnull@localhost>", "Bob <devnull@localhost>", "Dan <>", "Eva <>",
		"Eva <none@none>", "Fay <fay@host.(none)>", "Gus <no address>", "Dan <>",
	} {
		r.commit(i, func() { r.write("a.md", author) })
		r.git("", "commit", "-q", "--amend", "--no-edit", "--author="+author)
	}
	s := importSite(t, r.dir)
	a := s.Must(s.token, `{ events(first: 100, filter: {types: ["ContentCreated", "ContentUpdated"]}) { nodes { actor { displayName email } } } }`, nil)
	nodes, _ := a.At("events", "nodes").([]any)
	var authors []string
	for i := range nodes {
		authors = append(authors, a.Text("events", "nodes", i, "actor", "displayName")+" "+a.Text("events", "nodes", i, "actor", "email"))
	}
	harness.WantList(t, "authors", authors, "Ada ada@example.org", "Ada ada@example.org", "Bob author-2@unknown.invalid", "Cyn author-3@unknown.invalid",
		"Bob author-2@unknown.invalid", "Dan author-4@unknown.invalid", "Eva author-5@unknown.invalid", "Eva author-6@unknown.invalid",
		"Fay author-7@unknown.invalid", "Gus author-8@unknown.invalid", "Dan author-4@unknown.invalid")
}

func TestUnusualFilesBecomePages(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() {
		for _, file := range []string{
			"with space.md", "Ünïcödé/日本.md", `"quoted" 'name'.md`, "-dash.md", "__init__.md", "a_b.md", "a-b.md", "a--b.md", "a b.md", "dir.md/inner.md", ".md", ".hidden/.md", "UPPER.md", "upper.md",
			"line\nbreak.md", "tab\there.md", "back\\slash.md", "glob*[x]?.md", ":(top)magic.md", "😀.md", "deep/" + strings.Repeat("folder/", 20) + "x.md", strings.Repeat("long-", 45) + ".md",
			strings.Repeat("long-", 44) + "other.md", "index.md", "docs/index.md", "invalid-\xff.md", "a.b.md", "v1.2.3.md", "--.md", "_.md",
		} {
			r.write(file, "# Title of "+strings.ToValidUTF8(file, "?")+"\n")
		}
		for _, file := range []string{"UPPER.MD", "readme.markdown", "x.txt", "dir.md/other.txt"} {
			r.write(file, "no page\xff")
		}
		r.write("crlf.md", "# Windows\r\n\r\ntext\r\n")
		r.write("bom.md", "\ufeff# BOM\n")
		r.write("front.md", "---\ntitle: \"From front matter\"\n---\n\n# Heading\n")
		r.write("long.md", "# "+strings.Repeat("very long ", 50))
		if err := os.Symlink("index.md", filepath.Join(r.dir, "link.md")); err != nil {
			t.Fatal(err)
		}
	})
	tip := strings.TrimSpace(r.git("", "rev-parse", "HEAD"))
	submodule := func() { r.git("", "update-index", "--add", "--cacheinfo", "160000,"+tip+",module.md") }
	r.env = nil
	r.commit(10, func() {
		if err := os.Chmod(filepath.Join(r.dir, "index.md"), 0o700); err != nil { //nolint:gosec // executable is the point
			t.Fatal(err)
		}
	})
	r.commit(20, func() { r.move("a_b.md", "a-b-2.md"); r.remove("a-b.md") })
	r.commit(30, func() { r.remove("link.md"); r.write("link.md", "a file now") })
	submodule()
	r.git("", "commit", "-q", "-m", "submodule")
	s := importSite(t, r.dir)
	s.compare()
	s.wantEvents(s.line[1], "Ada")
	if _, _, err := importGit(t, r.dir, "--path", "no-such-folder"); err != nil {
		t.Errorf("a pathspec that matches nothing: %v", err)
	}
}

// A comma is a part of a pathspec. A list by commas matches nothing, and must not import nothing.
func TestPathspecsJoinedByCommasAreRefused(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.commit(0, func() { r.write("one.md", "one"); r.write("two.md", "two"); r.write("a,b.md", "both") })
	db, _, err := importGit(t, r.dir, "--path", "one.md,two.md")
	if err == nil || !strings.Contains(err.Error(), "give --path once for each pathspec") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(db); err == nil {
		t.Error("the refused import leaves a database")
	}
	if _, result, err := importGit(t, r.dir, "--path", "a,b.md", "--path", "two.md"); err != nil || result.Pages != 2 {
		t.Errorf("%d pages, error %v", result.Pages, err)
	}
}
