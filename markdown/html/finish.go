package html

import (
	"strings"

	"golang.org/x/net/html"
)

// headingMode says whether headings get ids.
type headingMode bool

const (
	keepHeadings  headingMode = false
	addHeadingIDs headingMode = true
)

// finish closes every element of sanitised HTML and drops end tags without a start tag, so that the
// text of a content can neither close nor extend the elements of the page around it. It also gives
// every heading without an id the one that GitHub would, if mode asks for it.
func finish(sanitised string, mode headingMode) string {
	f := finisher{count: make(map[string]int), ids: make(slugger), mode: mode}
	for tokens := html.NewTokenizer(strings.NewReader(sanitised)); ; {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken: // the end: a string has no other error
			f.closeThrough("")
			return f.out.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			f.startTag(tokens)
		case html.EndTagToken:
			if name, _ := tokens.TagName(); f.count[string(name)] > 0 {
				f.closeThrough(string(name))
			}
		case html.TextToken:
			f.write(string(tokens.Raw()))
			if f.heading != "" {
				f.text.Write(tokens.Text())
			}
		default:
			f.write(string(tokens.Raw()))
		}
	}
}

// finisher holds the open elements, and how many there are of each name.
type finisher struct {
	out   strings.Builder
	open  []string
	count map[string]int

	mode headingMode
	ids  slugger
	// heading is the name of the open heading that waits for its id, or "". after is the output
	// below the id so far, and text the text in it.
	heading     string
	after, text strings.Builder
}

func (f *finisher) write(s string) {
	if f.heading != "" {
		f.after.WriteString(s)
		return
	}
	f.out.WriteString(s)
}

func (f *finisher) startTag(tokens *html.Tokenizer) {
	raw := string(tokens.Raw())
	tag, more := tokens.TagName()
	name := string(tag)
	if !isVoid(name) {
		f.open = append(f.open, name)
		f.count[name]++
	}
	if f.mode == keepHeadings || f.heading != "" || !isHeading(name) {
		f.write(raw)
		return
	}
	for more {
		var key, value []byte
		if key, value, more = tokens.TagAttr(); string(key) == "id" {
			f.ids[string(value)] = 0
			f.write(raw)
			return
		}
	}
	end := len("<") + len(name)
	f.write(raw[:end])
	f.heading = name
	f.write(raw[end:])
}

// closeThrough closes the open elements up to and with the innermost of that name; all of them for
// the name "". Elements with an optional end tag end with their parent and get none.
func (f *finisher) closeThrough(name string) {
	for len(f.open) > 0 {
		last := f.open[len(f.open)-1]
		f.open = f.open[:len(f.open)-1]
		f.count[last]--
		if last == name || !hasOptionalEnd(last) {
			f.write("</" + last + ">")
		}
		if last == f.heading && f.count[last] == 0 { // the only open one of its name
			f.endHeading()
		}
		if last == name {
			return
		}
	}
}

// endHeading writes the id of the heading that ends.
func (f *finisher) endHeading() {
	if id := f.ids.slug(f.text.String()); id != "" {
		f.out.WriteString(` id="` + id + `"`)
	}
	f.out.WriteString(f.after.String())
	f.heading = ""
	f.after.Reset()
	f.text.Reset()
}

func isHeading(name string) bool {
	return len(name) == 2 && name[0] == 'h' && '1' <= name[1] && name[1] <= '6'
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
