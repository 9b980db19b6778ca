package html

import (
	"cmp"

	"flightdeck/markdown"
)

// PageTitle returns the title of a Markdown page: the `title` in its front matter, or else the text
// of its first heading without markup, or else "". A heading in code, a comment, a quote or a list
// does not count.
func PageTitle(text string) string {
	front, body := markdown.CutPage(text)
	return cmp.Or(markdown.SingleLine(front.Metadata().Value("title")), HeadingText(body))
}
