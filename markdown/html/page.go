package html

import (
	"cmp"
	"slices"
	"strings"

	"flightdeck/markdown"
)

// PageTitle returns the title of a Markdown page: `title:` in its YAML front matter, or else the
// text of its first heading without markup, or else "". A heading in code, a comment, a quote or a
// list does not count.
func PageTitle(text string) string {
	front, body := splitPage(text)
	fields, err := markdown.Fields(front)
	if err != nil {
		return HeadingText(body)
	}
	title := ""
	for _, f := range slices.Backward(fields) {
		if f.Key == "title" && f.Scalar {
			title = markdown.SingleLine(f.Value)
		}
	}
	return cmp.Or(title, HeadingText(body))
}

// splitPage splits a page into the YAML lines of its front matter, which begins on the first line,
// and the text below. Front matter that is not valid YAML stays in the text.
func splitPage(text string) (front []string, body string) {
	front, rest := markdown.CutFrontMatter(strings.Split(markdown.Normalise(text), "\n"))
	return front, strings.Join(rest, "\n")
}
