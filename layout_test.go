package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"flightdeck/internal/layout"
)

// importRules lists the imports of each package beside the standard library: one row a package,
// with modules, or packages of this module without "flightdeck/". Tests are free. .golangci.yml has
// the same table for editors. The packages in wholeOfIt have no row.
var importRules = map[string][]string{
	"bounded":              {"github.com/hashicorp/golang-lru/v2"},
	"budget":               {},
	"durable":              {},
	"domain":               {"golang.org/x/net", "golang.org/x/text"},
	"policy":               {"domain"},
	"gitimport":            {},
	"markdown":             {"github.com/goccy/go-yaml", "github.com/pelletier/go-toml/v2"},
	"markdown/deck":        {"markdown", "markdown/html"},
	"markdown/html":        {"markdown", "github.com/microcosm-cc/bluemonday", "github.com/yuin/goldmark", "golang.org/x/net", "golang.org/x/text"},
	"eventstore":           {},
	"eventstore/block":     {"eventstore", "github.com/klauspost/compress"},
	"eventstore/sqlite":    {"durable", "eventstore", "eventstore/block", "github.com/gofrs/flock", "github.com/hashicorp/golang-lru/v2", "modernc.org/sqlite"},
	"eventstore/storetest": {"eventstore", "pgregory.net/rapid"},
	"cloudevents":          {"eventstore"},
	"auth":                 {"domain", "github.com/MicahParks/keyfunc/v3", "github.com/golang-jwt/jwt/v5", "golang.org/x/crypto", "golang.org/x/text", "golang.org/x/time"},
	"vault":                {"durable", "github.com/hashicorp/golang-lru/v2", "golang.org/x/crypto"},
	"prepared":             {"budget", "github.com/hashicorp/golang-lru/v2", "github.com/uptrace/bun"},
	"account":              {"domain", "eventstore", "prepared", "github.com/uptrace/bun"},
	"readmodel":            {"account", "budget", "domain", "eventstore", "policy", "prepared", "readmodel/token", "vault", "github.com/aymanbagabas/go-udiff", "github.com/uptrace/bun"},
	"readmodel/token":      {"golang.org/x/text"},
	"projection":           {"domain", "eventstore", "readmodel", "readmodel/token", "vault", "github.com/cenkalti/backoff/v5", "github.com/uptrace/bun"},
	"command": {
		"auth", "domain", "eventstore", "markdown/deck", "policy", "vault",
		"github.com/99designs/gqlgen", "github.com/google/uuid", "github.com/gosimple/slug",
	},
	"siteimport": {"command", "domain", "eventstore", "gitimport", "markdown", "markdown/html", "golang.org/x/text"},
	"graph": {
		"budget", "command", "domain", "eventstore", "graph/model", "markdown/deck", "projection", "readmodel",
		"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2",
	},
	"graph/errorcode": {"domain"},
	"graph/generate":  {"github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2"},
	"graph/model":     {"command", "domain", "eventstore", "markdown/deck", "projection", "readmodel", "github.com/99designs/gqlgen"},
	"resolvers": {
		"auth", "bounded", "budget", "command", "domain", "eventstore", "graph", "graph/errorcode", "graph/model", "markdown/deck", "markdown/html", "policy", "projection", "readmodel",
		"github.com/99designs/gqlgen", "github.com/cenkalti/backoff/v5", "github.com/vektah/gqlparser/v2",
	},
	"web": {
		"bounded", "budget", "graph/errorcode", "web/document", "web/fanout", "web/frame", "web/limit", "web/negotiate", "web/origin", "web/playground",
		"github.com/99designs/gqlgen", "github.com/gorilla/websocket", "github.com/vektah/gqlparser/v2", "golang.org/x/sync",
	},
	"web/document":   {"bounded", "graph/errorcode", "web/limit", "github.com/99designs/gqlgen", "github.com/vektah/gqlparser/v2"},
	"web/fanout":     {"github.com/99designs/gqlgen", "github.com/cenkalti/backoff/v5", "github.com/vektah/gqlparser/v2"},
	"web/frame":      {"github.com/gorilla/websocket"},
	"web/negotiate":  {"github.com/klauspost/compress"},
	"web/origin":     {"golang.org/x/net"},
	"web/playground": {"web/negotiate"},
	"web/limit": {
		"budget", "graph/errorcode",
		"github.com/99designs/gqlgen", "github.com/hashicorp/golang-lru/v2", "github.com/vektah/gqlparser/v2", "golang.org/x/time",
	},
	"web/browsertest": {"github.com/chromedp/cdproto", "github.com/chromedp/chromedp"},
	"internal/layout": {"golang.org/x/tools"},
	"internal/worldtest": {
		"account", "auth", "command", "domain", "eventstore", "eventstore/sqlite", "prepared", "projection", "readmodel",
		"github.com/99designs/gqlgen", "github.com/uptrace/bun",
	},
	"app": {
		"account", "auth", "command", "domain", "eventstore", "eventstore/sqlite", "graph", "policy", "prepared", "projection", "readmodel",
		"resolvers", "vault", "web", "web/document", "web/fanout",
		"github.com/99designs/gqlgen", "github.com/hashicorp/golang-lru/v2", "github.com/uptrace/bun", "github.com/vektah/gqlparser/v2",
	},
	"cli": {
		"account", "app", "auth", "cloudevents", "command", "domain", "durable", "eventstore", "eventstore/sqlite", "gitimport", "graph", "projection",
		"siteimport", "vault", "web", "web/document", "web/limit", "web/origin",
		"github.com/alecthomas/kong", "github.com/uptrace/bun", "golang.org/x/term",
	},
	"e2e/harness": {
		"app", "auth", "cli", "command", "domain", "eventstore", "siteimport", "web",
		"github.com/99designs/gqlgen", "github.com/alecthomas/kong", "github.com/gorilla/websocket",
	},
	"e2e/account":      {},
	"e2e/api":          {},
	"e2e/documents":    {},
	"e2e/operator":     {},
	"e2e/subscription": {},
}

