package deck

import (
	"regexp"
	"strings"

	"flightdeck/markdown"
)

// kind says what a line of Markdown belongs to, as far as slides care.
type kind int

const (
	prose   kind = iota // anything that is neither of the others
	code                // a fenced code block, its fences included
	comment             // an HTML comment that begins a line
)

// scanner tells the kind of each line of a text, from its first. It knows the
// blocks of CommonMark in which --- is only text, fenced code and comments, and
// list items, which end those blocks when they end (sections 4.5, 4.6 and 5.2).
// A block that is left open lasts to the end.
type scanner struct {
	items     []int  // the open list items: the column of each one's content
	fence     string // what closes the open code block, empty outside of code
	inComment bool
	column    int  // where the open block begins in its line
	indent    int  // the column of the list item around it
	inText    bool // whether the line last read is paragraph text
}

var (
	fenceOpen = pattern{"`~", regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")}
	listItem  = pattern{"-+*0123456789", regexp.MustCompile(`^ {0,3}(?:[-+*]|[0-9]{1,9}[.)])(?: {1,4}|$)`)}
	// weakItem is a list item that cannot end a paragraph: empty, or not the first.
	weakItem = pattern{"-+*0123456789", regexp.MustCompile(`^ *(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]*$|(?:[02-9]|[0-9]{2,9})[.)])`)}
	// noText begins a line that is no paragraph text: a quote, list item, table
	// row, heading or rule.
	noText = pattern{">|#_-+*0123456789", regexp.MustCompile(`^ {0,3}(?:[>|]|(?:[-+*]|[0-9]{1,9}[.)]|#{1,6})(?:[ \t]|$)|(?:\*{3,}|-{3,}|_{3,})[ \t]*$)`)}
)

// pattern is a regexp for how a line begins, and the bytes that can come first
// after spaces: most lines need no more than a look at that.
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

// separates moves to the next line and reports whether it ends a slide. Below
// paragraph text, --- makes a heading, unless that text is in a list item.
func (s *scanner) separates(line string) bool {
	heading := s.inText && len(s.items) == 0
	return s.next(line) == prose && !heading && markdown.IsRule(line)
}

// next moves to the next line and returns its kind.
func (s *scanner) next(line string) kind {
	if s.inText && !s.startsBlock(line) {
		return prose // a list item goes on with its paragraph, whatever the indent
	}
	s.inText = false
	return s.kindOf(line)
}

// startsBlock reports whether a line below paragraph text may not go on with it.
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

// openBlock returns the kind of a line whose text, past the marks of list items,
// begins at the column.
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

// maxListItem is more than the mark of a list item is long. The time of a match
// grows with the text, and a line can have thousands of marks.
const maxListItem = 32

// enterItems leaves the list items that the line is not part of, enters those
// that it begins, and returns the column of what stands in the innermost.
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

// closing returns what ends the block that the text so far has left open. For a
// comment it is a whole one: in a browser, --!> may have ended it before.
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

// indentRules moves every line that begins with --- one space in, where Markdown
// reads it as before but nobody splits on it. Code stays as it is.
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

// closeBlocks ends the code or comment that a slide leaves open, so that it
// cannot swallow the next slides.
func closeBlocks(text string) string {
	var s scanner
	for line := range strings.SplitSeq(text, "\n") {
		s.next(line)
	}
	return text + s.closing()
}
