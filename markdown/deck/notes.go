package deck

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"flightdeck/markdown"
)

// noteMark begins the notes of a slide of reveal.js. The white space includes blank lines above.
var noteMark = regexp.MustCompile(`(?mi)^[\s\v\x{00A0}\x{FEFF}]*notes?:`)

// cutNoteParagraph cuts the text of a slide at its note mark, as reveal.js does: a slide with two
// such marks has no notes.
func cutNoteParagraph(text string) (content, notes string) {
	marks := noteMark.FindAllStringIndex(text, 2)
	if len(marks) != 1 {
		return text, ""
	}
	return trimBlock(text[:marks[0][0]]), trimBlock(strings.TrimLeft(text[marks[0][1]:], " \t"))
}

// withNotes adds the notes to the text of a slide in the form of a dialect.
func withNotes(text, notes string, as Dialect) string {
	below := ""
	switch {
	case as == Reveal:
		return withRevealNotes(text, notes)
	case notes != "":
		below = encodeNotes(notes)
	case as == Slidev && endsInComment(text):
		below = emptyComment // it shows that the comment above is no note
	default:
		return text
	}
	return strings.TrimLeft(text+"\n\n"+below, "\n")
}

func endsInComment(text string) bool {
	if !strings.HasSuffix(text, "-->") {
		return false
	}
	all := comments(text)
	return len(all) > 0 && all[len(all)-1].end == len(text)
}

// withRevealNotes adds the notes behind a note mark, or in an element if the slide has such a mark
// elsewhere.
func withRevealNotes(text, notes string) string {
	marks := len(noteMark.FindAllStringIndex(text, 2)) + len(noteMark.FindAllStringIndex(notes, 1))
	switch {
	case notes == "" && marks == 1: // without notes, the text below the mark is not to become notes
		return noteMark.ReplaceAllStringFunc(text, func(mark string) string { return strings.TrimSuffix(mark, ":") + "&#58;" })
	case notes == "":
		return text
	case marks == 0:
		return strings.TrimLeft(text+"\n\nNote:\n"+indentRule(notes), "\n")
	}
	if marks == 1 {
		text = noteMark.ReplaceAllStringFunc(text, func(mark string) string { return strings.TrimSuffix(mark, ":") + "&#58;" })
	}
	inside := closeAside.ReplaceAllString(indentRule(notes), "&lt;/aside&gt;")
	return strings.TrimLeft(text+"\n\n<aside class=\"notes\">\n"+inside+"\n</aside>", "\n")
}

// indentRule moves each line of --- one space further in, where reveal.js does not split.
func indentRule(text string) string { return disarm(text, Reveal) }

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

// emptyComment is no note.
const emptyComment = "<!-- -->"

// notesMark is the first line of notes that would be read as directives; with this line they are
// none.
const notesMark = "(speaker notes)"

// encodeNotes returns the comment that holds the notes. decodeNotes reads its inside.
func encodeNotes(notes string) string {
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
var directives = keySet(`theme style headingDivider lang size math backgroundColor backgroundImage backgroundPosition
	backgroundRepeat backgroundSize class color footer header paginate transition title description author image
	keywords url`)

var (
	directiveLine    = regexp.MustCompile(`(?m)^[ \t"']*[_$]?[a-zA-Z]+["']?[ \t]*:`)
	revealAttributes = regexp.MustCompile(`^\s*\.(?:slide|element)\b`)
	// toolComment matches the comments for formatters, linters and Marp's fitting headings.
	toolComment = regexp.MustCompile(`(?i)^(?:fit$|(?:prettier|dprint|biome|oxfmt|deno-fmt)-ignore|@format$|` +
		`(?:markdownlint|rumdl|textlint|eslint|stylelint)-|lint (?:en|dis)able|alex (?:en|dis)able|alex ignore|` +
		`(?:c?spell|spell-?checker):|vale (?:on$|off$|\S+ ?=)|markdown-link-check-|omit (?:in|from) toc$|/?toc$|` +
		`(?:start|end) doctoc)`)
)

// isDirective reports whether a comment is for a program: for Marp (YAML with the name of a
// directive, also with _ or $ before it), for reveal.js (.slide: or .element:), for a formatter or
// a linter.
func isDirective(inner string) bool {
	inner = strings.TrimSpace(inner)
	if revealAttributes.MatchString(inner) || toolComment.MatchString(inner) {
		return true
	}
	if !directiveLine.MatchString(inner) || inner == notesMark || strings.HasPrefix(inner, notesMark+"\n") {
		return false
	}
	lines := strings.Split(inner, "\n")
	fields, err := markdown.Fields(lines)
	isName := func(f markdown.Field) bool { return directives[strings.TrimLeft(f.Key, "_$")] }
	if err == nil {
		return slices.ContainsFunc(fields, isName)
	}
	fields = markdown.LooseFields(lines)
	return len(fields) == len(lines) && !slices.ContainsFunc(fields, func(f markdown.Field) bool { return !isName(f) })
}
