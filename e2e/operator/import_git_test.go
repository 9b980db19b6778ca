package operator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/markdown/html"
	"flightdeck/siteimport"
)

// TestImportOfARealRepository imports the repository that FLIGHTDECK_TEST_REPO names and compares
// every commit with git.
func TestImportOfARealRepository(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("FLIGHTDECK_TEST_REPO")
	if dir == "" {
		t.Skip("FLIGHTDECK_TEST_REPO names no repository")
	}
	s := importSite(t, dir)
	s.compare()
	t.Logf("%d commits, %d events", len(s.line), s.Log.Head().Position)
}

// repository runs git in one.
type repository struct {
	t   *testing.T
	dir string
	env []string
}

// git runs git and returns its output.
func (r repository) git(stdin string, args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(stdin)
	cmd.Env = append(slices.Clone(r.env), "PATH="+os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, stderr.Bytes())
	}
	return string(out)
}

// revision is a commit of the first-parent line.
type revision struct {
	hash string
	time time.Time
	// files has the blobs of the Markdown files, by path.
	files map[string]string
	// asOf is the point in history right after the commit's events.
	asOf string
}

// site is an imported repository, and a server on the database.
type site struct {
	*harness.Harness
	repository
	report siteimport.Report
	token  string
	line   []revision
	blobs  map[string]string
}

// importGit imports a repository into a new database.
func importGit(t *testing.T, dir string, flags ...string) (db string, result harness.Imported, err error) {
	t.Helper()
	db = filepath.Join(t.TempDir(), "import.db")
	args := append([]string{"import", "git", "--db", db, "--repo", dir, "--json"}, flags...)
	status, out, problems := harness.CLI(args...)
	if status != 0 {
		return db, result, errors.New(strings.TrimSuffix(strings.TrimPrefix(problems, "flightdeck: "), "\n"))
	}
	return db, result, json.Unmarshal([]byte(out), &result)
}

func importSite(t *testing.T, dir string) *site {
	t.Helper()
	db, result, err := importGit(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Harness: harness.StartOn(t, db), repository: repository{t: t, dir: dir}, report: result.Report, blobs: map[string]string{}}
	_, s.token = s.User(domain.Admin)
	s.read()
	if n := len(s.line[len(s.line)-1].files); len(result.LeftOut) == 0 && result.Pages != n {
		t.Errorf("the import says it has %d pages, git has %d", result.Pages, n)
	}
	return s
}

// read reads the line and its files from git, and finds the point in history of each commit.
func (s *site) read() {
	for entry := range strings.FieldsSeq(s.git("", "log", "--first-parent", "--reverse", "--format=%H:%ct", "HEAD")) {
		hash, seconds, _ := strings.Cut(entry, ":")
		at, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil {
			s.repository.t.Fatal(err)
		}
		s.line = append(s.line, revision{hash: hash, time: time.Unix(at, 0).UTC(), files: s.tree(hash)})
	}
	last := s.positions()
	position := "0"
	for i := range s.line {
		c := &s.line[i]
		position = cmp.Or(last[c.hash], position)
		c.asOf = c.time.Format(time.RFC3339)
		before, after := s.line[:i], s.line[i+1:]
		if slices.ContainsFunc(before, func(o revision) bool { return o.time.After(c.time) }) ||
			slices.ContainsFunc(after, func(o revision) bool { return !o.time.After(c.time) }) {
			c.asOf = position
		}
	}
	s.load()
}

// tree returns the Markdown files of a commit.
func (s *site) tree(hash string) map[string]string {
	files := map[string]string{}
	for entry := range strings.SplitSeq(s.git("", "ls-tree", "-r", "-z", hash), "\x00") {
		info, file, _ := strings.Cut(entry, "\t")
		if fields := strings.Fields(info); len(fields) == 3 && fields[0] != "120000" && fields[1] == "blob" && strings.HasSuffix(file, ".md") {
			files[file] = fields[2]
		}
	}
	return files
}

// load reads all blobs of the line.
func (s *site) load() {
	for _, c := range s.line {
		for _, oid := range c.files {
			s.blobs[oid] = ""
		}
	}
	out := s.git(strings.Join(slices.Collect(maps.Keys(s.blobs)), "\n"), "cat-file", "--batch")
	for out != "" {
		var header string
		header, out, _ = strings.Cut(out, "\n")
		fields := strings.Fields(header)
		if len(fields) != 3 {
			s.repository.t.Fatalf("git cat-file prints %.100q", header)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			s.repository.t.Fatal(err)
		}
		s.blobs[fields[0]], out = out[:size], out[size+1:]
	}
}

// positions returns the position of each commit's last event, by the commit's name.
func (s *site) positions() map[string]string {
	last := map[string]string{}
	after := any(nil)
	for {
		a := s.Must(s.token, `query($after: String) { events(first: 500, after: $after) { nodes { position correlationId } pageInfo { hasNextPage endCursor } } }`, harness.Object{"after": after})
		positions := a.Texts("position", "events", "nodes")
		for i, hash := range a.Texts("correlationId", "events", "nodes") {
			last[hash] = positions[i]
		}
		if more, _ := a.At("events", "pageInfo", "hasNextPage").(bool); !more {
			return last
		}
		after = a.Text("events", "pageInfo", "endCursor")
	}
}