// sqlRules says which tables the SQL of a package names: those that it changes and those that it
// only reads. Packages without a row name none; tests and the benchmark may name all.
var sqlRules = map[string]struct{ writes, reads []string }{
	"eventstore/sqlite": {
		writes: []string{
			"archive_blocks", "archive_dictionaries", "archive_names", "archive_streams", "archived_events", "events", "idempotency_keys", "log",
			"migrations", "snapshots", "streams",
		},
		reads: []string{"all_events", "checkpoints"},
	},
	"eventstore/storetest": {writes: []string{"checkpoints", "snapshots"}}, // to follow a log, and to damage one
	"account": {
		writes: []string{"api_keys", "credentials", "master_key", "person_keys", "sessions"},
		reads:  []string{"users"},
	},
	"projection": {
		writes: []string{"checkpoints", "rebuild"},
		reads:  []string{"content_search", "content_tags", "contents", "events", "presentation_search", "presentations", "slide_search", "slides", "streams", "users"},
	},
	"readmodel": {
		reads: []string{"all_events", "content_search", "content_tags", "contents", "presentation_search", "presentations", "slide_search", "slides", "users"},
	},
}

// wholeOfIt are the programs, which nothing imports.
var wholeOfIt = []string{module, module + "/bench"}

// riddleCeilings has, for each folder of code and each document, how many riddles 1,000 lines of
// its prose may hold: see layout.Riddles. A folder without a row may hold fewRiddles of each kind.
// Rows only go down, and go away at that rate.
var riddleCeilings = map[string]riddleCeiling{
	// The SQL of applied migrations is frozen, with its comments.
	"eventstore/sqlite/migration": {who: 5, what: 125, body: 5},
	"projection/migration":        {who: 87, what: 5, body: 5},
}

type riddleCeiling struct{ who, what, body int }

// longLineCeilings has the folders and documents in which lines of comments and prose are longer
// than maxColumns. Rows only go down, and go away when they are at none.
var longLineCeilings = map[string]int{
	"docs/decisions": 368,
}

// folderCeilings has the folders with more than maxFiles files, and circleCeilings those with
// larger circles than maxCircle. Rows only go down, and go away when they are there.
var (
	folderCeilings = map[string]int{}

	circleCeilings = map[string]int{}
)

// fewRiddles is the ceiling of each kind that every folder comes down to.
const fewRiddles = 5

const (
	module = "flightdeck"

	// Of hand-written files that are no tests.
	maxLines         = 600
	maxFunctionLines = 80
	maxFiles         = 30 // in a folder: see folderCeilings
	maxCircle        = 10 // files of a package that depend on each other: see circleCeilings

	maxColumns     = 100 // of comments and documents, with tabs of four
	maxRootEntries = 45
	maxRootFiles   = 2 // of Go
)

