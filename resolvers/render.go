package resolvers

import (
	"context"
	"crypto/sha256"

	"flightdeck/bounded"
	"flightdeck/budget"
	"flightdeck/domain"
	"flightdeck/markdown/deck"
	"flightdeck/markdown/html"
	"flightdeck/readmodel"
)

const (
	// renderedBytes bounds the memory of the rendered texts that are kept.
	renderedBytes = 8 << 20
	// renderedOverhead is the memory of a rendered text beside its bytes, about.
	renderedOverhead = 256
	// longText is the length from which the rendering of a text is dear, in bytes.
	longText = 16 << 10
)

// Rendered keeps rendered texts by the digests of the texts. Its zero value keeps none.
type Rendered struct {
	kept *bounded.Cache[renderedText, string]
}

// renderedText is the digest of a text and its format.
type renderedText [sha256.Size]byte

// NewRendered returns a Rendered that keeps 8 MiB.
func NewRendered() Rendered {
	return Rendered{bounded.New[renderedText](renderedBytes, func(html string) int { return renderedOverhead + len(html) })}
}

// CachedBytes returns the memory of the kept texts, in bytes, about.
func (r Rendered) CachedBytes() int { return r.kept.Size() }

// render returns a text of a format as sanitised HTML. It spends the text of the budget in ctx.
func (r *Resolver) render(ctx context.Context, format domain.ContentFormat, text string) (string, error) {
	if err := budget.From(ctx).Bytes(len(text)); err != nil {
		return "", err
	}
	key := renderedText(sha256.Sum256([]byte(string(format) + "\x00" + text)))
	if known, ok := r.Rendered.kept.Get(key); ok {
		return known, nil
	}
	if len(text) >= longText {
		done, err := r.Reader.Turn(ctx)
		if err != nil {
			return "", err
		}
		defer done()
	}
	rendered := render(format, text)
	r.Rendered.kept.Add(key, rendered)
	return rendered, nil
}

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

// deckMarkdown returns a deck as Markdown in a dialect, nil for the deck's own, with its notes if
// the asker may read them.
func deckMarkdown(ctx context.Context, p *readmodel.Presentation, as *deck.Dialect) (string, error) {
	slides, err := p.Slides(ctx)
	if err != nil {
		return "", err
	}
	d := deck.Deck{Title: p.Title, Description: value(p.Description), Theme: p.Theme, Extra: p.FrontMatter}
	for _, s := range slides {
		d.Slides = append(d.Slides, deck.Slide{Title: value(s.Title), Content: s.Content, Notes: value(s.Notes())})
	}
	return deck.Format(d, value(as)), nil
}
