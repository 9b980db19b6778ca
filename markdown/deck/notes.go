package deck

import (
	"html"
	"regexp"
	"strings"

	"flightdeck/markdown"
)

// splitNotes splits the text of a slide into content and notes. The notes are the comment at its
// end, as in Slidev, or else the paragraph `Note:` and all text below it, as in reveal.js. found is
// true for empty notes too. A slide that ends in a directive has no notes.
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

// lastComment finds the comment that ends the text, with its start and its inside.
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

// lastBlock returns the start of the paragraph or comment at the end of the text, or the end of the
// text if code stands there.
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

// splitNoteParagraph reads notes as reveal.js does. A slide with two such paragraphs has no notes.
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

// A note may contain text that would end its comment, split the deck in Slidev, or read as a
// directive. These replacers rewrite such text and restore it, one to one: a character of -->, --!>
// and <!-- becomes its entity, an entity there gets one more "amp;", a line that begins with ---
// gets one more space.
var (
	closer      = regexp.MustCompile(`--!?(?:>|&(?:amp;)*gt;)`)
	opener      = regexp.MustCompile(`(?:<|&(?:amp;)*lt;)!--`)
	ruleInNote  = regexp.MustCompile(`(?m)^( *---)`)
	ruleEncoded = regexp.MustCompile(`(?m)^ ( *---)`)
)

// notesMark is the first line of notes that Marp would read as directives; with this line they are
// no YAML.
const notesMark = "(speaker notes)"

// encodeNotes returns the comment that holds the notes. decodeNotes reads its inside.
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

// directives are the names to which Marpit, Marp Core and Marp CLI react.
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

// isDirective reports whether a comment is for Marp (YAML with the name of a directive, also with _
// or $ before it) or for reveal.js (.slide: or .element:).
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
