package siteimport

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

// page is a page as its file describes it.
type page struct {
	title       string
	description *string
	tags        []string
	text        string
	// draft is true if the generator of the site would not show the page.
	draft bool
	// base is the slug that the file asks for.
	base string
}

// describe reads a page from the path and the text of a file, with the fields of the front matter
// that Jekyll, Hugo, Docusaurus, Astro, Eleventy and Zola share. A page dated after now is a draft.
func describe(file, text string, now time.Time) page {
	cut, _ := markdown.CutPage(text)
	front := cut.Metadata()
	p := page{
		title: firstVisible(clip(html.PageTitle(text), domain.MaxTitle), clip(path.Base(file), domain.MaxTitle), "untitled"),
		text:  text,
		draft: isDraft(file, front, now),
		base:  baseOf(file, front.Value("slug")),
		tags:  tagsOf(front),
	}
	if d := clip(firstVisible(front.Value("description"), front.Value("summary"), front.Value("excerpt")), domain.MaxDescription); d != "" {
		p.description = &d
	}
	return p
}

// firstVisible returns the first text that shows anything; the last one if none does.
func firstVisible(texts ...string) string {
	for _, text := range texts {
		if domain.IsVisible(text) {
			return text
		}
	}
	return texts[len(texts)-1]
}

// isDraft reports whether a site generator leaves the page out: for its fields, its folder or its
// date.
func isDraft(file string, front markdown.Metadata, now time.Time) bool {
	if isTrue(front.Value("draft")) || isFalse(front.Value("published")) || isFalse(front.Value("publish")) ||
		strings.EqualFold(front.Value("status"), "draft") {
		return true
	}
	if slices.Contains(strings.Split(path.Dir(file), "/"), "_drafts") {
		return true
	}
	for _, key := range []string{"publishDate", "publishdate", "pubDate", "pubdate", "date"} {
		if at, ok := parseDate(front.Value(key)); ok {
			return at.After(now)
		}
	}
	post := postDate.FindStringSubmatch(file)
	if post == nil {
		return false
	}
	at, ok := parseDate(post[1])
	return ok && at.After(now)
}

// isTrue and isFalse read a truth value as YAML 1.1 writes it.
func isTrue(s string) bool  { return isOneOf(s, "true", "yes", "on", "y") }
func isFalse(s string) bool { return isOneOf(s, "false", "no", "off", "n") }

func isOneOf(s string, words ...string) bool {
	return slices.Contains(words, strings.ToLower(strings.TrimSpace(s)))
}

// postDate finds the date in the name of a post of Jekyll or Hexo.
var postDate = regexp.MustCompile(`(?:^|/)_posts/(?:.*/)?(\d{4}-\d{1,2}-\d{1,2})-[^/]*$`)

// dateLayouts are the forms of dates in front matter. A date without a zone is in UTC.
var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-1-2",
	"2006-1-2 15:04:05.999999999 -0700", "2006-1-2 15:04:05.999999999 -07:00", "2006-1-2 15:04:05.999999999Z07:00",
	"2006-1-2 15:04:05.999999999 MST", "2006-1-2 15:04:05.999999999", "2006-1-2 15:04 -0700", "2006-1-2 15:04",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15:04:05-0700",
	"2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2", "Jan 2, 2006", "Jan 2 2006", "January 2, 2006", "January 2 2006", "2 January 2006", "2 Jan 2006",
	time.RFC1123Z, time.RFC1123,
}

func parseDate(s string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// tagsOf returns the tags of the front matter, cut to the allowed lengths. A single text is one
// tag, or several with commas between them.
func tagsOf(front markdown.Metadata) []string {
	list := front.List("tags")
	if list == nil {
		list = front.List("taxonomies.tags")
	}
	if len(list) == 1 && front.Value("tags") != "" {
		list = strings.Split(list[0], ",")
	}
	tags := []string{}
	for _, tag := range list {
		if tag = clip(tag, domain.MaxTag); firstVisible(tag, "") != "" && !slices.Contains(tags, tag) && len(tags) < domain.MaxTags {
			tags = append(tags, tag)
		}
	}
	return tags
}

// SlugOf returns the slug that a file asks for: that of its path without the extension, each part
// in lower-case ASCII with hyphens between the words. A slug in the front matter replaces the name
// of the file, or the whole if it begins with a slash.
func SlugOf(file, text string) string {
	front, _ := markdown.CutPage(text)
	return baseOf(file, front.Metadata().Value("slug"))
}

// baseOf returns the slug that a file asks for with this slug in its front matter, which may be
// empty.
func baseOf(file, asked string) string {
	asked = strings.TrimSpace(asked)
	if strings.Trim(asked, "/") == "" {
		return hyphenated(strings.TrimSuffix(file, path.Ext(file)))
	}
	if !strings.HasPrefix(asked, "/") {
		asked = path.Join(path.Dir(file), asked)
	}
	return hyphenated(strings.Trim(path.Clean(asked), "/."))
}

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