// webPage is a content in an answer.
type webPage struct{ slug, content, title string }

// pages returns all contents as of a point in history, as an ADMIN sees them.
func (s *site) pages(asOf string) (all []webPage) {
	after := any(nil)
	for {
		a := s.Must(s.token, `query($at: AsOf, $after: String) { contents(first: 100, after: $after, asOf: $at) { nodes { slug content title } pageInfo { hasNextPage endCursor } } }`,
			harness.Object{"at": asOf, "after": after})
		slugs, contents, titles := a.Texts("slug", "contents", "nodes"), a.Texts("content", "contents", "nodes"), a.Texts("title", "contents", "nodes")
		for i := range slugs {
			all = append(all, webPage{slugs[i], contents[i], titles[i]})
		}
		if more, _ := a.At("contents", "pageInfo", "hasNextPage").(bool); !more {
			return all
		}
		after = a.Text("contents", "pageInfo", "endCursor")
	}
}

// compare compares every commit with its pages: each file has a page with its bytes, its title and
// the slug that it asks for, with a number if several files have that slug.
func (s *site) compare() {
	t := s.repository.t
	t.Helper()
	for _, c := range s.line {
		left, pages := maps.Clone(c.files), s.pages(c.asOf)
		for _, numbered := range []bool{false, true} {
			for _, p := range pages {
				if file, ok := s.fileOf(p, left, numbered); ok {
					delete(left, file)
				} else if numbered && !slices.Contains(s.slugsOf(c.files), p.slug) {
					t.Errorf("commit %s as of %s: the page %+.100q has no file of %q", c.hash, c.asOf, p, slices.Sorted(maps.Keys(c.files)))
				}
			}
		}
		if len(left) > 0 || len(pages) != len(c.files) {
			t.Errorf("commit %s as of %s: %d pages for %d files, none for %q", c.hash, c.asOf, len(pages), len(c.files), slices.Sorted(maps.Keys(left)))
		}
		if t.Failed() {
			return
		}
	}
}

func (s *site) slugsOf(files map[string]string) (slugs []string) {
	for file, oid := range files {
		slugs = append(slugs, siteimport.SlugOf(file, s.blobs[oid]))
	}
	return slugs
}

var slugNumber = regexp.MustCompile(`-\d+$`)

// fileOf returns a file that matches a page by slug, title and bytes.
func (s *site) fileOf(p webPage, files map[string]string, numbered bool) (string, bool) {
	slug := p.slug
	if numbered {
		slug = slugNumber.ReplaceAllString(slug, "")
	}
	for file, oid := range files {
		if siteimport.SlugOf(file, s.blobs[oid]) == slug && s.blobs[oid] == p.content && titleOf(file, p.content) == p.title {
			return file, true
		}
	}
	return "", false
}

// titleOf returns the title of a file on one line: the title of its text, or else its name.
func titleOf(file, text string) string {
	title := strings.ToValidUTF8(cmp.Or(html.PageTitle(text), path.Base(file)), "\uFFFD")
	title = strings.Join(strings.Fields(title), " ")
	return string([]rune(title)[:min(len([]rune(title)), domain.MaxTitle)])
}

// history returns the types of the events of the content that had a slug at a point in history.
func (s *site) history(slug, asOf string) string {
	a := s.Must(s.token, `query($slug: String!, $at: AsOf) { contentBySlug(slug: $slug, asOf: $at) { id } }`, harness.Object{"slug": slug, "at": asOf})
	b := s.Must(s.token, `query($id: ID!) { events(filter: {streamIds: [$id]}) { nodes { type } } }`, harness.Object{"id": a.Text("contentBySlug", "id")})
	return strings.Join(b.Texts("type", "events", "nodes"), " ")
}

// wantEvents checks the types and the actor of a commit's events, and the time of the last one.
func (s *site) wantEvents(c revision, author string, types ...string) {
	s.repository.t.Helper()
	a := s.Must(s.token, `{ events(first: 500) { nodes { type correlationId recordedAt actor { displayName } } } }`, nil)
	var got []string
	for i, hash := range a.Texts("correlationId", "events", "nodes") {
		if hash == c.hash {
			got = append(got, a.Text("events", "nodes", i, "type"))
			harness.WantText(s.repository.t, "actor", a.Text("events", "nodes", i, "actor", "displayName"), author)
			if len(got) == len(types) {
				harness.WantText(s.repository.t, "recordedAt", a.Text("events", "nodes", i, "recordedAt"), domain.InstantOf(c.time).String())
			}
		}
	}
	harness.WantList(s.repository.t, fmt.Sprint("events of ", c.hash), got, types...)
}
