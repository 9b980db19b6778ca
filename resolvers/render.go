package resolvers

import (
	"context"

	"flightdeck/domain"
	"flightdeck/markdown/deck"
	"flightdeck/markdown/html"
	"flightdeck/readmodel"
)

// render returns a text of a format as sanitised HTML.
func render(format domain.ContentFormat, text string) string {
	switch format {
	case domain.Markdown:
		return html.Render(text)
	case domain.HTML:
		return html.Sanitize(text)
	}
	return html.Plain(text)
}

// deckMarkdown returns a deck as Markdown, with its notes if the asker may read them.
func deckMarkdown(ctx context.Context, p *readmodel.Presentation) (string, error) {
	slides, err := p.Slides(ctx)
	if err != nil {
		return "", err
	}
	d := deck.Deck{Title: p.Title, Description: value(p.Description), Theme: p.Theme, Extra: p.FrontMatter}
	for _, s := range slides {
		d.Slides = append(d.Slides, deck.Slide{Title: value(s.Title), Content: s.Content, Notes: value(s.Notes())})
	}
	return deck.Format(d), nil
}
