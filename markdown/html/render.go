package html

import (
	"bytes"
	stdhtml "html"

	"flightdeck/markdown"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// MaxBytes is the length of the longest Markdown that Render renders.
const MaxBytes = 1 << 20

// commonmark parses Markdown and renders it with its raw HTML. The result has to be sanitised.
var commonmark = goldmark.New(
	goldmark.WithParser(newParser()),
	goldmark.WithRendererOptions(
		goldhtml.WithUnsafe(),
		renderer.WithNodeRenderers(
			util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
			util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
			util.Prioritized(extension.NewTaskCheckBoxHTMLRenderer(), 500),
			util.Prioritized(extension.NewFootnoteHTMLRenderer(extension.WithFootnoteIDPrefix(footnotePrefix)), 500),
			util.Prioritized(alertRenderer{}, 500),
		),
	),
)

// newParser returns a parser of CommonMark with GitHub's extensions, whose work is bounded: see
// budget.
func newParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(alertParser{parser.NewBlockquoteParser()}, 799),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(footnotes{shallow{extension.NewFootnoteBlockParser()}}, 999),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(codeSpans{parser.NewCodeSpanParser()}, 100),
			util.Prioritized(footnoteLinks{extension.NewFootnoteParser()}, 101),
			util.Prioritized(links{parser.NewLinkParser()}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
			util.Prioritized(delimiters{parser.NewEmphasisParser()}, 500),
			util.Prioritized(delimiters{extension.NewStrikethroughParser()}, 500),
			util.Prioritized(bareLinks{extension.NewLinkifyParser()}, 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(definitions{}, 100),
			util.Prioritized(tables{extension.NewTableParagraphTransformer()}, 200),
		),
		parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
			util.Prioritized(extension.NewFootnoteASTTransformer(), 999),
		),
	)
}

// Render renders a Markdown page, without its front matter, as HTML that is safe to put into a
// page: CommonMark with GitHub's tables, strikethrough, task lists, autolinks, footnotes and
// alerts, and the raw HTML that [Sanitize] keeps. Every heading gets GitHub's id: see slugger. The
// time and the length of the result are bounded by the length of the text: a hostile paragraph,
// list or table is shown as text from the point at which it exceeds its budget. Text longer than
// MaxBytes is preformatted, as by [Plain].
func Render(text string) string {
	_, body := markdown.CutPage(text)
	if len(body) > MaxBytes {
		return Plain(text)
	}
	var b bytes.Buffer
	source := []byte(body)
	if err := commonmark.Convert(source, &b, parser.WithContext(newBudget(len(source)))); err != nil {
		return Plain(text)
	}
	return finish(policy.Sanitize(b.String()), addHeadingIDs)
}

// Sanitize keeps the HTML that formats and links text, and drops everything that could run, restyle
// the page around it, send a form or load anything but an image: see newPolicy. The result is a
// fragment whose elements are all closed; of a document it is the body.
func Sanitize(text string) string {
	return finish(policy.Sanitize(markdown.Normalise(text)), keepHeadings)
}

// Plain returns plain text or JSON as it stands, escaped and in a <pre> element.
func Plain(text string) string {
	return "<pre>" + stdhtml.EscapeString(markdown.Normalise(text)) + "</pre>\n"
}
