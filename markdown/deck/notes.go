package deck

import (
	"html"
	"regexp"
	"strings"

	"flightdeck/markdown"
)

// splitNotes parts a slide's text into its content and its notes, and reports
// whether it has notes, which may be empty: the comment at its end, as in
// Slidev, or else the paragraph `Note:` and all below it, as in reveal.js. When
// the slide ends in a directive, it has none.
func splitNotes(body string) (content, notes string, found bool) {
	start, inner, found := lastComment(body)
	switch {
	case found && isDirective(inner):
		return body, "", false
	case found:
		return trimBlock(body[:start]), decodeNotes(inner), true
	}
	return splitNoteParagraph(body)
}

// lastComment finds the comment that ends the text: where it starts and what
// stands in it.
func lastComment(body string) (start int, inner string, found bool) {
	open := lastBlock(body)
	for open < len(body) {
		from := strings.Index(body[open:], "<!--")
		if from < 0 {
			break
		}
		start = open + from
		length := strings.Index(body[start+4:], "-->")
		if length < 0 {
			break
		}
		inner = body[start+4 : start+4+length]
		open = start + 4 + length + 3
		if open == len(body) {
			return start, inner, true
		}
	}
	return 0, "", false
}

// lastBlock returns where the paragraph or comment at the text's end begins; the
// end itself, when code stands there.
func lastBlock(body string) int {
	var s scanner
	block, offset, above := 0, 0, prose
	for line := range strings.SplitSeq(body, "\n") {
		inside := s.inComment
		k := s.next(line)
		switch {
		case k == code, k == prose && markdown.IsBlank(line):
			block = offset + len(line) + 1
		case k == comment && !inside, k == prose && above == comment:
			block = offset
		}
		above = k
		offset += len(line) + 1
	}
	return min(block, len(body))
}

var noteLine = pattern{"nN", regexp.MustCompile(`(?i)^ {0,3}notes?:`)}

// splitNoteParagraph reads notes as reveal.js does. A slide with two of these
// paragraphs has no notes there, and none here.
func splitNoteParagraph(body string) (content, notes string, found bool) {
	var s scanner
	count, start, end, offset := 0, 0, 0, 0
	for line := range strings.SplitSeq(body, "\n") {
		inParagraph := s.inText
		k := s.next(line)
		if mark := noteLine.find(line); mark != nil && k == prose && !inParagraph {
			count++
			start, end = offset, offset+len(mark[0])
		}
		offset += len(line) + 1
	}
	if count != 1 {
		return body, "", false
	}
	notes = unindentRules(strings.TrimLeft(body[end:], " \t"))
	return trimBlock(body[:start]), trimBlock(notes), true
}

// A note may hold what would end its comment, split the deck in Slidev, or be
// taken for a directive. These rewrite it so that it does not, and back, one to
// one: a character of -->, --!> and <!-- becomes its entity, an entity there
// gets one more "amp;", a line beginning with --- gets one more space.
var (
	closer      = regexp.MustCompile(`--!?(?:>|&(?:amp;)*gt;)`)
	opener      = regexp.MustCompile(`(?:<|&(?:amp;)*lt;)!--`)
	ruleInNote  = regexp.MustCompile(`(?m)^( *---)`)
	ruleEncoded = regexp.MustCompile(`(?m)^ ( *---)`)
)

// notesMark is the first line of notes that Marp would take for directives: with
// it, they are not YAML.
const notesMark = "(speaker notes)"

// encodeNotes returns the comment for the notes; decodeNotes reads its inside.
func encodeNotes(notes string) string {
	if notes == "" {
		return "<!-- -->"
	}
	notes = closer.ReplaceAllStringFunc(notes, escapeOnce)
	notes = opener.ReplaceAllStringFunc(notes, escapeOnce)
	notes = ruleInNote.ReplaceAllString(notes, " $1")
	if first, _, _ := strings.Cut(notes, "\n"); first == notesMark || isDirective(notes) {
		notes = notesMark + "\n" + notes
	}
	return "<!--\n" + notes + "\n-->"
}

func decodeNotes(inner string) string {
	if first, _, more := strings.Cut(inner, "\n"); !more || !markdown.IsBlank(first) {
		inner = strings.TrimLeft(inner, " \t")
	}
	notes := strings.TrimPrefix(trimBlock(inner), notesMark+"\n")
	notes = ruleEncoded.ReplaceAllString(notes, "$1")
	notes = opener.ReplaceAllStringFunc(notes, unescapeOnce)
	return closer.ReplaceAllStringFunc(notes, unescapeOnce)
}

func escapeOnce(s string) string {
	if strings.Contains(s, "&") {
		return strings.Replace(s, "&", "&amp;", 1)
	}
	return html.EscapeString(s)
}

func unescapeOnce(s string) string {
	if strings.Contains(s, "&amp;") {
		return strings.Replace(s, "&amp;", "&", 1)
	}
	return html.UnescapeString(s)
}

// directives are the names that Marpit, Marp Core and Marp CLI act on.
var directives = map[string]bool{
	"theme": true, "style": true, "headingDivider": true, "lang": true, "size": true, "math": true,
	"backgroundColor": true, "backgroundImage": true, "backgroundPosition": true,
	"backgroundRepeat": true, "backgroundSize": true, "class": true, "color": true,
	"footer": true, "header": true, "paginate": true, "transition": true,
	"title": true, "description": true, "author": true, "image": true, "keywords": true, "url": true,
}

var (
	directiveLine    = regexp.MustCompile(`(?m)^[ \t"']*[_$]?[a-zA-Z]+["']?[ \t]*:`)
	revealAttributes = regexp.MustCompile(`^\s*\.(?:slide|element)\s*:`)
)

// isDirective reports whether a comment speaks to Marp (YAML with a directive's
// name, also with _ or $ before it) or to reveal.js (.slide: or .element:).
func isDirective(inner string) bool {
	inner = strings.TrimSpace(inner)
	if revealAttributes.MatchString(inner) {
		return true
	}
	if !directiveLine.MatchString(inner) || inner == notesMark || strings.HasPrefix(inner, notesMark+"\n") {
		return false
	}
	fields, err := markdown.Fields(strings.Split(inner, "\n"))
	if err != nil {
		return false
	}
	for _, f := range fields {
		if directives[strings.TrimLeft(f.Key, "_$")] {
			return true
		}
	}
	return false
}
