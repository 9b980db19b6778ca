package deck

import (
	"regexp"
	"strings"

	"flightdeck/markdown"
)

// kind is the kind of block that a line of Markdown belongs to, as far as slides need it.
type kind int

const (
	prose   kind = iota // any other line
	code                // a fenced code block, its fences included
	comment             // an HTML comment that begins a line
)

// scanner finds the kind of each line of a text, from its first line. It knows the blocks of
// CommonMark in which --- is only text, fenced code and comments, and list items, which end those
// blocks with themselves (sections 4.5, 4.6 and 5.2). An open block lasts to the end of the text.
type scanner struct {
	items     []int  // the columns of the contents of the open list items
	fence     string // the end of the open code block, empty outside code
	inComment bool
	column    int  // the column at which the open block begins
	indent    int  // the column of the list item around it
	inText    bool // true after a line of paragraph text
}

var (
	fenceOpen = pattern{"`~", regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")}
	listItem  = pattern{"-+*0123456789", regexp.MustCompile(`^ {0,3}(?:[-+*]|[0-9]{1,9}[.)])(?: {1,4}|$)`)}
	// weakItem is a list item that cannot end a paragraph: empty, or not the first.
	weakItem = pattern{"-+*0123456789", regexp.MustCompile(`^ *(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]*$|(?:[02-9]|[0-9]{2,9})[.)])`)}
	// noText matches the beginning of a line that is no paragraph text: a quote, list item, table
	// row, heading or rule.
	noText = pattern{">|#_-+*0123456789", regexp.MustCompile(`^ {0,3}(?:[>|]|(?:[-+*]|[0-9]{1,9}[.)]|#{1,6})(?:[ \t]|$)|(?:\*{3,}|-{3,}|_{3,})[ \t]*$)`)}
)

// pattern is a regular expression for the beginning of a line, with the bytes that can come first
// after spaces: these bytes decide most lines.
type pattern struct {
	first string
	re    *regexp.Regexp
}

func (p pattern) find(line string) []string {
	text := strings.TrimLeft(line, " ")
	if text == "" || strings.IndexByte(p.first, text[0]) < 0 {
		return nil
	}
	return p.re.FindStringSubmatch(line)
}

func (p pattern) matches(line string) bool { return p.find(line) != nil }

// separates moves to the next line and reports whether the line ends a slide. Below paragraph text,
// --- makes a heading, unless that text is in a list item.
func (s *scanner) separates(line string) bool {
	heading := s.inText && len(s.items) == 0
	return s.next(line) == prose && !heading && markdown.IsRule(line)
}

// next moves to the next line and returns its kind.
func (s *scanner) next(line string) kind {
	if s.inText && !s.startsBlock(line) {
		return prose // a list item continues its paragraph at any indent
	}
	s.inText = false
	return s.kindOf(line)
}

// startsBlock reports whether a line below paragraph text ends the paragraph.
func (s *scanner) startsBlock(line string) bool {
	text := strings.TrimLeft(line, " ")
	if len(s.items) == 0 && weakItem.matches(text) {
		return false
	}
	return markdown.IsBlank(text) || noText.matches(text) || fenceOpen.matches(text) || strings.HasPrefix(text, "<!--")
}

func (s *scanner) kindOf(line string) kind {
	if !markdown.IsBlank(line) && indentOf(line) < s.indent {
		s.fence, s.inComment, s.indent = "", false, 0 // they ended with their list item
	}
	switch {
	case s.inComment:
		s.inComment = !strings.Contains(line, "-->")
		return comment
	case s.fence != "":
		if s.closesFence(line) {
			s.fence = ""
		}
		return code
	case markdown.IsBlank(line):
		return prose
	}
	return s.openBlock(line, s.enterItems(line))
}

// openBlock returns the kind of a line whose text, after the marks of list items, begins at the
// column.
func (s *scanner) openBlock(line string, column int) kind {
	s.indent = 0
	if len(s.items) > 0 {
		s.indent = s.items[len(s.items)-1]
	}
	text := line[column:]
	s.column = column + indentOf(text)
	if m := fenceOpen.find(text); m != nil && (m[1][0] == '~' || !strings.Contains(m[2], "`")) {
		s.fence = m[1]
		return code
	}
	if begin := strings.TrimLeft(text, " "); strings.HasPrefix(begin, "<!--") && indentOf(text) < 4 {
		s.inComment = !strings.Contains(begin[2:], "-->")
		return comment
	}
	s.indent = 0
	s.inText = !markdown.IsBlank(text) && indentOf(text) < 4 && !noText.matches(text)
	return prose
}

// maxListItem is longer than the mark of any list item. It bounds a match, whose time grows with
// the text: a line can have thousands of marks.
const maxListItem = 32

// enterItems leaves the list items that do not contain the line, enters those that the line begins,
// and returns the column of the text in the innermost one.
func (s *scanner) enterItems(line string) int {
	for len(s.items) > 0 && indentOf(line) < s.items[len(s.items)-1] {
		s.items = s.items[:len(s.items)-1]
	}
	column := 0
	if len(s.items) > 0 {
		column = s.items[len(s.items)-1]
	}
	for {
		mark := listItem.find(line[column:min(len(line), column+maxListItem)])
		if mark == nil {
			return column
		}
		column += len(mark[0])
		if column == len(line) {
			s.items = append(s.items, len(strings.TrimRight(line, " "))+1)
			return column
		}
		s.items = append(s.items, column)
	}
}

func (s *scanner) closesFence(line string) bool {
	text := strings.TrimRight(strings.TrimLeft(line, " "), " \t")
	return indentOf(line) < s.indent+4 && strings.HasPrefix(text, s.fence) && strings.Trim(text, s.fence[:1]) == ""
}

// closing returns the text that closes the open block. For a comment it is a whole comment, since a
// browser may have ended the open one at --!>.
func (s *scanner) closing() string {
	switch {
	case s.inComment:
		return "\n" + strings.Repeat(" ", s.column) + "<!-- -->"
	case s.fence != "":
		return "\n" + strings.Repeat(" ", s.column) + s.fence
	}
	return ""
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// indentRules indents every line that begins with --- by one space: Markdown reads the line as
// before, and no program splits on it. Code stays unchanged.
func indentRules(text string) string { return replacePrefix(text, "---", " ---") }

// unindentRules undoes indentRules.
func unindentRules(text string) string { return replacePrefix(text, " ---", "---") }

func replacePrefix(text, from, to string) string {
	lines := strings.Split(text, "\n")
	var s scanner
	for i, line := range lines {
		if s.next(line) != code && strings.HasPrefix(line, from) {
			lines[i] = to + line[len(from):]
		}
	}
	return strings.Join(lines, "\n")
}

// closeBlocks ends the code or comment that a slide leaves open, so that it does not extend over
// the next slides.
func closeBlocks(text string) string {
	var s scanner
	for line := range strings.SplitSeq(text, "\n") {
		s.next(line)
	}
	return text + s.closing()
}
