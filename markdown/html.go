package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	goldhtml "github.com/yuin/goldmark/renderer/html"
)

// MaxRenderBytes is the longest Markdown that is rendered; see [HTML].
const MaxRenderBytes = 1 << 20

// goldmarkHTML lets raw HTML through: what it renders has to be sanitised.
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

// HTML renders a Markdown page, without its front matter, as HTML that is safe
// to put into a page: CommonMark with GitHub's tables, strikethrough, task lists
// and autolinks, an id on every heading, and of raw HTML what [SanitizeHTML]
// keeps. Text that would take unreasonable time (longer than MaxRenderBytes,
// nested more than 32 deep
// on one line, or with more than 300 links in one paragraph) is shown as by
// [PlainHTML].
func HTML(text string) string {
	_, body := splitPage(text)
	if tooCostly(body) {
		return PlainHTML(text)
	}
	var b bytes.Buffer
	context := parser.NewContext(parser.WithIDs(headingIDs{}))
	if err := goldmarkHTML.Convert([]byte(body), &b, parser.WithContext(context)); err != nil {
		return PlainHTML(text)
	}
	return balance(policy.Sanitize(b.String()))
}

// SanitizeHTML keeps of the HTML what formats and links text, and drops all that
// could run, restyle the page around it, send a form or load anything but an
// image: see newPolicy. The result is a fragment whose elements are all closed, of
// a document its body.
func SanitizeHTML(html string) string {
	return balance(policy.Sanitize(normalise(html)))
}

// PlainHTML shows plain text or JSON as it stands, escaped and within <pre>.
func PlainHTML(text string) string {
	return "<pre>" + html.EscapeString(normalise(text)) + "</pre>\n"
}

const (
	maxNesting = 32
	maxLinks   = 300
)

var container = regexp.MustCompile(`^[ \t]*(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$))`)

// tooCostly finds the two kinds of text on which goldmark's time grows with the
// square of the length: quotes or lists within each other on one line, and links
// in one paragraph whose destinations do not end.
func tooCostly(text string) bool {
	if len(text) > MaxRenderBytes {
		return true
	}
	links := 0
	for line := range strings.SplitSeq(text, "\n") {
		if isBlank(line) || noText.matches(line) {
			links = 0
		}
		links += strings.Count(line, "](")
		if links > maxLinks || nesting(line) > maxNesting {
			return true
		}
	}
	return false
}

// nesting returns how many quotes and list items begin on the line.
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
