package resolvers

import (
	"context"

	"flightdeck/domain"
	"flightdeck/markdown"
	"flightdeck/readmodel"
)

// render returns a text of a format as HTML for a page.
func render(format domain.ContentFormat, text string) string {
	switch format {
	case domain.Markdown:
		return markdown.HTML(text)
	case domain.HTML:
		return markdown.SanitizeHTML(text)
	}
	return markdown.PlainHTML(text)
}

// deckMarkdown returns a deck as Markdown, with the notes that the asker may read.
func deckMarkdown(ctx context.Context, p *readmodel.Presentation) (string, error) {
	slides, err := p.Slides(ctx)
	if err != nil {
		return "", err
	}
	deck := markdown.Deck{Title: p.Title, Description: value(p.Description), Theme: p.Theme, Extra: p.FrontMatter}
	for _, s := range slides {
		deck.Slides = append(deck.Slides, markdown.Slide{Title: value(s.Title), Content: s.Content, Notes: value(s.Notes())})
	}
	return markdown.FormatDeck(deck), nil
}
