package deck

import (
	"strings"

	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

// Format writes the deck as Markdown that Parse, Slidev, Marp and reveal.js read alike. Parse
// returns the slides unchanged, except for content that has no meaning or no place in Markdown:
//
//   - line ends become LF; blank lines around a text and byte order marks go; invalid UTF-8 and NUL
//     become U+FFFD;
//   - a Title that differs from the first heading of its slide becomes a heading above the content;
//   - code or a comment that a slide leaves open is closed at the end of the slide;
//   - a line that begins with " ---" loses that space;
//   - an empty Title of a slide or of the deck becomes the heading that is there.
//
// The title of the deck is left out if it equals that of the first slide, from which all programs
// take it. Format(Parse(Format(d))) equals Format(d) as long as the deck stays within the limits of
// Parse.
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

// writtenSlide is a slide on its way into the file: the YAML lines of its front matter, the text
// below with its notes, and the title of that text.
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

// needsComment reports whether a comment must follow the text: one with the notes, or an empty one,
// which shows that there is a slide, or that the end of its content is no note.
func needsComment(text, notes string, front []string) bool {
	if notes != "" || text == "" && front == nil {
		return true
	}
	_, _, found := splitNotes(text)
	return found
}

// withTitle puts the title above the body unless it is there, and returns the title of the result.
func withTitle(body, title string) (text, heading string) {
	heading = html.HeadingText(body)
	if title == "" || title == heading {
		return body, heading
	}
	return trimBlock("# " + escapeInline(title) + "\n\n" + body), title
}