// rowOf names the row of a package in the tables of this file: its path in the module.
func rowOf(p layout.Package) string { return strings.TrimPrefix(p.Path, module+"/") }

// goPackages returns the packages of the module and of the benchmark's module. The tests of this
// file share one load, which takes seconds.
var goPackages = sync.OnceValues(func() ([]layout.Package, error) {
	return layout.Load(".", "./...", "./bench/...")
})

// eachPackage calls visit for every package of the two modules.
func eachPackage(t *testing.T, visit func(layout.Package)) {
	t.Helper()
	all, err := goPackages()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		visit(p)
	}
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	eachPackage(t, func(p layout.Package) {
		row := rowOf(p)
		seen[row] = true
		allowed, ok := importRules[row]
		if !ok && !slices.Contains(wholeOfIt, p.Path) {
			t.Errorf("%s has no row in importRules", p.Path)
		}
		for _, path := range p.Imports {
			if ok && !mayImport(allowed, path) {
				t.Errorf("%s may not import %s", p.Path, path)
			}
			if slices.Contains(wholeOfIt, path) {
				t.Errorf("%s may not import the program %s", p.Path, path)
			}
			if isEngine(p.Path) && isEngine(path) {
				t.Errorf("the engine %s may not import the engine %s", p.Path, path)
			}
		}
	})
	for row := range importRules {
		if !seen[row] {
			t.Errorf("importRules has a row for %s, which is no package", row)
		}
	}
}

// TestSQLNamesTheTablesOfItsPackage compares sqlRules with the SQL of every package. The names of
// the tables are those in the files of migrations.
func TestSQLNamesTheTablesOfItsPackage(t *testing.T) {
	t.Parallel()
	tables := tableNames(t)
	eachPackage(t, func(p layout.Package) {
		row := rowOf(p)
		if slices.Contains(wholeOfIt, p.Path) {
			return
		}
		rule := sqlRules[row]
		used := map[string]bool{}
		for _, file := range p.Files {
			for _, use := range file.Tables() {
				used[use.Table] = true
				switch {
				case !tables[use.Table] || slices.Contains(rule.writes, use.Table):
				case use.Writes:
					t.Errorf("%s/%s:%d: the SQL changes the table %s, which is another package's: call that one", row, use.File, use.Line, use.Table)
				case !slices.Contains(rule.reads, use.Table):
					t.Errorf("%s/%s:%d: the SQL reads the table %s: call the package that has it, or give sqlRules a reason", row, use.File, use.Line, use.Table)
				}
			}
		}
		for _, table := range slices.Concat(rule.writes, rule.reads) {
			if !used[table] {
				t.Errorf("sqlRules lets %s name the table %s, which its SQL does not", row, table)
			}
		}
	})
}

// tableNames returns the names of all tables that migrations make, and of the one that records
// them.
func tableNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{"migrations": true}
	made := regexp.MustCompile(`(?m)^CREATE (?:VIRTUAL )?(?:TABLE|VIEW) ([a-z_]+)`)
	for _, pattern := range []string{"*/migration/*.sql", "*/*/migration/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range made.FindAllStringSubmatch(string(text), -1) {
				names[found[1]] = true
			}
		}
	}
	return names
}

func mayImport(allowed []string, path string) bool {
	own, isOwn := strings.CutPrefix(path, module+"/")
	if isOwn {
		return slices.Contains(allowed, own)
	}
	root, _, _ := strings.Cut(path, "/")
	return !strings.Contains(root, ".") || slices.ContainsFunc(allowed, func(a string) bool {
		return path == a || strings.HasPrefix(path, a+"/")
	})
}

// isEngine reports whether a package is a storage engine.
func isEngine(path string) bool {
	name, ok := strings.CutPrefix(path, module+"/eventstore/")
	return ok && name != "storetest" && name != "block"
}

