package html

import (
	"cmp"
	"slices"
	"strings"

	"flightdeck/markdown"
)

// PageTitle returns the title of a Markdown page: `title:` in its YAML front
// matter, or else the text of its first heading without markup, or else "". A
// heading in code, a comment, a quote or a list does not count.
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

// splitPage parts a page from the YAML lines of its front matter, which begins
// on the very first line. What is no valid YAML is part of the page.
func splitPage(text string) (front []string, body string) {
	front, rest := markdown.CutFrontMatter(strings.Split(markdown.Normalise(text), "\n"))
	return front, strings.Join(rest, "\n")
}
