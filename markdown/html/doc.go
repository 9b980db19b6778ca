// Package html turns a content of any format into HTML that is safe to show, and finds the title of
// a Markdown page.
//
// Markdown is rendered as CommonMark with GitHub's extensions and with its raw HTML. The result
// then passes a list of allowed elements and attributes, and every open element is closed. So a
// content neither runs code nor reaches beyond the element that it is put into.
//
// Start with [Render] for Markdown, [Sanitize] for HTML and [Plain] for any other text.
package html