// TestLinterHasTheImportRules compares importRules with depguard's.
func TestLinterHasTheImportRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct{ Allow []string }
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	rules := config.Linters.Settings.Depguard.Rules
	if len(rules) != len(importRules) {
		t.Errorf(".golangci.yml has rules for %d packages, importRules for %d", len(rules), len(importRules))
	}
	for row, allowed := range importRules {
		want := []string{"$gostd"}
		for _, a := range allowed {
			if _, own := importRules[a]; own {
				a = module + "/" + a + "$" // of our own, the package without those below it
			}
			want = append(want, a)
		}
		if got := rules[row].Allow; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf(".golangci.yml allows %s to import %q, importRules %q", row, got, want)
		}
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	t.Parallel()
	eachPackage(t, func(p layout.Package) {
		if p.Doc == "" && len(p.Files) > 0 {
			t.Errorf("%s has no doc comment: say what it is for and where to start", p.Path)
		}
	})
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	t.Parallel()
	eachPackage(t, func(p layout.Package) {
		for _, f := range p.Files {
			if n := strings.Count(f.Text, "\n"); n > maxLines {
				t.Errorf("%s/%s has %d lines, more than %d: split it by noun or role", p.Path, f.Name, n, maxLines)
			}
			for _, fn := range f.Functions() {
				if fn.Lines > maxFunctionLines {
					t.Errorf("%s/%s: %s has %d lines, more than %d", p.Path, f.Name, fn.Name, fn.Lines, maxFunctionLines)
				}
			}
		}
	})
}

func TestFoldersAreSmall(t *testing.T) {
	t.Parallel()
	eachPackage(t, func(p layout.Package) {
		if most := cmp.Or(folderCeilings[rowOf(p)], maxFiles); len(p.Files) > most {
			t.Errorf("%s has %d hand-written files that are no tests, more than %d: make a package of some", p.Path, len(p.Files), most)
		}
	})
}

// TestFilesFormNoLargeCircle finds files of a package that can only be read together.
func TestFilesFormNoLargeCircle(t *testing.T) {
	t.Parallel()
	eachPackage(t, func(p layout.Package) {
		most := cmp.Or(circleCeilings[rowOf(p)], maxCircle)
		for _, circle := range p.Circles() {
			if len(circle) <= most {
				continue
			}
			t.Errorf("%s: %d files depend on each other, more than %d", p.Path, len(circle), most)
			for _, from := range circle {
				for _, to := range circle {
					if names := p.Uses(from, to); names != nil {
						t.Logf("%s uses of %s: %s", from, to, strings.Join(names, ", "))
					}
				}
			}
		}
	})
}

func TestOnlyProgramsReadTheirConfiguration(t *testing.T) {
	t.Parallel()
	configuration := regexp.MustCompile(`\bos\.(Getenv|LookupEnv|ExpandEnv|Args)\b|\bflag\.[A-Z]`)
	eachPackage(t, func(p layout.Package) {
		forTests := strings.HasSuffix(p.Path, "test") || strings.HasPrefix(p.Path, module+"/e2e")
		if forTests || p.Path == module+"/cli" || slices.Contains(wholeOfIt, p.Path) {
			return
		}
		for _, f := range p.Files {
			for _, found := range configuration.FindAllString(f.Text, -1) {
				t.Errorf("%s/%s uses %s: take it as an argument, and let package cli read it", p.Path, f.Name, found)
			}
		}
	})
}

func TestRootIsAHall(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var source []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".go" {
			source = append(source, entry.Name())
		}
	}
	if len(source) > maxRootFiles {
		t.Errorf("the root has %d Go files, more than %d: %s", len(source), maxRootFiles, strings.Join(source, ", "))
	}
	if len(entries) > maxRootEntries {
		t.Errorf("the root has %d entries, more than %d", len(entries), maxRootEntries)
	}
}

// TestEveryDependencyHasAReason keeps the record of dependencies complete, and free of those that
// are gone.
func TestEveryDependencyHasAReason(t *testing.T) {
	t.Parallel()
	required := map[string]bool{}
	for _, file := range []string{"go.mod", "bench/go.mod"} {
		var mod struct {
			Require []struct {
				Path     string
				Indirect bool
			}
		}
		if err := json.Unmarshal(goTool(t, "mod", "edit", "-json", file), &mod); err != nil {
			t.Fatal(err)
		}
		for _, r := range mod.Require {
			if !r.Indirect && r.Path != module {
				required[r.Path] = true
			}
		}
	}
	wantReasons(t, "docs/decisions/0001-dependencies.md", slices.Collect(maps.Keys(required)))
}

// TestTheWorkspaceBuildsTheProgramThatTheModuleBuilds compares the versions of the dependencies
// with and without go.work: the benchmark's module must not raise any.
func TestTheWorkspaceBuildsTheProgramThatTheModuleBuilds(t *testing.T) {
	t.Parallel()
	versions := func(env ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", ".")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if with, without := versions(), versions("GOWORK=off"); with != without {
		t.Errorf("with go.work the program is built from:\n%s\nwithout:\n%s", with, without)
	}
}

