package siteimport

import (
	"cmp"
	"path"
	"strings"
	"unicode"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/markdown/html"
)

// page is a page as its file describes it.
type page struct {
	title string
	text  string
	// base is the slug that the file asks for.
	base string
}

// describe reads a page from the path and the text of a file.
func describe(file, text string) page {
	return page{
		title: firstVisible(clip(html.PageTitle(text), domain.MaxTitle), clip(path.Base(file), domain.MaxTitle), "untitled"),
		text:  text,
		base:  SlugOf(file),
	}
}

// firstVisible returns the first text that shows anything; the last one if none does.
func firstVisible(texts ...string) string {
	for _, text := range texts {
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
			return text
		}
	}
	return texts[len(texts)-1]
}

// SlugOf returns the slug that the path of a file suggests: the path without its extension, each
// part in lower-case ASCII with hyphens between the words.
func SlugOf(file string) string { return hyphenated(strings.TrimSuffix(file, path.Ext(file))) }

// hyphenated returns an address as a slug, without its beginning if it is too long.
func hyphenated(address string) string {
	parts := strings.Split(address, "/")
	for i, p := range parts {
		parts[i] = cmp.Or(command.Hyphenate(p), "untitled")
	}
	s := strings.Join(parts, "/")
	if len(s) > domain.MaxSlug-10 {
		s = strings.Trim(s[len(s)-domain.MaxSlug+10:], "-/")
	}
	return s
}
