package html

import (
	"bytes"
	stdhtml "html"

	"flightdeck/markdown"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// textOnly drops every element and keeps the text.
var textOnly = bluemonday.StrictPolicy()

// HeadingText returns the text of the first heading, without markup and on one line; "" without a
// heading, or if that heading is empty. A heading in a quote or a list does not count, nor does one
// behind the first MaxBytes.
func HeadingText(body string) string {
	source := []byte(body[:min(len(body), MaxBytes)])
	document := commonmark.Parser().Parse(text.NewReader(source), parser.WithContext(newBudget(len(source))))
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		if node.Kind() == ast.KindHeading {
			return renderedText(source, node)
		}
	}
	return ""
}

// renderedText returns the text of a node, without the marks of footnotes.
func renderedText(source []byte, node ast.Node) string {
	for child := node.FirstChild(); child != nil; {
		next := child.NextSibling()
		if child.Kind() == extast.KindFootnoteLink {
			node.RemoveChild(node, child)
		}
		child = next
	}
	var b bytes.Buffer
	if err := commonmark.Renderer().Render(&b, source, node); err != nil {
		return ""
	}
	return markdown.SingleLine(stdhtml.UnescapeString(textOnly.Sanitize(b.String())))
}