// TestEveryNpmPackageHasAReason does the same for what tests and the example take from npm.
func TestEveryNpmPackageHasAReason(t *testing.T) {
	t.Parallel()
	required := map[string]bool{}
	for _, file := range []string{"conformance/package.json", "examples/web/package.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var manifest struct{ Dependencies, DevDependencies map[string]string }
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatal(err)
		}
		exact := regexp.MustCompile(`^(npm:[@/a-z-]+@)?[0-9]+\.[0-9]+\.[0-9]+$`)
		for _, list := range []map[string]string{manifest.Dependencies, manifest.DevDependencies} {
			for name, version := range list {
				required[name] = true
				if !exact.MatchString(version) {
					t.Errorf("%s asks for %s %s: name one version", file, name, version)
				}
			}
		}
	}
	wantReasons(t, "docs/decisions/0029-npm-packages-for-tests.md", slices.Collect(maps.Keys(required)))
}

func goTool(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go %s: %s", strings.Join(args, " "), exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantReasons compares the first column of a record's table with the required paths.
func wantReasons(t *testing.T, file string, required []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(string(text), -1) {
		recorded = append(recorded, row[1])
	}
	for _, path := range required {
		if !slices.Contains(recorded, path) {
			t.Errorf("%s has no row for %s: why it is needed, its licence, who keeps it up", file, path)
		}
	}
	for _, path := range recorded {
		if !slices.Contains(required, path) {
			t.Errorf("%s has a row for %s, which nothing requires", file, path)
		}
	}
}

// TestCommentsAreNoRiddles counts clauses without a noun for their subject in comments and
// documents. To see those of a folder or document:
//
//	go test -v -run 'TestCommentsAreNoRiddles/web$' .
func TestCommentsAreNoRiddles(t *testing.T) {
	t.Parallel()
	lines := map[string]int{}
	found := map[string][]layout.Riddle{}
	eachProse(t, func(row string, p layout.Prose) {
		lines[row] += p.Lines()
		found[row] = append(found[row], p.Riddles()...)
	})
	for _, row := range slices.Sorted(maps.Keys(lines)) {
		t.Run(row, func(t *testing.T) {
			count := map[layout.Kind]int{}
			for _, r := range found[row] {
				count[r.Kind]++
				t.Logf("%s:%d: %s: %s", r.File, r.Line.Number, r.Kind, r.Line.Text)
			}
			ceiling, ok := riddleCeilings[row]
			if !ok {
				ceiling = riddleCeiling{fewRiddles, fewRiddles, fewRiddles}
			}
			for kind, most := range map[layout.Kind]int{layout.Who: ceiling.who, layout.What: ceiling.what, layout.Body: ceiling.body} {
				if n := count[kind]; n*1000 > most*lines[row]+999 {
					t.Errorf("%d lines of prose hold %d riddles of the kind %q, %d per 1,000: at most %d are allowed",
						lines[row], n, kind, n*1000/lines[row], most)
				}
			}
		})
	}
	for row := range riddleCeilings {
		if lines[row] == 0 {
			t.Errorf("riddleCeilings has a row for %s, which holds no prose", row)
		}
	}
}

// TestLinesEndAtTheColumn wants comments and documents wrapped at one column.
func TestLinesEndAtTheColumn(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	eachProse(t, func(row string, p layout.Prose) {
		for _, line := range p.LongLines(maxColumns) {
			found[row] = append(found[row], fmt.Sprintf("%s:%d: %s", p.File, line.Number, line.Text))
		}
	})
	for row, long := range found {
		if most := longLineCeilings[row]; len(long) > most {
			t.Errorf("%s: %d lines are longer than %d columns, at most %d may be:\n%s",
				row, len(long), maxColumns, most, strings.Join(long, "\n"))
		}
	}
}

// eachProse calls visit for the comments of every file and for every document, with the row that it
// belongs to in the tables of this file: its folder, or the file itself for documents of the root
// and of docs/.
func eachProse(t *testing.T, visit func(row string, p layout.Prose)) {
	t.Helper()
	err := layout.Walk(".", func(p layout.Prose) error {
		row := filepath.Dir(p.File)
		if filepath.Ext(p.File) == ".md" && (row == "." || row == "docs") {
			row = p.File
		}
		visit(row, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
