package html

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

// policy sanitises all HTML. It does not change after its construction.
var policy = newPolicy()

var (
	headingID     = regexp.MustCompile(`^[\p{L}\p{M}\p{Nd}_-]+$`)
	alertClass    = regexp.MustCompile(`^markdown-alert(?:-title| markdown-alert-(?:note|tip|important|warning|caution))$`)
	footnoteClass = regexp.MustCompile(`^(?:footnotes|footnote-ref|footnote-backref)$`)
	footnoteID    = regexp.MustCompile(`^` + footnotePrefix + `fn(?:ref[0-9]*)?:[0-9]+$`)
	languageClass = regexp.MustCompile(`^language-[\w.+#-]+$`)
	boolean       = regexp.MustCompile(`(?i)^(?:|checked|disabled|open|reversed)$`)
	languageTag   = regexp.MustCompile(`^[a-zA-Z]{2,20}(?:-[a-zA-Z0-9]{2,20})*$`)
)

// footnotePrefix begins the ids of footnotes. Like GitHub's, it keeps them apart from every id of
// the page around the content.
const footnotePrefix = "user-content-"

// newPolicy returns the list of allowed elements and attributes. Everything else is dropped:
// scripts, styles, event handlers, forms, frames, SVG, MathML, data: and javascript: URLs. It is
// bluemonday's policy for user content with three differences. Only headings and footnotes have
// ids, so that a content cannot take the place of an element that a script of the page looks up.
// Only code, alerts and footnotes have classes. A task list has its boxes.
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
	p.AllowAttrs("lang").Matching(languageTag).Globally()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("id").Matching(headingID).OnElements("h1", "h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("class").Matching(languageClass).OnElements("code", "pre")
	p.AllowAttrs("class").Matching(alertClass).OnElements("div", "p")
	p.AllowAttrs("class").Matching(footnoteClass).OnElements("div", "a")
	p.AllowAttrs("id").Matching(footnoteID).OnElements("li", "sup")
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
