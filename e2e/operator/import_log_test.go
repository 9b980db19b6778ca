package operator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flightdeck/cloudevents"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// newWorld is a story after its last step, with batches and a part of the log in the archive, on a
// running server.
func newWorld(t *testing.T) *harness.Story {
	t.Helper()
	s := harness.NewStory(t)
	for _, step := range s.Steps {
		step()
	}
	s.Mutate(s.Tokens["AUTHOR"], "applyBatch", harness.Object{"commands": []harness.Object{
		{"createContent": harness.Object{"title": "In a batch", "content": "one\nline\u2028more <&> \"quoted\" 日本", "status": "PUBLISHED"}},
		{"createPresentation": harness.Object{"title": "Also in it", "markdown": harness.ThreeSlides}},
	}})
	s.Must("", `mutation { registerUser(input: {email: "later@example.org", displayName: "Later", password: "correct horse battery"}) { errors { message } } }`, nil)
	for _, id := range []string{"content", "deck"} {
		if _, err := s.Log.Archive(t.Context(), eventstore.StreamID(fmt.Sprint(s.IDs[id])), 4); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// exportOf exports a database, and returns the file and the command's result.
func exportOf(t *testing.T, db string) (file string, said harness.Exported) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "log.jsonl")
	status, stdout, stderr := harness.CLI("export", "--db", db, "--out", file, "--json")
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &said); err != nil || status != 0 || stdout != "" {
		t.Fatalf("export exits with %d (%v): %s%s", status, err, stdout, stderr)
	}
	return file, said
}

// allEvents reads a log.
func allEvents(t *testing.T, log *eventstore.Store) []eventstore.Event {
	t.Helper()
	var all []eventstore.Event
	for {
		events, err := log.Read(t.Context(), eventstore.Position(len(all)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return all
		}
		all = append(all, events...)
	}
}

// pageCursor finds the only part of an answer that differs between a log and its import.
var pageCursor = regexp.MustCompile(`"endCursor":"[^"]*"`)

// TestImportedLogGivesTheSameAnswers exports a log of a running server, imports it, and compares
// events, hashes, rows, and the answers as of every moment.
func TestImportedLogGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	from := newWorld(t)
	file, said := exportOf(t, from.AppOptions.DB)
	head := from.Log.Head()
	if said.Events != head.Position || said.Hash != head.Hash.String() || said.Lineage != from.Log.Lineage() {
		t.Errorf("export says %+v, the head is %+v", said, head)
	}
	keys := filepath.Join(t.TempDir(), "keys.jsonl")
	harness.WantCLI(t, 0, []string{"export", "--db", from.AppOptions.DB, "--out", file + ".again", "--keys", keys}, "exported")
	db := filepath.Join(t.TempDir(), "imported.db")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", db, "--file", file, "--keys", keys}, "another master key", "--master-key-file", "nothing was imported")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", db, "--file", file, "--keys", file}, "has no keys", "nothing was imported")
	if err := os.WriteFile(db+".key", harness.ReadFile(t, from.AppOptions.DB+".key"), 0o600); err != nil {
		t.Fatal(err)
	}
	harness.WantCLI(t, 0, []string{"import", "log", "--db", db, "--file", file, "--keys", keys}, "imported "+from.Head().String()+" events", head.Hash.String(), "user create")
	harness.WantCLI(t, 0, []string{"verify", "--db", db, "--head", head.Hash.String()}, "all follow from the log", "continues the given head")
	to := &harness.Story{Harness: harness.StartOn(t, db), IDs: from.IDs, Tokens: map[string]string{}}
	if got, want := allEvents(t, to.Log), allEvents(t, from.Log); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("the log is\n%v\nwant\n%v", got, want)
	}
	if to.Log.Lineage() == from.Log.Lineage() {
		t.Error("the log and its import have one lineage")
	}
	a := from.Must(from.Tokens["ADMIN"], `{ viewer { id } }`, nil)
	session, err := to.Commands.Begin(t.Context(), a.Text("viewer", "id"), false)
	if err != nil {
		t.Fatal(err)
	}
	admin := session.Token
	ask := func(s *harness.Story, token string, at any) string {
		return pageCursor.ReplaceAllString(s.Everything(token, at), "")
	}
	moments := []any{nil, "2001-01-01T00:00:00Z"}
	for _, e := range allEvents(t, from.Log) {
		moments = append(moments, e.Position.String(), domain.InstantOf(e.RecordedAt).String())
	}
	for _, at := range moments {
		if got, want := ask(to, admin, at), ask(from, from.Tokens["ADMIN"], at); got != want {
			t.Errorf("as of %v: %s", at, harness.FirstDifference(got, want))
		}
		if got, want := ask(to, "", at), ask(from, "", at); got != want {
			t.Errorf("as of %v for a visitor: %s", at, harness.FirstDifference(got, want))
		}
	}
	wantSameSubscription(t, from, to, admin)
	to.Refused("ValidationError", "", "logIn", harness.Object{"email": "later@example.org", "password": "correct horse battery"})
	to.Mutate(admin, "createContent", harness.Object{"title": "A way of its own", "content": "x"})
	harness.WantCLI(t, 0, []string{"verify", "--db", db, "--head", head.Hash.String()}, "all follow from the log", "continues the given head")
}

