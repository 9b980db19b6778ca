package html

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Outline says where the parts of a Markdown text stand that matter for cutting it into slides.
type Outline struct {
	// Breaks are the lines of the thematic breaks outside of lists and quotes.
	Breaks []Span
	// Headings are the headings outside of lists and quotes.
	Headings []Heading
	// Code has the code: blocks with their first line, and the inside of code spans.
	Code []Span
}

// Span is the part of a text from the byte at Start to the byte before End.
type Span struct{ Start, End int }

// Heading is a heading, from 1 to 6, and the byte at which its first line begins.
type Heading struct{ Start, Level int }

// NewOutline returns the outline of Markdown, read as [Render] reads it. Front matter is no part of
// the text.
func NewOutline(markdown string) Outline {
	source := []byte(markdown)
	document := commonmark.Parser().Parse(text.NewReader(source), parser.WithContext(newBudget(len(source))))
	var o Outline
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		start := 1 + bytes.LastIndexByte(source[:max(node.Pos(), 0)], '\n')
		switch n := node.(type) {
		case *ast.ThematicBreak:
			o.Breaks = append(o.Breaks, Span{start, endOfLine(source, start)})
		case *ast.Heading:
			o.Headings = append(o.Headings, Heading{start, n.Level})
		}
	}
	//nolint:errcheck // the walker returns no error
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if span, ok := codeSpan(source, node); entering && ok {
			o.Code = append(o.Code, span)
		}
		return ast.WalkContinue, nil
	})
	return o
}

// codeSpan returns the part of the source that a node shows as code. ok is false for other nodes.
func codeSpan(source []byte, node ast.Node) (s Span, ok bool) {
	switch node.Kind() {
	case ast.KindFencedCodeBlock:
		s = Span{node.Pos(), endOfLine(source, node.Pos())}
	case ast.KindCodeBlock:
		s = Span{node.Pos(), node.Pos()}
	case ast.KindCodeSpan:
		first, isText := node.FirstChild().(*ast.Text)
		if !isText {
			return s, false
		}
		s = Span{first.Segment.Start, first.Segment.Stop}
		if last, isText := node.LastChild().(*ast.Text); isText {
			s.End = last.Segment.Stop
		}
		return s, true
	default:
		return s, false
	}
	if lines := node.Lines(); lines.Len() > 0 {
		s.End = max(s.End, lines.At(lines.Len()-1).Stop)
	}
	return s, true
}

func endOfLine(source []byte, start int) int {
	if length := bytes.IndexByte(source[start:], '\n'); length >= 0 {
		return start + length
	}
	return len(source)
}
