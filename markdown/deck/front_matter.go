package deck

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"flightdeck/markdown"
)

var (
	plainKey = regexp.MustCompile(`^[\p{L}\p{N}_.$-]+$`)
	// commentedField is a field that its author switched off.
	commentedField = regexp.MustCompile(`^#+ *[\p{L}_][\p{L}\p{N}_.$-]*:(?:[ \t]|$)`)
)

// head is the front matter at the top of a deck, as it stands there.
type head struct {
	exists bool
	// length is the number of lines above the slides: blank ones, and the block with both ---.
	length int
	lines  []string // between the ---
	fields []markdown.Field
	// onlyMarp is true for a block that Slidev does not read, because it begins with a blank line.
	onlyMarp bool
	err      error
}

// findHead reads the block that opens a deck: ---, YAML fields, ---. Marp takes whatever stands
// between two such lines. A --- at the top that opens no front matter opens the first slide and is
// dropped; for Marp it is a break. The error describes a block that begins with a field but is no
// front matter.
func findHead(lines []string, as Dialect) head {
	top := 0
	for top < len(lines)-1 && markdown.IsBlank(lines[top]) {
		top++
	}
	none := head{length: top}
	if !isRule(lines[top]) {
		return none
	}
	if as != Marp {
		none.length++
	}
	inside := lines[top+1:]
	end := slices.IndexFunc(inside, isRule)
	if end < 0 {
		if as != Reveal && len(inside) > 0 && markdown.IsField(inside[0]) {
			none.err = fmt.Errorf("line %d: the front matter that begins here is never closed: end it with a line of ---, "+
				"or put a blank line below line %d, if none is meant", top+1, top+1)
		}
		return none
	}
	inside = inside[:end]
	fields, err := readFields(inside)
	found := head{exists: true, length: top + end + 2, lines: inside, fields: fields}
	switch {
	case as == Marp, end == 0, isCommentedOut(inside):
		return found
	case !beginsWithField(inside):
		return none
	case err != nil && as == Reveal:
		return none
	case err != nil:
		found.err = describeYAML(err, top+1)
	case markdown.IsBlank(inside[0]):
		found.onlyMarp = true
		if !slices.ContainsFunc(fields, func(f markdown.Field) bool { return directives[f.Key] || marpKeys[f.Key] || slidevKeys[f.Key] }) {
			return none
		}
	}
	return found
}

// beginsWithField reports whether the first line that is no comment is `key:`. Fields that are
// hidden in comments count as well.
func beginsWithField(lines []string) bool {
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, hidden), line == firstSlideMark:
			return true
		case !markdown.IsBlank(line) && !strings.HasPrefix(line, "#"):
			return markdown.IsField(line)
		}
	}
	return false
}

// isCommentedOut reports whether the lines are comments, and one of them holds a field that was
// switched off or names the dialect.
func isCommentedOut(lines []string) bool {
	if slices.ContainsFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "#") }) {
		return false
	}
	return slices.ContainsFunc(lines, func(line string) bool { return commentedField.MatchString(line) || isDialectMark(line) })
}

func describeYAML(err error, number int) error {
	bad, ok := errors.AsType[*markdown.YAMLError](err)
	if !ok {
		bad = &markdown.YAMLError{Line: 1, Problem: err.Error()}
	}
	return fmt.Errorf("line %d: the front matter is not valid YAML, %s: write `key: value` lines, with quotes around a value that has a colon; "+
		"or put a blank line below line %d, if none is meant", number+bad.Line, bad.Problem, number)
}

// readFields returns the fields of YAML lines, also of those that only a more tolerant program
// reads. The error is that of markdown.Fields, for lines that are no fields.
func readFields(lines []string) ([]markdown.Field, error) {
	fields, err := markdown.Fields(lines)
	if err != nil && markdown.IsLoose(lines) {
		return markdown.LooseFields(lines), nil
	}
	return fields, err
}

// fieldsOf is readFields for lines that may be no fields: it returns nil for them.
func fieldsOf(lines []string) []markdown.Field {
	fields, err := readFields(lines)
	if err != nil {
		return nil
	}
	return fields
}

// frontMatter returns the length of the front matter that opens the lines of a slide, 0 if there is
// none. It accepts less than Slidev, so that text right below a --- is not lost: keys are words,
// and below a # line, which may be a heading or a comment, as in YAML of a loose kind, blank lines
// are not allowed.
func frontMatter(lines []string) int {
	if len(lines) < 2 || !isRule(lines[0]) || markdown.IsBlank(lines[1]) {
		return 0
	}
	end := slices.IndexFunc(lines[1:], isRule)
	if end < 0 {
		return 0
	}
	inside := lines[1 : 1+end]
	if end == 0 || isCommentedOut(inside) {
		return end + 2
	}
	if !beginsWithField(inside) {
		return 0
	}
	fields, err := markdown.Fields(inside)
	switch {
	case err != nil && !markdown.IsLoose(inside), err == nil && len(fields) == 0:
		return 0
	case (err != nil || strings.HasPrefix(inside[0], "#")) && slices.ContainsFunc(inside, markdown.IsBlank):
		return 0
	case slices.ContainsFunc(fields, func(f markdown.Field) bool { return !plainKey.MatchString(f.Key) }):
		return 0
	}
	return end + 2
}

// cutFrontMatter splits a slide into the YAML lines of its front matter, nil if it has none, and
// the lines below.
func cutFrontMatter(lines []string) (front, rest []string) {
	n := frontMatter(lines)
	if n == 0 {
		return nil, lines
	}
	if front = markdown.TrimLines(lines[1 : n-1]); len(front) == 0 {
		front = nil
	}
	return front, lines[n:]
}

// frontTitle returns the title in the front matter of a slide, or "".
func frontTitle(front []string) string {
	title, name := "", ""
	for _, f := range fieldsOf(front) {
		switch {
		case f.Key == "title" && f.Scalar:
			title = markdown.SingleLine(f.Value)
		case f.Key == "name" && f.Scalar:
			name = markdown.SingleLine(f.Value)
		}
	}
	if title == "" {
		return name
	}
	return title
}

// withFrontTitle returns the front matter with another title in place of the one that it has.
func withFrontTitle(front []string, title string) []string {
	for _, f := range fieldsOf(front) {
		if f.Key == "title" && f.Scalar {
			return slices.Concat(front[:f.First], []string{"title: " + yamlScalar(title)}, front[f.Last+1:])
		}
	}
	return slices.Concat([]string{"title: " + yamlScalar(title)}, front)
}

func joinFrontMatter(front []string, body string) string {
	if len(front) == 0 {
		return body
	}
	block := "---\n" + strings.Join(front, "\n") + "\n---"
	if body == "" {
		return block
	}
	return block + "\n\n" + body
}

// isRule reports whether the line is exactly ---, which encloses front matter.
func isRule(line string) bool { return strings.TrimRight(line, " \t") == "---" }