// TestAnExportAloneTellsNoNames: the file holds no personal data, and after an import without keys
// every user is a forgotten user.
func TestAnExportAloneTellsNoNames(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	h.CreateContent(token, harness.Object{"status": "PUBLISHED"})
	file, _ := exportOf(t, h.AppOptions.DB)
	if text := string(harness.ReadFile(t, file)); strings.Contains(text, "example.org") || strings.Contains(text, "author-") {
		t.Errorf("the export holds personal data: %s", text)
	}
	db := filepath.Join(t.TempDir(), "imported.db")
	harness.WantCLI(t, 0, []string{"import", "log", "--db", db, "--file", file}, "imported 2 events", "forgotten user here", "--keys")
	harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log")
	a := harness.StartOn(t, db).Must("", `{ contents { nodes { author { displayName } } } }`, nil)
	harness.WantText(t, "the author", a.Text("contents", "nodes", 0, "author", "displayName"), "forgotten user")
}

// TestKeysThatWereCutAreRefused at every line: a person whose key is missing would count as
// forgotten.
func TestKeysThatWereCutAreRefused(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	for _, role := range []domain.Role{domain.Admin, domain.Author, domain.Viewer} {
		h.User(role)
	}
	dir := t.TempDir()
	file, keys, cut, db := filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "keys.jsonl"), filepath.Join(dir, "cut.jsonl"), filepath.Join(dir, "imported.db")
	harness.WantCLI(t, 0, []string{"export", "--db", h.AppOptions.DB, "--out", file, "--keys", keys}, "exported 3 events")
	if err := os.WriteFile(db+".key", harness.ReadFile(t, h.AppOptions.DB+".key"), 0o600); err != nil {
		t.Fatal(err)
	}
	imports := []string{"import", "log", "--db", db, "--file", file, "--keys", cut}
	lines := bytes.SplitAfter(harness.ReadFile(t, keys), []byte("\n"))
	if len(lines) != 6 { // a header, three keys, an end, and nothing after it
		t.Fatalf("the keys are %q", lines)
	}
	for n := range lines {
		if err := os.WriteFile(cut, bytes.Join(lines[:n], nil), 0o600); err != nil {
			t.Fatal(err)
		}
		switch n {
		case 0:
			harness.WantCLI(t, 1, imports, "has no keys", "nothing was imported")
		case len(lines) - 1:
			harness.WantCLI(t, 0, imports, "imported 3 events")
		default:
			harness.WantCLI(t, 1, imports, fmt.Sprintf("cut short after line %d", n), "export the keys again", "nothing was imported")
		}
	}
	without := append(append([][]byte{}, lines[:2]...), lines[3:]...)
	if err := os.WriteFile(cut, bytes.Join(without, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	imports[3] = filepath.Join(dir, "other.db")
	harness.WantCLI(t, 1, append(imports, "--master-key-file", db+".key"), "line 4: ", "of 3 people", "nothing was imported")
}

// wantSameSubscription compares the events that subscribers of both logs receive from the
// beginning.
func wantSameSubscription(t *testing.T, from, to *harness.Story, admin string) {
	t.Helper()
	const query = `subscription($lineage: ID) { eventAppended(after: "0", lineage: $lineage) { id position type streamId streamVersion recordedAt data actor { id displayName } } }`
	here := from.Listen(from.Tokens["ADMIN"], query, nil)
	there := to.Listen(admin, query, nil)
	for range from.Log.Head().Position {
		harness.WantText(t, "heard", string(there.Next().Raw), string(here.Next().Raw))
	}
	old := to.Listen(admin, query, harness.Object{"lineage": from.Log.Lineage()})
	harness.WantText(t, "a cursor of the original", old.Refused(), "BAD_USER_INPUT")
}

// TestExportOfAnImportIsTheSame but for the lineage, also through a pipe.
func TestExportOfAnImportIsTheSame(t *testing.T) {
	t.Parallel()
	from := harness.Written(t)
	file, said := exportOf(t, from)
	binary, db := harness.Binary(t), filepath.Join(t.TempDir(), "imported.db")
	pipe := exec.CommandContext(t.Context(), "sh", "-c", `"$0" export --db "$1" | "$0" import log --db "$2" --json`, binary, from, db)
	out, err := pipe.Output()
	var r harness.ImportedLog
	if err := errors.Join(err, json.Unmarshal(out, &r)); err != nil || r.Events != 8 || r.Hash != said.Hash || r.From != said.Lineage || r.Lineage == r.From || r.Bytes == 0 {
		t.Fatalf("import says %s (%v)", out, err)
	}
	again, _ := exportOf(t, db)
	harness.WantText(t, "the export", strings.ReplaceAll(string(harness.ReadFile(t, again)), r.Lineage, r.From), string(harness.ReadFile(t, file)))
}

func TestAnEmptyLogIsExportedAndImported(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	file, _ := exportOf(t, h.AppOptions.DB)
	db := filepath.Join(t.TempDir(), "imported.db")
	for range 2 { // a log without events may be replaced
		harness.WantCLI(t, 0, []string{"import", "log", "--db", db, "--file", file}, "imported 0 events")
	}
	harness.WantCLI(t, 0, []string{"verify", "--db", db}, "0 events fit")
}

// target is the path of a database that does not exist.
type target struct {
	t  testing.TB
	db string
}

func newTarget(t *testing.T) target { return target{t, filepath.Join(t.TempDir(), "target.db")} }

// refuses imports an export that must be refused, checks that no file is left of it, and returns
// the output.
func (x target) refuses(export []byte) string {
	x.t.Helper()
	file := filepath.Join(filepath.Dir(x.db), "bad.jsonl")
	if err := os.WriteFile(file, export, 0o600); err != nil {
		x.t.Fatal(err)
	}
	status, stdout, stderr := harness.CLI("import", "log", "--db", x.db, "--file", file)
	if status != 1 || stdout != "" || !strings.Contains(stderr, "nothing was imported") {
		x.t.Fatalf("the import exits with %d: %s%s", status, stdout, stderr)
	}
	left, err := filepath.Glob(x.db + "*")
	if want := []string{x.db + ".lock"}; err != nil || !slices.Equal(left, want) {
		x.t.Fatalf("there are %q, error %v", left, err)
	}
	return stderr
}

// TestExportThatWasCutIsRefused at every line, and at some bytes between them.
func TestExportThatWasCutIsRefused(t *testing.T) {
	t.Parallel()
	file, _ := exportOf(t, harness.Written(t))
	data, x := harness.ReadFile(t, file), newTarget(t)
	for n := 0; n < len(data); {
		line := bytes.Count(data[:n], []byte("\n"))
		for _, cut := range []int{n, n + 1, n + (bytes.IndexByte(data[n:], '\n')+1)/2} {
			if said := x.refuses(data[:cut]); line > 0 && !strings.Contains(said, fmt.Sprintf("cut short after line %d: export again", line)) {
				t.Errorf("cut at byte %d, after line %d, the import says %s", cut, line, said)
			}
		}
		n += bytes.IndexByte(data[n:], '\n') + 1
	}
	if said := x.refuses(nil); !strings.Contains(said, "is empty, or was cut short in its first line") {
		t.Errorf("of nothing the import says %s", said)
	}
}

// TestExportThatWasChangedIsRefused flips a byte of each line. The refusal names the line, or the
// next one if the byte was the line's end. A change in the first line may also show as a line of
// another log.
func TestExportThatWasChangedIsRefused(t *testing.T) {
	t.Parallel()
	file, _ := exportOf(t, harness.Written(t))
	data, x := harness.ReadFile(t, file), newTarget(t)
	line, begin := 0, 0
	for text := range bytes.Lines(data) {
		line++
		at, flip := begin+rand.IntN(len(text)), byte(1+rand.IntN(255))
		changed := bytes.Clone(data)
		changed[at] ^= flip
		said := x.refuses(changed)
		if !strings.Contains(said, fmt.Sprintf("line %d: ", line)) && (line > 1 || !strings.Contains(said, "line 2: it is of the log")) &&
			!strings.Contains(said, fmt.Sprintf("cut short after line %d:", line-1)) {
			t.Errorf("byte %d of line %d, %q instead of %q: %s", at, line, changed[at], data[at], said)
		}
		begin += len(text)
	}
	harness.WantCLI(t, 0, []string{"import", "log", "--db", x.db, "--file", file}, "imported 8 events")
}

// relinked returns an export of changed events whose hash chain fits.
func relinked(t *testing.T, events []eventstore.Event, change func([]eventstore.Event)) []byte {
	t.Helper()
	events = slices.Clone(events)
	change(events)
	var out bytes.Buffer
	w := cloudevents.NewWriter(&out, "FORGED")
	var previous eventstore.Hash
	for _, e := range events {
		e.Hash = eventstore.Link(previous, e)
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
		previous = e.Hash
	}
	if _, err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEventsThatCannotBeFoldedAreRefused(t *testing.T) {
	t.Parallel()
	h := harness.StartOn(t, harness.Written(t))
	events, x := allEvents(t, h.Log), newTarget(t)
	for _, c := range []struct {
		change func([]eventstore.Event)
		said   []string
	}{
		{func(e []eventstore.Event) { e[2].Type = "ContentSung" }, []string{"line 3: ", "ContentSung", "or a later one"}},
		{func(e []eventstore.Event) { e[2].SchemaVersion = 99 }, []string{"line 3: ", "schema version 99", "or a later one"}},
		{func(e []eventstore.Event) { e[2].Data = e[2].Data[:len(e[2].Data)/2] }, []string{"line 3: ", "unexpected end of JSON", "flightdeck verify"}},
		{func(e []eventstore.Event) { e[2].Data = []byte("[]") }, []string{"line 3: ", "cannot unmarshal", "flightdeck verify"}},
		{func(e []eventstore.Event) { e[4].ID = e[1].ID }, []string{"line 5: ", "constraint", "flightdeck verify"}},
		{func(e []eventstore.Event) { e[2].Version = 7 }, []string{"line 3: ", "event 7 of stream", "export again"}},
		{func(e []eventstore.Event) { e[2].Stream.Type = "USER" }, []string{"line 3: ", "of type USER", "export again"}},
		{func(e []eventstore.Event) { e[1].Stream.Type = "SONG" }, []string{"line 2: ", "SONG", "unknown to this version"}},
	} {
		said := x.refuses(relinked(t, events, c.change))
		for _, words := range c.said {
			if !strings.Contains(said, words) {
				t.Errorf("the import does not say %q: %s", words, said)
			}
		}
	}
}

func TestImportOfALogNeedsAnEmptyOne(t *testing.T) {
	t.Parallel()
	db := harness.Written(t)
	file, _ := exportOf(t, db)
	before := harness.WantCLI(t, 0, []string{"verify", "--db", db})
	harness.WantCLI(t, 1, []string{"import", "log", "--db", db, "--file", file}, "8 events", "--db", "nothing was imported")
	harness.WantText(t, "the log", harness.WantCLI(t, 0, []string{"verify", "--db", db}), before)
	running := harness.Start(t)
	harness.WantCLI(t, 1, []string{"import", "log", "--db", running.AppOptions.DB, "--file", file}, "in use by process")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", file, "--file", file}, "not a database", "--db")
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", fresh, "--file", file + "x"}, file+"x", "--file")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", fresh, "--file", t.TempDir()}, "directory")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", fresh, "--file", db}, "line 1: ", "a file that flightdeck export wrote")
	harness.WantCLI(t, 1, []string{"import", "log", "--db", filepath.Join(t.TempDir(), "none", "x.db"), "--file", file}, "folder")
}

