package markdown

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFrontMatterBytes and maxYAMLDepth bound the work of the YAML parser, whose time grows with the
// square of the depth.
const (
	maxFrontMatterBytes = 16 << 10
	maxYAMLDepth        = 32
)

var (
	keyLine   = regexp.MustCompile(`^["']?[\p{L}\p{N}_.$-]+["']?[ \t]*:(?:[ \t]|$)`)
	plainKey  = regexp.MustCompile(`^[\p{L}\p{N}_.$-]+$`)
	sequences = regexp.MustCompile(`^[ \t]*(?:[-?][ \t]+){32}`)
)

// The front matter of a deck holds that of the first slide too: the lines below FirstSlideMark
// belong to the slide, and a line that begins with Hidden is a comment that holds a line; see
// package deck.
const (
	FirstSlideMark = "# first slide"
	Hidden         = "#|"
)

// Field is one `key: value` at the top of a YAML text.
type Field struct {
	Key string
	// Value is the text of a scalar. Scalar is false for a list or a mapping.
	Value  string
	Scalar bool
	// List holds the scalars of a list.
	List []string
	// First and Last are the line numbers of the field, from 0.
	First, Last int
}

// DeckFrontMatter reads the block that opens the lines: ---, YAML fields, ---. n is the length of
// the block with both ---, or 0 if the first line is no --- or no field follows it. The error
// describes a block that begins with a field but is no front matter; number is the number of the
// first line in the file.
func DeckFrontMatter(lines []string, number int) (n int, fields []Field, err error) {
	if len(lines) < 2 || !IsRule(lines[0]) || IsBlank(lines[1]) {
		return 0, nil, nil
	}
	inside := lines[1:]
	for n = range inside {
		if IsRule(inside[n]) {
			inside = inside[:n]
			break
		}
	}
	if !beginsWithField(inside) {
		return 0, nil, nil
	}
	if len(inside) == len(lines)-1 {
		return 0, nil, fmt.Errorf("line %d: the front matter that begins here is never closed: end it with a line of ---, "+
			"or put a blank line below line %d, if none is meant", number, number)
	}
	fields, err = Fields(inside)
	if err != nil {
		return 0, nil, describeYAML(err, number)
	}
	return len(inside) + 2, fields, nil
}

// beginsWithField reports whether the first line that is no comment is `key:`. Fields that package
// deck hides in comments count as well.
func beginsWithField(lines []string) bool {
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, Hidden), line == FirstSlideMark:
			return true
		case !IsBlank(line) && !strings.HasPrefix(line, "#"):
			return keyLine.MatchString(line)
		}
	}
	return false
}

// PlainFrontMatter returns the length of the front matter that opens a slide or page, 0 if there is
// none. It accepts less YAML than Slidev, so that text right below a --- is not lost: keys are
// words, and after a # line, which may be a heading or a comment, blank lines are not allowed.
func PlainFrontMatter(lines []string) int {
	n, fields, err := DeckFrontMatter(lines, 1)
	if err != nil || len(fields) == 0 {
		return 0
	}
	for _, f := range fields {
		if !plainKey.MatchString(f.Key) {
			return 0
		}
	}
	if strings.HasPrefix(lines[1], "#") {
		for _, line := range lines[:n] {
			if IsBlank(line) {
				return 0
			}
		}
	}
	return n
}

// CutFrontMatter splits a slide or page into the YAML lines of its front matter, nil if it has
// none, and the lines below.
func CutFrontMatter(lines []string) (front, rest []string) {
	n := PlainFrontMatter(lines)
	if n == 0 {
		return nil, lines
	}
	return TrimLines(lines[1 : n-1]), lines[n:]
}

// yamlError is a YAML problem and its line, counted from 1.
type yamlError struct {
	line    int
	problem string
}

func (e *yamlError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.problem) }

func describeYAML(err error, number int) error {
	bad, ok := errors.AsType[*yamlError](err)
	if !ok {
		bad = &yamlError{line: 1, problem: err.Error()}
	}
	return fmt.Errorf("line %d: the front matter is not valid YAML, %s: write `key: value` lines, with quotes around a value that has a colon; "+
		"or put a blank line below line %d, if none is meant", number+bad.line, bad.problem, number)
}

// Fields returns the fields of a YAML mapping in block style whose keys begin their lines. A text
// of comments alone is a mapping without fields. Fields decodes no value, so that an alias cannot
// grow.
func Fields(lines []string) ([]Field, error) {
	if err := checkYAMLSize(lines); err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes([]byte(strings.Join(lines, "\n")), 0)
	if bad, ok := errors.AsType[yaml.Error](err); ok && bad.GetToken() != nil {
		return nil, &yamlError{bad.GetToken().Position.Line, bad.GetMessage()}
	}
	if err != nil {
		return nil, err
	}
	if len(file.Docs) == 0 || len(file.Docs) == 1 && file.Docs[0].Body == nil {
		return nil, nil
	}
	mapping, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok || mapping.IsFlowStyle || len(file.Docs) > 1 {
		return nil, &yamlError{1, "these are not `key: value` lines"}
	}
	return mappingFields(mapping, lines)
}

func checkYAMLSize(lines []string) error {
	size, depth := 0, 0
	for i, line := range lines {
		size += len(line) + 1
		depth += strings.Count(line, "[") + strings.Count(line, "{") - strings.Count(line, "]") - strings.Count(line, "}")
		if depth > maxYAMLDepth || sequences.MatchString(line) {
			return &yamlError{i + 1, fmt.Sprintf("it is nested more than %d deep", maxYAMLDepth)}
		}
		if size > maxFrontMatterBytes {
			return &yamlError{i + 1, fmt.Sprintf("it is longer than %d bytes", maxFrontMatterBytes)}
		}
	}
	return nil
}

func mappingFields(mapping *ast.MappingNode, lines []string) ([]Field, error) {
	var fields []Field
	for _, value := range mapping.Values {
		key := value.Key.GetToken()
		at := key.Position.Line - 1
		if key.Position.Column != 1 || at >= len(lines) || at < 0 {
			return nil, &yamlError{max(at, 0) + 1, "a key does not begin its line"}
		}
		if len(fields) > 0 {
			endField(&fields[len(fields)-1], at, lines)
		}
		f := Field{Key: key.Value, First: at}
		f.Value, f.Scalar = scalarText(value.Value)
		if list, ok := value.Value.(*ast.SequenceNode); ok {
			for _, element := range list.Values {
				if text, scalar := scalarText(element); scalar {
					f.List = append(f.List, text)
				}
			}
		}
		fields = append(fields, f)
	}
	if len(fields) > 0 {
		endField(&fields[len(fields)-1], len(lines), lines)
	}
	return fields, nil
}

// endField sets the last line of a field. Blank lines and comments above the next field belong to
// the next field.
func endField(f *Field, next int, lines []string) {
	f.Last = next - 1
	for f.Last > f.First && (IsBlank(lines[f.Last]) || strings.HasPrefix(lines[f.Last], "#")) {
		f.Last--
	}
}

func scalarText(node ast.Node) (text string, scalar bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode:
		return "", true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// IsRule reports whether the line is exactly ---, which separates slides and encloses front matter.
func IsRule(line string) bool { return strings.TrimRight(line, " \t") == "---" }
