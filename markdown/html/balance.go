package html

import (
	"strings"

	"golang.org/x/net/html"
)

// balance closes every element of sanitised HTML and drops end tags without a start tag, so that
// the text of a content can neither close nor extend the elements of the page around it.
func balance(sanitised string) string {
	b := balancer{count: make(map[string]int)}
	for tokens := html.NewTokenizer(strings.NewReader(sanitised)); ; {
		switch tokens.Next() {
		case html.ErrorToken: // the end: a string has no other error
			b.closeThrough("")
			return b.out.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			b.out.Write(tokens.Raw())
			if name, _ := tokens.TagName(); !isVoid(string(name)) {
				b.open = append(b.open, string(name))
				b.count[string(name)]++
			}
		case html.EndTagToken:
			if name, _ := tokens.TagName(); b.count[string(name)] > 0 {
				b.closeThrough(string(name))
			}
		default:
			b.out.Write(tokens.Raw())
		}
	}
}

// balancer holds the open elements, and how many there are of each name.
type balancer struct {
	out   strings.Builder
	open  []string
	count map[string]int
}

// closeThrough closes the open elements up to and with the innermost of that name; all of them for
// the name "". Elements with an optional end tag end with their parent and get none.
func (b *balancer) closeThrough(name string) {
	for len(b.open) > 0 {
		last := b.open[len(b.open)-1]
		b.open = b.open[:len(b.open)-1]
		b.count[last]--
		if last == name || !hasOptionalEnd(last) {
			b.out.WriteString("</" + last + ">")
		}
		if last == name {
			return
		}
	}
}

// isVoid reports whether an element that the policy allows has no content and no end tag.
func isVoid(name string) bool {
	switch name {
	case "br", "col", "hr", "img", "input", "wbr":
		return true
	}
	return false
}

// hasOptionalEnd reports whether the end tag of an element may be left out (section 13.1.2.4 of the
// HTML standard).
func hasOptionalEnd(name string) bool {
	switch name {
	case "p", "li", "dt", "dd", "rt", "rp", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "td", "th":
		return true
	}
	return false
}
