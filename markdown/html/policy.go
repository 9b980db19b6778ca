package html

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

// policy filters all HTML; it never changes.
var policy = newPolicy()

var (
	headingID     = regexp.MustCompile(`^[\p{L}\p{M}\p{Nd}_-]+$`)
	languageClass = regexp.MustCompile(`^language-[\w.+#-]+$`)
	boolean       = regexp.MustCompile(`(?i)^(?:|checked|disabled|open|reversed)$`)
	language      = regexp.MustCompile(`^[a-zA-Z]{2,20}(?:-[a-zA-Z0-9]{2,20})*$`)
)

// newPolicy lists the allowed elements and attributes, and so drops everything else: scripts,
// styles, event handlers, forms, frames, SVG, MathML, data: and javascript: URLs. It is
// bluemonday's policy for user content with two exceptions: ids are allowed on headings alone, so
// that content cannot stand in for elements that the script of a page looks up; and code may name
// its language, and task lists have their boxes.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	allowText(p)
	allowLinks(p)
	p.AllowLists()
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("reversed").Matching(boolean).OnElements("ol")
	p.AllowTables()
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(boolean).OnElements("input")
	return p
}

func allowText(p *bluemonday.Policy) {
	p.AllowElements("article", "aside", "br", "details", "div", "figcaption", "figure", "hr", "p", "section", "span", "summary", "wbr")
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "hgroup", "blockquote", "code", "pre")
	p.AllowElements("abbr", "b", "bdi", "bdo", "cite", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "rp", "rt", "ruby",
		"s", "samp", "small", "strike", "strong", "sub", "sup", "time", "tt", "u", "var")
	p.AllowAttrs("title").Globally()
	p.AllowAttrs("lang").Matching(language).Globally()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("id").Matching(headingID).OnElements("h1", "h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("class").Matching(languageClass).OnElements("code", "pre")
	p.AllowAttrs("open").Matching(boolean).OnElements("details")
	p.AllowAttrs("datetime").Matching(bluemonday.ISO8601).OnElements("time", "del", "ins")
	p.AllowAttrs("cite").OnElements("blockquote", "q", "del", "ins")
}

func allowLinks(p *bluemonday.Policy) {
	p.AllowStandardURLs()
	p.AllowURLSchemes("mailto", "http", "https", "tel")
	p.RequireNoFollowOnLinks(false)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("height", "width").Matching(bluemonday.NumberOrPercent).OnElements("img")
}