// TestImportsThatEndEarlyLeaveNothing kills or interrupts an import that waits for more input, and
// lets others run out of room. No database is left, and the next import works.
func TestImportsThatEndEarlyLeaveNothing(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	author, _ := h.Actor(domain.Author)
	h.AppendContents(author, 3000)
	file, said := exportOf(t, h.AppOptions.DB)
	data, binary := harness.ReadFile(t, file), harness.Binary(t)
	db := filepath.Join(t.TempDir(), "imported.db")
	rounds := 4
	if harness.Long() {
		rounds = 20
	}
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), binary, "import", "log", "--db", db)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var problems bytes.Buffer
		cmd.Stderr = &problems
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The import reads as it is written to, and waits for more.
		if _, err := in.Write(data[:len(data)*(round+1)/(rounds+1)]); err != nil {
			t.Fatal(err)
		}
		harness.Await(t, "the import's own file", func() bool { return size(db+".importing") > 0 })
		signal := os.Kill
		if round%4 == 3 {
			signal = os.Interrupt
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		if err == nil || signal == os.Interrupt && !strings.Contains(problems.String(), "nothing was imported") {
			t.Errorf("ends with %v: %s", err, problems.String())
		}
		if _, err := os.Stat(db); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("round %d left a database, error %v", round, err)
		}
	}
	for _, blocks := range []int{100, 1000, 2000} { // of 512 bytes or 1024, fewer than it needs
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f "$0"; exec "$@"`, fmt.Sprint(blocks), binary, "import", "log", "--db", db, "--file", file)
		out, err := cmd.CombinedOutput()
		left, globbed := filepath.Glob(db + "*")
		left = slices.DeleteFunc(left, func(name string) bool { return name == db+".key" }) // of those that were killed
		if err == nil || !strings.Contains(string(out), "make room on the disk") || globbed != nil || !slices.Equal(left, []string{db + ".lock"}) {
			t.Errorf("with %d blocks it ends with %v and leaves %q: %s", blocks, err, left, out)
		}
	}
	harness.WantCLI(t, 0, []string{"import", "log", "--db", db, "--file", file}, "imported "+said.Events.String()+" events", said.Hash)
	harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log")
}

// TestExportOfARealRepository exports and imports the log of the repository in
// FLIGHTDECK_TEST_REPO.
func TestExportOfARealRepository(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("FLIGHTDECK_TEST_REPO")
	if dir == "" {
		t.Skip("FLIGHTDECK_TEST_REPO names no repository")
	}
	db, _, err := importGit(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	file, said := exportOf(t, db)
	x := newTarget(t)
	harness.WantCLI(t, 0, []string{"import", "log", "--db", x.db, "--file", file}, "imported "+said.Events.String()+" events", said.Hash)
	harness.WantCLI(t, 0, []string{"verify", "--db", x.db, "--head", said.Hash}, "all follow from the log", "continues")
	pages := func(db string) map[string]any {
		return harness.StartOn(t, db).Must("", `{ contents(first: 100) { totalCount nodes { slug version content createdAt updatedAt history { totalCount } } } }`, nil).Data
	}
	if got, want := fmt.Sprint(pages(x.db)), fmt.Sprint(pages(db)); got != want {
		t.Error(harness.FirstDifference(got, want))
	}
}
