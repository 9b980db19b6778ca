package markdown

import (
	"regexp"
	"strings"
)

var (
	anyTag = regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)[^>]*>`)
	// voidElement has no end tag.
	voidElement = regexp.MustCompile(`^(?:br|col|hr|img|input|wbr)$`)
	// impliedEnd is an element whose end tag HTML lets one leave out: it ends with
	// its parent (section 13.1.2.4 of the HTML standard).
	impliedEnd = regexp.MustCompile(`^(?:p|li|dt|dd|rt|rp|caption|colgroup|thead|tbody|tfoot|tr|td|th)$`)
)

// balance makes sanitised HTML one that ends where it began: end tags without a
// start are dropped and open elements closed, so that content cannot close the
// elements of the page that it stands in, nor reach beyond them.
func balance(html string) string {
	var b strings.Builder
	var open []string
	count := map[string]int{}
	leave := func(until string) {
		for len(open) > 0 {
			name := open[len(open)-1]
			open = open[:len(open)-1]
			count[name]--
			if name == until || !impliedEnd.MatchString(name) {
				b.WriteString("</" + name + ">")
			}
			if name == until {
				return
			}
		}
	}
	end := 0
	for _, m := range anyTag.FindAllStringSubmatchIndex(html, -1) {
		b.WriteString(html[end:m[0]])
		end = m[1]
		name := html[m[4]:m[5]]
		switch isEnd := m[2] < m[3]; {
		case isEnd && count[name] > 0:
			leave(name)
		case isEnd:
		default:
			b.WriteString(html[m[0]:m[1]])
			if !voidElement.MatchString(name) {
				open = append(open, name)
				count[name]++
			}
		}
	}
	b.WriteString(html[end:])
	leave("")
	return b.String()
}
