package layout

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// tabColumns is the width of a tab.
const tabColumns = 4

var (
	// commentLine matches the mark of a line that holds nothing but a comment.
	commentLine = regexp.MustCompile(`^\s*(//|--|#|/\*|\*)`)
	// unwrapped matches the lines of a document that may not be broken: headings, rows of tables,
	// HTML and the targets of links.
	unwrapped = regexp.MustCompile(`^\s*(#|\||<|\[[^\]]+\]: )`)
	// firstWord matches a line up to the end of its first word: before it there may be the marks of
	// comments, lists and quotes.
	firstWord = regexp.MustCompile(`^\s*(//|--|#|/\*+|\*|>)?\s*([-*+]\s+|[0-9]+[.)]\s+)?\S+`)
)

// LongLines returns the lines that are longer than a number of columns, though a break between two
// words would have made them shorter. Comments behind code are part of its line, and may be longer.
func (p Prose) LongLines(columns int) []Line {
	document := kind(p.File) == ".md"
	var long []Line
	for _, paragraph := range p.Paragraphs {
		for _, line := range paragraph {
			switch {
			case width(line.Raw) <= columns:
			case document && unwrapped.MatchString(line.Raw):
			case !document && !commentLine.MatchString(line.Raw):
			case strings.HasPrefix(strings.TrimSpace(line.Raw), "//\t"): // code
			case width(firstWord.FindString(line.Raw)) > columns:
			default:
				long = append(long, line)
			}
		}
	}
	return long
}

// width counts the columns of a line.
func width(line string) int {
	return utf8.RuneCountInString(line) + (tabColumns-1)*strings.Count(line, "\t")
}
