package html

import (
	"bytes"
	stdhtml "html"

	"flightdeck/markdown"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// textOnly drops every element and keeps the text.
var textOnly = bluemonday.StrictPolicy()

// HeadingText returns the text of the first heading on one line, without markup; "" if there is no
// heading, or if the first one is empty. A heading inside a quote or a list does not count.
func HeadingText(body string) string {
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
		return markdown.SingleLine(stdhtml.UnescapeString(textOnly.Sanitize(b.String())))
	}
	return ""
}
