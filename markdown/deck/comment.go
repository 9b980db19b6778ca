package deck

import (
	"regexp"
	"strings"

	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

// comment is an HTML comment, or an element that holds notes, in the text of a slide.
type comment struct {
	start, end int
	inner      string
	aside      bool // an <aside class="notes"> of reveal.js
}

var (
	openComment = regexp.MustCompile(`<!--|<(?i:aside)\s(?:[^<>]*\s)?(?i:class)=(?:"(?:[^"<>]* )?notes(?: [^"<>]*)?"|'notes'|notes)[^<>]*>`)
	closeAside  = regexp.MustCompile(`(?i)</aside\s*>`)
)

// comments returns the comments and the elements with notes, outside of code. One that begins a
// line and is never closed extends to the end of the text.
func comments(text string) []comment {
	if !openComment.MatchString(text) {
		return nil
	}
	var all []comment
	code := html.NewOutline(text).Code
	for at := 0; at < len(text); {
		mark := openComment.FindStringIndex(text[at:])
		if mark == nil {
			break
		}
		start, inside := at+mark[0], at+mark[1]
		for len(code) > 0 && code[0].End <= start {
			code = code[1:]
		}
		if len(code) > 0 && code[0].Start <= start {
			at = code[0].End
			continue
		}
		c, ok := closeComment(text, start, inside)
		if !ok || start > 0 && text[start-1] == '\\' {
			at = inside
			continue
		}
		all = append(all, c)
		at = c.end
	}
	return all
}

// closeComment returns the comment that opens at start and whose text begins at inside.
func closeComment(text string, start, inside int) (c comment, ok bool) {
	c = comment{start: start, end: len(text), aside: text[inside-1] == '>'}
	if c.aside {
		c.inner = text[inside:]
		if end := closeAside.FindStringIndex(c.inner); end != nil {
			c.inner, c.end = c.inner[:end[0]], inside+end[1]
		}
		return c, true
	}
	// <!--> and <!---> are whole comments.
	if length := strings.Index(text[start+len("<!"):], "-->"); length >= 0 {
		c.end = start + len("<!") + length + len("-->")
		c.inner = strings.Trim(text[inside:max(inside, c.end-len("-->"))], "-")
		return c, true
	}
	c.inner = text[inside:]
	line := text[1+strings.LastIndexByte(text[:start], '\n') : start]
	return c, len(line) < 4 && markdown.IsBlank(line)
}

// Notes parts the text of a slide into the content that everybody may read and the notes in it: see
// the package comment. A content without notes stays as it is.
func Notes(text string) (content, notes string) {
	if content, notes = takeNotes(text); notes == "" {
		return text, ""
	}
	return content, notes
}

// takeNotes removes the notes from the text of a slide: the comments that are for no program, and
// the elements with notes. It returns them in order, with blank lines between.
func takeNotes(text string) (content, notes string) {
	var b, all strings.Builder
	at := 0
	for _, c := range comments(text) {
		note := trimBlock(c.inner)
		if !c.aside {
			if isDirective(c.inner) {
				continue
			}
			note = decodeNotes(c.inner)
		}
		at = cutOut(&b, text, at, c)
		if note != "" {
			all.WriteString("\n\n" + note)
		}
	}
	b.WriteString(text[at:])
	return trimBlock(b.String()), strings.TrimPrefix(all.String(), "\n\n")
}

// withoutComments returns the text without any comment.
func withoutComments(text string) string {
	var b strings.Builder
	at := 0
	for _, c := range comments(text) {
		b.WriteString(text[at:c.start])
		at = c.end
	}
	return b.String() + text[at:]
}

// cutOut writes the text from at to a comment and returns the place at which the text goes on: with
// its lines if the comment fills them, or else with the spaces on one side.
func cutOut(b *strings.Builder, text string, at int, c comment) (next int) {
	above := text[at:c.start]
	line := 1 + strings.LastIndexByte(above, '\n')
	end := len(text)
	if length := strings.IndexByte(text[c.end:], '\n'); length >= 0 {
		end = c.end + length
	}
	ownStart := markdown.IsBlank(above[line:]) && (line > 0 || at == 0)
	ownEnd := markdown.IsBlank(text[c.end:end])
	switch {
	case ownStart && ownEnd:
		above, end = above[:line], min(end+1, len(text))
		b.WriteString(above)
		return skipBlank(b, text, above, end)
	case ownEnd:
		b.WriteString(strings.TrimRight(above, " \t"))
		return c.end + len(text[c.end:end])
	}
	b.WriteString(above)
	if strings.HasSuffix(above, " ") || ownStart {
		return c.end + len(text[c.end:end]) - len(strings.TrimLeft(text[c.end:end], " \t"))
	}
	return c.end
}

// skipBlank returns the place in the text behind a comment that filled its lines: behind the next
// line, if blank lines stand on both sides. It writes a blank line if only that keeps two
// paragraphs apart.
func skipBlank(b *strings.Builder, text, above string, at int) int {
	next, _, _ := strings.Cut(text[at:], "\n")
	above = strings.TrimSuffix(above, "\n")
	last := above[1+strings.LastIndexByte(above, '\n'):]
	switch {
	case markdown.IsBlank(last) && markdown.IsBlank(next):
		return min(at+len(next)+1, len(text))
	case startsText(last) && startsText(next):
		b.WriteString("\n")
	}
	return at
}

// startsText reports whether a line looks like a line of a paragraph.
func startsText(line string) bool {
	return !markdown.IsBlank(line) && !strings.ContainsAny(line[:1], " \t<>|#=-+*_~`:0123456789")
}
