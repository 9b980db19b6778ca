package documents

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the root of the repository, from the folder in which the tests run.
const root = "../.."

// documents returns the texts of README.md and its neighbours and of docs/, by their paths from the
// root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file) //nolint:gosec // a file of the repository
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			texts[filepath.ToSlash(name)] = string(text)
		}
	}
	return texts
}

// tree is the repository: its files and folders, and the words of its source.
type tree struct {
	paths map[string]bool // from the root, with slashes
	words map[string]bool
}

var word = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// readTree reads the repository without the documents whose names are to be found in it.
func readTree(t *testing.T) tree {
	t.Helper()
	all := tree{map[string]bool{}, map[string]bool{}}
	source := map[string]bool{".go": true, ".graphql": true, ".sql": true, ".yml": true, ".json": true, ".js": true, ".ts": true, ".mod": true}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all.paths[filepath.ToSlash(name)] = true
		if entry.IsDir() && slices.Contains([]string{".git", "node_modules", "testdata"}, entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || !source[filepath.Ext(path)] && !strings.HasPrefix(name, ".ci") {
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // a file of the repository
		for _, w := range word.FindAllString(foreignList.ReplaceAllString(string(text), ""), -1) {
			all.words[w] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// has reports whether a path is in the tree; <noun> and * stand for anything within a name.
func (t tree) has(path string) bool {
	path = strings.TrimSuffix(path, "/")
	if t.paths[path] {
		return true
	}
	pattern := regexp.MustCompile(`<[a-z]+>`).ReplaceAllString(path, "*")
	for p := range t.paths {
		if ok, err := filepath.Match(pattern, p); err == nil && ok {
			return true
		}
	}
	return false
}

// hasFile reports whether a file of this name is anywhere in the tree.
func (t tree) hasFile(name string) bool {
	pattern := regexp.MustCompile(`<[a-z]+>`).ReplaceAllString(name, "*")
	for p := range t.paths {
		if ok, err := filepath.Match(pattern, p[strings.LastIndexByte(p, '/')+1:]); err == nil && ok {
			return true
		}
	}
	return false
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	inCode  = regexp.MustCompile("`([^`\n]+)`")
	isPath  = regexp.MustCompile(`^[A-Za-z0-9_.<>*-]+(/[A-Za-z0-9_.<>*-]+)*/?$`)
	isFile  = regexp.MustCompile(`^[A-Za-z0-9_.<>*-]+\.(go|md|sql|graphql|sh|yml)$`)
	isName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*(\(\))?$`)
	mdLink  = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	heading = regexp.MustCompile(`(?m)\A# (\d+)\. (.+)$`)
)

// foreign are names in documents that the source does not have: those of other libraries, of system
// calls and SQL functions, and of things that were considered and not made.
var foreign = []string{
	"PreparedMessage", "AroundFields", "fsync", "fdatasync", "concat_ws", "contents_id_g3", "ApiKeyCreated", "FLIGHTDECK_LIMIT_DEPTH",
}

// foreignList is the list above, whose names would else be in the source.
var foreignList = regexp.MustCompile(`(?s)var foreign = .*?\n}\n`)

// TestEveryPathInADocumentExists looks at every word in backticks that can be a path of the
// repository: one whose first part is an entry of the root, and the name of a source file.
func TestEveryPathInADocumentExists(t *testing.T) {
	t.Parallel()
	repository := readTree(t)
	found := 0
	for document, text := range documents(t) {
		for _, match := range inCode.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			path := match[1]
			first, _, isDeep := strings.Cut(path, "/")
			switch {
			case !isPath.MatchString(path):
			case isDeep && first != "." && repository.paths[first]:
				if found++; !repository.has(path) {
					t.Errorf("%s names the path %s, which does not exist", document, path)
				}
			case !isDeep && isFile.MatchString(path):
				if found++; !repository.hasFile(path) {
					t.Errorf("%s names the file %s, which does not exist", document, path)
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("the documents name %d paths: are they still found?", found)
	}
}

// TestEveryNameInADocumentIsInTheSource looks at every word in backticks that is an identifier, or
// several with dots between them: tests, types, functions, fields, tables and flags.
func TestEveryNameInADocumentIsInTheSource(t *testing.T) {
	t.Parallel()
	repository := readTree(t)
	for document, text := range documents(t) {
		for _, match := range inCode.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if !isName.MatchString(match[1]) || isFile.MatchString(match[1]) {
				continue
			}
			for _, part := range word.FindAllString(match[1], -1) {
				if !repository.words[part] && !slices.Contains(foreign, match[1]) {
					t.Errorf("%s names %s, but %s is not in the source", document, match[1], part)
				}
			}
		}
	}
}

// TestEveryLinkOfADocumentLeadsSomewhere follows the links that stay in the repository.
func TestEveryLinkOfADocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for document, text := range documents(t) {
		for _, match := range mdLink.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(document), match[1])); err != nil {
				t.Errorf("%s links to %s: %v", document, match[1], err)
			}
		}
	}
}

// TestEveryDecisionIsInTheIndex compares the titles of the decisions with their index.
func TestEveryDecisionIsInTheIndex(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	index := texts["docs/decisions/README.md"]
	for _, document := range slices.Sorted(maps.Keys(texts)) {
		name, isDecision := strings.CutPrefix(document, "docs/decisions/")
		if !isDecision || name == "README.md" {
			continue
		}
		title := heading.FindStringSubmatch(texts[document])
		if title == nil || !strings.HasPrefix(name, strings.Repeat("0", 4-len(title[1]))+title[1]+"-") {
			t.Errorf("%s does not begin with its number and its title", document)
			continue
		}
		if row := "| " + title[1] + " | [" + title[2] + "](" + name + ") |"; !strings.Contains(index, row) {
			t.Errorf("docs/decisions/README.md has no row %s", row)
		}
	}
}

// TestEveryValueInAContextIsDocumented compares docs/context.md with the keys in the source.
func TestEveryValueInAContextIsDocumented(t *testing.T) {
	t.Parallel()
	put := regexp.MustCompile(`context\.WithValue\([^,]+, (\w+)\{\}`)
	text := documents(t)["docs/context.md"]
	keys := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "storetest") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // a file of the repository
		for _, match := range put.FindAllStringSubmatch(string(source), -1) {
			keys[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range keys {
		if !strings.Contains(text, "`"+key+"`") {
			t.Errorf("docs/context.md does not name %s, a key of a value in a context", key)
		}
	}
	if rows := strings.Count(text, "Key` |"); rows != len(keys) {
		t.Errorf("docs/context.md has %d rows, the source %d keys", rows, len(keys))
	}
}
