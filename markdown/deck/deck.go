package deck

import (
	"fmt"
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
	// Extra holds the other lines of the headmatter unchanged, without the ---.
	Extra string
	// Slides are in running order.
	Slides []Slide
}

// Slide is one slide of a Deck.
type Slide struct {
	// Title is the text of the first heading in Content, without markup.
	Title string
	// Content is Markdown with the heading. If the slide has front matter, Content opens with it:
	// ---, the YAML lines, ---, a blank line.
	Content string
	// Notes are for the speaker: Markdown, without the comment around them.
	Notes string
}

// Parse reads a presentation from Markdown, by the rules of the package comment. A blank text is a
// Deck without slides; a --- with nothing below it is an empty slide. Line ends may be LF, CRLF or
// CR; contents have LF, and no blank lines around them.
//
// The author can mend every error, which names the line and the remedy: text that is not UTF-8 or
// has a NUL, headmatter that is not YAML or is never closed, more than MaxBytes or MaxSlides.
func Parse(text string) (Deck, error) {
	if err := checkReadable(text); err != nil {
		return Deck{}, err
	}
	lines := strings.Split(markdown.Normalise(text), "\n")
	head, body, err := parseHead(lines)
	if err != nil {
		return Deck{}, err
	}
	slides := splitSlides(body)
	if len(slides) > MaxSlides {
		return Deck{}, fmt.Errorf("the deck has %d slides and %d is the most: split it into several decks", len(slides), MaxSlides)
	}
	if len(slides) == 0 && len(head.first) > 0 {
		slides = [][]string{nil}
	}
	deck := Deck{Title: head.title, Description: head.description, Theme: head.theme, Extra: head.extra}
	for i, raw := range slides {
		front, rest := markdown.CutFrontMatter(raw)
		if i == 0 && front == nil {
			front = head.first
		}
		deck.Slides = append(deck.Slides, parseSlide(front, rest))
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

// splitSlides cuts the lines below the headmatter at the separators. A slide begins with a --- only
// if it has front matter.
func splitSlides(lines []string) [][]string {
	if isBlankText(lines) {
		return nil
	}
	var slides [][]string
	var s scanner
	start := 0
	for i := 0; i < len(lines); i++ {
		if !s.separates(lines[i]) {
			continue
		}
		slides = append(slides, lines[start:i])
		s, start = scanner{}, i+1
		if n := markdown.PlainFrontMatter(lines[i:]); n > 0 {
			start = i
			i += n - 1
		}
	}
	return append(slides, lines[start:])
}

// parseSlide reads a slide from its front matter, nil for none, and the lines below.
func parseSlide(front, lines []string) Slide {
	body, notes, _ := splitNotes(trimBlock(strings.Join(lines, "\n")))
	body = unindentRules(body)
	if front == nil && markdown.PlainFrontMatter(strings.Split(body, "\n")) > 0 {
		body = " " + body // without its space, this rule would become front matter
	}
	return Slide{Title: html.HeadingText(body), Content: joinFrontMatter(front, body), Notes: notes}
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
