package deck

import (
	"strings"

	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

// Format writes the deck as Markdown that Parse, Slidev, Marp and
// reveal.js read alike. Parse returns its slides as they were, but for what
// has no meaning or no place in Markdown:
//
//   - line ends become LF, blank lines around a text and byte order marks go,
//     and what is not UTF-8 or is NUL becomes U+FFFD;
//   - a Title that is not the text of the first heading of its slide is written
//     as a heading above the content;
//   - code or a comment that a slide leaves open is closed at the slide's end;
//   - a line beginning with " ---" loses that one space;
//   - a slide's empty Title, or the deck's, becomes the heading that is there.
//
// A title of the deck that equals the first slide's is not written, since
// everybody takes it from there. Format(Parse(Format(d))) is
// Format(d), as long as the deck stays within Parse's limits.
func Format(d Deck) string {
	head := headmatter{
		title:       markdown.SingleLine(d.Title),
		description: trimText(d.Description),
		theme:       markdown.SingleLine(d.Theme),
		extra:       strings.Join(markdown.TrimLines(splitLines(markdown.Normalise(d.Extra))), "\n"),
	}
	if len(d.Slides) == 0 {
		return head.format()
	}
	var b strings.Builder
	for i, s := range d.Slides {
		w := formatSlide(s)
		switch {
		case i == 0:
			b.WriteString(head.withFirst(w).format())
		case w.front != nil:
			b.WriteString("\n" + joinFrontMatter(w.front, "") + "\n")
		default:
			b.WriteString("\n---\n")
		}
		if w.text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(w.text + "\n")
	}
	return b.String()
}

// writtenSlide is a slide on its way into the file: the YAML lines of its front
// matter, the text below with its notes, and the title that text has.
type writtenSlide struct {
	front []string
	text  string
	title string
}

func formatSlide(s Slide) writtenSlide {
	front, rest := markdown.CutFrontMatter(strings.Split(trimBlock(markdown.Normalise(s.Content)), "\n"))
	body, title := withTitle(trimBlock(strings.Join(rest, "\n")), markdown.SingleLine(s.Title))
	text := closeBlocks(indentRules(body))
	notes := trimBlock(markdown.Normalise(s.Notes))
	if needsComment(text, notes, front) {
		text = strings.TrimLeft(text+"\n\n"+encodeNotes(notes), "\n")
	}
	return writtenSlide{front: front, text: text, title: title}
}

// needsComment reports whether a comment must follow the text: for its notes, or
// an empty one, so that a slide is seen at all and the end of its content is not
// taken for notes.
func needsComment(text, notes string, front []string) bool {
	if notes != "" || text == "" && front == nil {
		return true
	}
	_, _, found := splitNotes(text)
	return found
}

// withTitle puts the title above the body, unless it is there, and returns the
// title that the result has.
func withTitle(body, title string) (text, heading string) {
	heading = html.HeadingText(body)
	if title == "" || title == heading {
		return body, heading
	}
	return trimBlock("# " + escapeInline(title) + "\n\n" + body), title
}
