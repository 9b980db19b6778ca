package markdown

import "strings"

// PageTitle returns the title of a Markdown page: `title:` in its YAML front
// matter, or else the text of its first heading without markup, or else "". A
// heading in code, a comment, a quote or a list does not count.
func PageTitle(text string) string {
	front, body := splitPage(text)
	fields, err := yamlFields(front)
	if err != nil {
		return headingText(body)
	}
	if title := readHead(front, fields).title; title != "" {
		return title
	}
	return headingText(body)
}

// splitPage parts a page from the YAML lines of its front matter, which begins
// on the very first line. What is no valid YAML is part of the page.
func splitPage(text string) (front []string, body string) {
	front, rest := cutFrontMatter(strings.Split(normalise(text), "\n"))
	return front, strings.Join(rest, "\n")
}
