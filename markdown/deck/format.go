package deck

import (
	"cmp"
	"slices"
	"strings"

	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

// Format writes the deck as Markdown for a program, with its form of notes. For "" it is the text
// that Parse reads back, with the dialect detected: Marp's if the headmatter is Marp's, or else
// Slidev's. There is no headmatter if there is nothing to say.
//
// Parse returns the slides unchanged, except for content that has no meaning or no place there:
//
//   - line ends become LF; blank lines around a text and byte order marks go; invalid UTF-8 and NUL
//     become U+FFFD;
//   - a Title that differs from that of its slide becomes its front matter's title, if it has one,
//     or else a heading above the content;
//   - code or a comment that a slide leaves open is closed at the end of the slide, if the next
//     slide would go on with it;
//   - a line within a slide that Marp would take for the end of the slide becomes <hr>;
//   - a line that begins with " ---" loses that space, since Slidev and reveal.js take the line for
//     the end of the slide without it;
//   - comments and elements with notes in a content become notes;
//   - an empty Title of a slide or of the deck becomes the heading that is there;
//   - the theme "default" becomes none.
//
// The title of the deck is left out if it equals that of the first slide, from which all programs
// take it. For Marp and Reveal the front matter of slides is left out, and for Reveal that of the
// deck, since they would show it. Format(Parse(Format(d, as), as), as) equals Format(d, as) as long
// as the deck stays within the limits of Parse.
func Format(d Deck, as Dialect) string {
	w := writer{deck: d, as: as, noHead: as == Reveal}
	switch as {
	case "":
		w.as = own(d)
	case Marp, Slidev:
		w.deck.Extra = withMarpKey(d.Extra, as == Marp)
	}
	text := w.write(asIs)
	if w.needsClosing(text) {
		text = w.write(closed)
	}
	if as == "" && Detect(text) != w.as {
		w.mark = dialectMark(w.as)
		text = w.write(closed)
	}
	return text
}

// ending says whether the code, comment or element that a slide leaves open is closed.
type ending bool

const (
	asIs   ending = false
	closed ending = true
)

// writer writes a deck in a dialect.
type writer struct {
	deck    Deck
	as      Dialect
	noHead  bool   // the program would show front matter
	mark    string // see headmatter
	divider []int  // the levels of the headings before which Marp needs no break
	slides  []writtenSlide
}

// writtenSlide is a slide on its way into the file: the YAML lines of its front matter, the text
// below with its notes, the title of that text, and the notes alone.
type writtenSlide struct {
	front []string
	text  string
	title string
	notes string
}

func (w *writer) write(how ending) string {
	w.slides = w.slides[:0]
	for _, s := range w.deck.Slides {
		w.slides = append(w.slides, formatSlide(s, w.as, how))
	}
	var b strings.Builder
	head := w.head()
	if len(w.slides) > 0 && w.slides[0].text == "" && head == "" {
		w.slides[0].text = emptyComment // it shows that there is a slide
	}
	b.WriteString(head)
	for i, s := range w.slides {
		switch {
		case i == 0, w.as == Marp && beginsWithHeading(s.text, w.divider):
		case s.front != nil:
			b.WriteString("\n" + joinFrontMatter(s.front, "") + "\n")
		default:
			b.WriteString("\n---\n")
		}
		if s.text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.text + "\n")
	}
	return b.String()
}

// head returns the front matter of the deck, "" for none.
func (w *writer) head() string {
	if w.noHead {
		return ""
	}
	h := headmatter{
		title:       markdown.SingleLine(w.deck.Title),
		description: trimText(w.deck.Description),
		theme:       markdown.SingleLine(w.deck.Theme),
		extra:       strings.Join(markdown.TrimLines(splitLines(markdown.Normalise(w.deck.Extra))), "\n"),
		dialect:     w.as,
		mark:        w.mark,
	}
	if h.theme == defaultTheme {
		h.theme = ""
	}
	if len(w.slides) > 0 {
		h.first = w.slides[0].front
		if h.title == w.slides[0].title {
			h.title = ""
		}
	}
	if w.as == Marp {
		var all strings.Builder
		for _, s := range w.slides {
			all.WriteString(s.text + "\n\n")
		}
		w.divider = headingLevels(fieldsOf(splitLines(h.extra)), all.String())
	}
	return h.format()
}

// needsClosing reports whether the slides are not read back as they were written.
func (w *writer) needsClosing(text string) bool {
	lines := strings.Split(text, "\n")
	found := findHead(lines, w.as)
	slides := split(lines[found.length:], w.as, found.exists, w.divider)
	return !slices.EqualFunc(slides, w.slides, func(raw []string, s writtenSlide) bool {
		if s.front != nil {
			_, raw = cutFrontMatter(raw)
		}
		return trimBlock(strings.Join(raw, "\n")) == s.text && parseSlide(nil, raw, w.as).Notes == s.notes
	})
}

func formatSlide(s Slide, as Dialect, how ending) writtenSlide {
	front, rest := cutFrontMatter(strings.Split(trimBlock(markdown.Normalise(s.Content)), "\n"))
	body := trimBlock(strings.Join(rest, "\n"))
	w := writtenSlide{title: cmp.Or(frontTitle(front), html.HeadingText(body))}
	if title := markdown.SingleLine(s.Title); title != "" && title != w.title {
		w.title = title
		if as == Slidev && frontTitle(front) != "" {
			front = withFrontTitle(front, title)
		} else {
			body = trimBlock("# " + escapeInline(title) + "\n\n" + body)
		}
	}
	if as == Slidev {
		w.front = front
	}
	if how == closed && as == Slidev {
		body = escapeComment(body)
	}
	body = disarm(body, as)
	if how == closed {
		body = closeBlocks(body, as)
	}
	w.notes = trimBlock(markdown.Normalise(s.Notes))
	w.text = withNotes(body, w.notes, as)
	return w
}

// beginsWithHeading reports whether a text begins with a heading of one of the levels.
func beginsWithHeading(text string, levels []int) bool {
	if len(levels) == 0 {
		return false
	}
	headings := html.NewOutline(text).Headings
	return len(headings) > 0 && headings[0].Start == 0 && slices.Contains(levels, headings[0].Level)
}

// withMarpKey returns the lines of front matter with the line by which editors know a deck of Marp,
// or without it.
func withMarpKey(extra string, wanted bool) string {
	lines := splitLines(markdown.Normalise(extra))
	for _, f := range fieldsOf(lines) {
		if f.Key != "marp" {
			continue
		}
		if wanted {
			return extra
		}
		return strings.Join(slices.Delete(lines, f.First, f.Last+1), "\n")
	}
	if !wanted {
		return extra
	}
	return strings.TrimRight("marp: true\n"+extra, "\n")
}
