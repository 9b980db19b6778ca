package deck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

const (
	// MaxSlides bounds the slides that Parse accepts.
	MaxSlides = 1000
	// MaxBytes bounds the text that Parse accepts, in bytes.
	MaxBytes = 4 << 20
)

// Deck is a presentation as one Markdown file.
type Deck struct {
	// Title comes from the headmatter, or else from the first slide.
	Title string
	// Description and Theme come from the headmatter and are empty without it.
	Description, Theme string
	// Extra holds the other lines of the headmatter that are for the whole deck, unchanged and
	// without the ---.
	Extra string
	// Slides are in running order.
	Slides []Slide
}

// Slide is one slide of a Deck.
type Slide struct {
	// Title is the title in the front matter, or else the text of the first heading in Content,
	// without markup.
	Title string
	// Content is Markdown with the heading. If the slide has front matter, Content opens with it:
	// ---, the YAML lines, ---, a blank line. A comment in it is for a program.
	Content string
	// Notes are for the speaker: Markdown, without the comments around them.
	Notes string
}

// Parse reads a presentation from Markdown in a dialect, by the rules of the package comment; for
// "" it detects the dialect. A blank text is a Deck without slides; front matter alone is one
// slide. Line ends may be LF, CRLF or CR; contents have LF, and no blank lines around them.
//
// The author can mend every error, which names the line and the remedy: text that is not UTF-8 or
// has a NUL, headmatter that no program reads, more than MaxBytes or MaxSlides.
func Parse(text string, as Dialect) (Deck, error) {
	if err := checkReadable(text); err != nil {
		return Deck{}, err
	}
	if as == "" {
		as = Detect(text)
	}
	lines := strings.Split(markdown.Normalise(text), "\n")
	found := findHead(lines, as)
	if found.err != nil {
		return Deck{}, found.err
	}
	head, lines := readHead(found, as), lines[found.length:]
	var divider []int
	if as == Marp {
		divider = headingLevels(found.fields, strings.Join(lines, "\n"))
	}
	slides := split(lines, as, found.exists, divider)
	if len(slides) > MaxSlides {
		return Deck{}, fmt.Errorf("the deck has %d slides and %d is the most: split it into several decks", len(slides), MaxSlides)
	}
	deck := Deck{Title: head.title, Description: head.description, Theme: head.theme, Extra: head.extra}
	for i, raw := range slides {
		front, rest := []string(nil), raw
		if as == Slidev {
			front, rest = cutFrontMatter(raw)
		}
		if i == 0 {
			front = append(head.first, front...)
			if len(head.spots) > 0 {
				rest = slices.Concat(head.spots, []string{""}, markdown.TrimLines(rest))
			}
		}
		deck.Slides = append(deck.Slides, parseSlide(front, rest, as))
	}
	if deck.Title == "" && len(deck.Slides) > 0 {
		deck.Title = deck.Slides[0].Title
	}
	return deck, nil
}

// checkReadable refuses a text that is too long, is not UTF-8 or has a NUL.
func checkReadable(text string) error {
	if len(text) > MaxBytes {
		return fmt.Errorf("the deck has %d bytes and %d is the most: split it, or link images instead of embedding them", len(text), MaxBytes)
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return fmt.Errorf("line %d: the text has a NUL character: remove it, or check that this is a Markdown file", lineOf(text, i))
	}
	for i, r := range text {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
			return fmt.Errorf("line %d: the text is not UTF-8: save the file as UTF-8 and import it again", lineOf(text, i))
		}
	}
	return nil
}

// lineOf returns the number of the line, from 1, that contains the byte at the offset.
func lineOf(text string, offset int) int {
	return 1 + strings.Count(text[:offset], "\n")
}

// parseSlide reads a slide from its front matter, nil for none, and the lines below.
func parseSlide(front, lines []string, as Dialect) Slide {
	body, below := trimBlock(rearm(strings.Join(lines, "\n"), as)), ""
	if as == Reveal {
		body, below = cutNoteParagraph(body)
	}
	body, notes := takeNotes(body)
	if below != "" {
		notes = trimBlock(notes + "\n\n" + below)
	}
	if len(front) == 0 && frontMatter(strings.Split(body, "\n")) > 0 {
		body = " " + body // without its space, this rule would become front matter
	}
	return Slide{
		Title:   cmp.Or(frontTitle(front), html.HeadingText(body)),
		Content: joinFrontMatter(front, body),
		Notes:   notes,
	}
}

// trimBlock removes blank lines above a text and white space below it. The indent of the first line
// stays, since it can mean code.
func trimBlock(text string) string {
	text = strings.TrimRight(text, " \t\n")
	for {
		line, rest, more := strings.Cut(text, "\n")
		if !more || !markdown.IsBlank(line) {
			return text
		}
		text = rest
	}
}

// trimText is the normal form of text that may have several lines.
func trimText(text string) string { return strings.TrimSpace(markdown.Normalise(text)) }

// splitLines returns the lines of a text, nil for an empty text.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func isBlankText(lines []string) bool {
	for _, line := range lines {
		if !markdown.IsBlank(line) {
			return false
		}
	}
	return true
}
