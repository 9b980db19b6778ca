package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// textOnly drops every element and keeps the text.
var textOnly = bluemonday.StrictPolicy()

// headingText returns the text of the first heading, without markup and on one
// line; empty without a heading, or when that one is empty. A heading within a
// quote or a list is none.
func headingText(body string) string {
	if tooCostly(body) {
		return ""
	}
	source := []byte(body)
	document := goldmarkHTML.Parser().Parse(text.NewReader(source))
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		if node.Kind() != ast.KindHeading {
			continue
		}
		var b bytes.Buffer
		if err := goldmarkHTML.Renderer().Render(&b, source, node); err != nil {
			return ""
		}
		return singleLine(html.UnescapeString(textOnly.Sanitize(b.String())))
	}
	return ""
}

var entity = regexp.MustCompile(`&[#0-9A-Za-z]+;`)

// escapeInline writes plain text so that it is the same text in a heading.
func escapeInline(plain string) string {
	plain = strings.ReplaceAll(plain, `\`, `\\`)
	plain = entity.ReplaceAllString(plain, `\$0`)
	var b strings.Builder
	for i := range len(plain) {
		if isMarkup(plain, i) {
			b.WriteByte('\\')
		}
		b.WriteByte(plain[i])
	}
	return b.String()
}

// isMarkup reports whether the byte at i means something in a heading's text: _
// not within a word, # only where a word begins.
func isMarkup(plain string, i int) bool {
	switch plain[i] {
	case '`', '*', '[', ']', '<', '~':
		return true
	case '_':
		return i == 0 || i == len(plain)-1 || !isWord(plain[i-1]) || !isWord(plain[i+1])
	case '#':
		return i == 0 || plain[i-1] == ' '
	}
	return false
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
