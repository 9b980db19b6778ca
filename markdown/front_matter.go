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
	sequences = regexp.MustCompile(`^[ \t]*(?:[-?][ \t]+){32}`)
	// looseField is a line with a key and its value.
	looseField = regexp.MustCompile(`^["']?([\p{L}\p{N}_.$-]+)["']?[ \t]*:((?:[ \t].*)?)$`)
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

// YAMLError is a problem in YAML.
type YAMLError struct {
	// Line is the number of the line, from 1.
	Line    int
	Problem string
}

func (e *YAMLError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// Fields returns the fields of a YAML mapping in block style whose keys begin their lines. A text
// of comments alone is a mapping without fields. Fields decodes no value, so that an alias cannot
// grow. The error is a *YAMLError.
func Fields(lines []string) ([]Field, error) {
	if err := checkYAMLSize(lines); err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes([]byte(strings.Join(lines, "\n")), 0)
	if bad, ok := errors.AsType[yaml.Error](err); ok && bad.GetToken() != nil {
		return nil, &YAMLError{bad.GetToken().Position.Line, bad.GetMessage()}
	}
	if err != nil {
		return nil, &YAMLError{1, err.Error()}
	}
	if len(file.Docs) == 0 || len(file.Docs) == 1 && file.Docs[0].Body == nil {
		return nil, nil
	}
	mapping, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok || mapping.IsFlowStyle || len(file.Docs) > 1 {
		return nil, &YAMLError{1, "these are not `key: value` lines"}
	}
	return mappingFields(mapping, lines)
}

func checkYAMLSize(lines []string) error {
	size, depth := 0, 0
	for i, line := range lines {
		size += len(line) + 1
		depth += strings.Count(line, "[") + strings.Count(line, "{") - strings.Count(line, "]") - strings.Count(line, "}")
		if depth > maxYAMLDepth || sequences.MatchString(line) {
			return &YAMLError{i + 1, fmt.Sprintf("it is nested more than %d deep", maxYAMLDepth)}
		}
		if size > maxFrontMatterBytes {
			return &YAMLError{i + 1, fmt.Sprintf("it is longer than %d bytes", maxFrontMatterBytes)}
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
			return nil, &YAMLError{max(at, 0) + 1, "a key does not begin its line"}
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

// LooseFields reads front matter that is no valid YAML as its author meant it for a more tolerant
// program: `title: Foo: bar`, `footer: @handle`. A line whose beginning is `key:` is a field, and
// the rest of the line is its value. The field goes on below with indented lines and list items.
func LooseFields(lines []string) []Field {
	var fields []Field
	for i, line := range lines {
		if len(fields) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "- ")) && !IsBlank(line) {
			last := &fields[len(fields)-1]
			last.Last, last.Value, last.Scalar = i, "", false
			continue
		}
		if m := looseField.FindStringSubmatch(line); m != nil {
			value := strings.TrimSpace(m[2])
			fields = append(fields, Field{Key: m[1], Value: unquote(value), Scalar: true, First: i, Last: i})
		}
	}
	return fields
}

// IsField reports whether a line begins with `key:`.
func IsField(line string) bool { return looseField.MatchString(line) }

// IsLoose reports whether LooseFields has understood the lines: each is a field, a part of one, a
// comment or blank, and the first of them that is no comment is a field.
func IsLoose(lines []string) bool {
	if checkYAMLSize(lines) != nil {
		return false
	}
	begun := false
	for _, line := range lines {
		switch {
		case IsBlank(line), strings.HasPrefix(line, "#"):
		case IsField(line):
			begun = true
		case begun && (line[0] == ' ' || line[0] == '\t' || strings.HasPrefix(line, "- ")):
		default:
			return false
		}
	}
	return begun
}

// unquote takes the quotes off a value in quotes.
func unquote(value string) string {
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		return value[1 : len(value)-1]
	}
	return value
}
