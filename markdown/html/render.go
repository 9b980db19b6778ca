package html

import (
	"bytes"
	stdhtml "html"
	"regexp"
	"strings"

	"flightdeck/markdown"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	goldhtml "github.com/yuin/goldmark/renderer/html"
)

// MaxBytes bounds the Markdown that Render renders, in bytes; see [Render].
const MaxBytes = 1 << 20

// goldmarkHTML keeps raw HTML: its output must pass Sanitize.
var goldmarkHTML = goldmark.New(
	goldmark.WithExtensions(
		extension.Linkify,
		extension.Strikethrough,
		extension.TaskList,
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
	),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	goldmark.WithRendererOptions(goldhtml.WithUnsafe()),
)

// Render renders a Markdown page, without its front matter, as HTML that is safe to put into a
// page: CommonMark with GitHub's tables, strikethrough, task lists and autolinks, an id on every
// heading, and the raw HTML that [Sanitize] keeps. A text that would take unreasonable time (longer
// than MaxBytes, nested more than 32 deep on one line, or with more than 300 links in one
// paragraph) is shown as by [Plain].
func Render(text string) string {
	_, body := splitPage(text)
	if tooCostly(body) {
		return Plain(text)
	}
	var b bytes.Buffer
	context := parser.NewContext(parser.WithIDs(headingIDs{}))
	if err := goldmarkHTML.Convert([]byte(body), &b, parser.WithContext(context)); err != nil {
		return Plain(text)
	}
	return balance(policy.Sanitize(b.String()))
}

// Sanitize keeps the HTML that formats and links text, and drops all HTML that could run, restyle
// the page around it, send a form or load anything but an image: see newPolicy. The result is a
// fragment whose elements are all closed; of a document it is the body.
func Sanitize(text string) string {
	return balance(policy.Sanitize(markdown.Normalise(text)))
}

// Plain returns plain text or JSON unchanged, escaped and inside <pre>.
func Plain(text string) string {
	return "<pre>" + stdhtml.EscapeString(markdown.Normalise(text)) + "</pre>\n"
}

const (
	maxNesting = 32
	maxLinks   = 300
)

var container = regexp.MustCompile(`^[ \t]*(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$))`)

// newBlock matches a line that begins with the mark of a quote, a list item, a table row, a heading
// or a rule.
var newBlock = regexp.MustCompile(`^ {0,3}(?:[>|]|(?:[-+*]|[0-9]{1,9}[.)]|#{1,6})(?:[ \t]|$)|(?:\*{3,}|-{3,}|_{3,})[ \t]*$)`)

// tooCostly reports whether a text is of one of the two kinds on which the time of goldmark grows
// with the square of the length: quotes or lists nested on one line, and links in one paragraph
// whose destinations do not end.
func tooCostly(text string) bool {
	if len(text) > MaxBytes {
		return true
	}
	links := 0
	for line := range strings.SplitSeq(text, "\n") {
		if markdown.IsBlank(line) || newBlock.MatchString(line) {
			links = 0
		}
		links += strings.Count(line, "](")
		if links > maxLinks || nesting(line) > maxNesting {
			return true
		}
	}
	return false
}

// nesting returns the number of quotes and list items that begin on the line.
func nesting(line string) int {
	n := 0
	for n <= maxNesting {
		mark := container.FindString(line)
		if mark == "" {
			break
		}
		line = line[len(mark):]
		n++
	}
	return n
}
