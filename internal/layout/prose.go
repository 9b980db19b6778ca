package layout

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Line is a line of prose without the marks of its comment.
type Line struct {
	Number int // in the file, from 1
	Text   string
	Raw    string // the whole line of the file, as it stands there
}

// Paragraph holds consecutive lines of prose: the sentences in it may run over several lines. Lines
// without text and directives (//go:embed, //nolint) end a paragraph.
type Paragraph []Line

// Prose is the running text of one file: its comments, or the paragraphs of a document.
type Prose struct {
	File       string // as Read got it
	Paragraphs []Paragraph
}

// Lines counts the lines of prose.
func (p Prose) Lines() int {
	n := 0
	for _, paragraph := range p.Paragraphs {
		n += len(paragraph)
	}
	return n
}

var generated = regexp.MustCompile(`(?m)^(//|--|#) Code generated .* DO NOT EDIT\.$`)

// IsGenerated reports whether a program wrote the file with this text.
func IsGenerated(text []byte) bool { return generated.Match(text) }

// readers has a function for each kind of file that holds prose.
var readers = map[string]func(text string) ([]Paragraph, error){
	".go":      readGo,
	".md":      readMarkdown,
	".sql":     func(text string) ([]Paragraph, error) { return readMarked(text, "--"), nil },
	".graphql": func(text string) ([]Paragraph, error) { return readMarked(text, "#"), nil },
	".sh":      func(text string) ([]Paragraph, error) { return readMarked(text, "#"), nil },
	".yml":     func(text string) ([]Paragraph, error) { return readMarked(text, "#"), nil },
	".js":      readScript,
	".ts":      readScript,
}

// kind is the extension of a file's name, and .sh for the scripts that have none.
func kind(file string) string {
	if ext := filepath.Ext(file); ext != "" && filepath.Base(file) != ext {
		return ext
	}
	if strings.Contains(filepath.ToSlash(file), ".ci/") {
		return ".sh"
	}
	return ""
}

// Read returns the prose of a file. A file of a kind that holds none, and a generated one, has no
// paragraphs.
func Read(file string) (Prose, error) {
	read := readers[kind(file)]
	if read == nil {
		return Prose{File: file}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Prose{}, err
	}
	if IsGenerated(text) {
		return Prose{File: file}, nil
	}
	paragraphs, err := read(string(text))
	if err != nil {
		return Prose{}, fmt.Errorf("%s: %w", file, err)
	}
	return Prose{file, paragraphs}, nil
}

// Walk calls visit for the prose of every file below root, in the order of their names. It leaves
// out folders of data and of built files (testdata, node_modules, lib, build, dist, gql), and
// hidden ones except .ci.
func Walk(root string, visit func(Prose) error) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		prose, err := Read(path)
		if err != nil || len(prose.Paragraphs) == 0 {
			return err
		}
		return visit(prose)
	})
}

func skipped(folder string) bool {
	switch folder {
	case "testdata", "node_modules", "lib", "build", "dist", "gql":
		return true
	case ".ci":
		return false
	}
	return strings.HasPrefix(folder, ".")
}

// directive matches a comment that a program reads.
var directive = regexp.MustCompile(`^//([a-z0-9]+:|nolint|#)|^// ?(Output|Unordered output):|^//line `)

// readGo returns the comments of a Go file.
func readGo(text string) ([]Paragraph, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	raw := strings.Split(text, "\n")
	var all []Paragraph
	for _, group := range parsed.Comments {
		var now Paragraph
		end := func() {
			if len(now) > 0 {
				all = append(all, now)
				now = nil
			}
		}
		for _, comment := range group.List {
			if directive.MatchString(comment.Text) {
				end()
				continue
			}
			first := files.Position(comment.Slash).Line
			for i, line := range strings.Split(comment.Text, "\n") {
				line = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(line, "//"), "/*"), "*/"))
				if line == "" {
					end()
					continue
				}
				now = append(now, Line{first + i, line, raw[first+i-1]})
			}
		}
		end()
	}
	return all, nil
}

// readMarked returns the lines that begin with a mark, and those that end in a comment after a
// space and the mark.
func readMarked(text, mark string) []Paragraph {
	var all []Paragraph
	var now Paragraph
	for i, raw := range strings.Split(text, "\n") {
		line := strings.TrimSpace(raw)
		comment, whole := strings.CutPrefix(line, mark)
		comment = strings.TrimSpace(comment)
		if !whole || comment == "" || strings.HasPrefix(comment, "!") {
			if len(now) > 0 {
				all = append(all, now)
				now = nil
			}
			if _, comment, trailing := strings.Cut(line, " "+mark+" "); trailing && !whole {
				all = append(all, Paragraph{{i + 1, strings.TrimSpace(comment), raw}})
			}
			continue
		}
		now = append(now, Line{i + 1, comment, raw})
	}
	if len(now) > 0 {
		all = append(all, now)
	}
	return all
}

// blockComment matches a comment of a script that begins a line.
var blockComment = regexp.MustCompile(`(?ms)^[ \t]*/\*.*?\*/`)

// readScript returns the comments of JavaScript and TypeScript.
func readScript(text string) ([]Paragraph, error) {
	marked := blockComment.ReplaceAllStringFunc(text, func(comment string) string {
		lines := strings.Split(comment, "\n")
		for i, line := range lines {
			lines[i] = "// " + strings.Trim(line, "/* \t")
		}
		return strings.Join(lines, "\n")
	})
	all := readMarked(marked, "//")
	raw := strings.Split(text, "\n")
	for _, paragraph := range all {
		for i, line := range paragraph {
			paragraph[i].Raw = raw[line.Number-1]
		}
	}
	return all, nil
}

// ErrFence is returned for a document with a code block that does not end.
var ErrFence = errors.New("a code block does not end")

// readMarkdown returns the lines of a document outside of its front matter, its code blocks and its
// HTML comments. Rows of tables are paragraphs of their own.
func readMarkdown(text string) ([]Paragraph, error) {
	var all []Paragraph
	var now Paragraph
	end := func() {
		if len(now) > 0 {
			all = append(all, now)
			now = nil
		}
	}
	fence := ""
	for i, raw := range strings.Split(text, "\n") {
		line := strings.TrimSpace(raw)
		switch mark := fenceOf(line); {
		case fence != "":
			if mark != "" && strings.HasPrefix(mark, fence) && strings.Trim(line, mark[:1]) == "" {
				fence = ""
			}
		case i == 0 && line == "---":
			fence = "---"
		case mark != "" && mark[0] != '-':
			end()
			fence = mark
		case line == "" || strings.HasPrefix(line, "<!--"):
			end()
		case strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#"):
			end()
			all = append(all, Paragraph{{i + 1, line, raw}})
		default:
			now = append(now, Line{i + 1, line, raw})
		}
	}
	end()
	if fence != "" {
		return nil, ErrFence
	}
	return all, nil
}

// fenceOf returns the run of marks that a line begins a code block with, or "".
func fenceOf(line string) string {
	for _, mark := range []string{"`", "~", "-"} {
		if n := len(line) - len(strings.TrimLeft(line, mark)); n >= 3 {
			return line[:n]
		}
	}
	return ""
}
