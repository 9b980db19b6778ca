package html

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// These are the limits of one text. A step is about a nanosecond: a byte that is read again, or a
// node that is visited again.
const (
	maxSteps      = 64 << 20 // in all
	maxBlockSteps = 16 << 20 // in one paragraph, heading or table cell
	maxOpenBlocks = 64       // lists, items and quotes in each other
	maxBrackets   = 1000     // open link labels in one block; a label has at most 999 characters
	maxEscapes    = 500      // pipes with a backslash in a table
	maxFootnotes  = 1000     // references, in all
	// maxDefinitions is the number of lines with link definitions that are parsed together.
	maxDefinitions = 256
	// minCells is the least number of cells in all tables. Each byte of the text adds one.
	minCells = 1000
	// minReferences is the least total length of the destinations of reference links. The length of
	// the text is the limit if it is more.
	minReferences = 100 << 10
)

// budget is a parser context that bounds the work on hostile text. goldmark's time grows with the
// square of the length for some texts: an opening bracket, quotation mark, asterisk or backtick
// without its end makes it search the rest of the paragraph, each time in vain. The wrappers of
// goldmark's parsers in this package count such work, and return no node once the budget is spent.
// The mark is text then.
type budget struct {
	parser.Context
	steps      int
	block      int // the steps in the present block
	references int // bytes of destinations that reference links may still have
	cells      int
	notes      int // footnote definitions
	noteLinks  int
	brackets   []int // where the open link labels of the present block begin
	delimiters int   // in the present block
}

func newBudget(length int) *budget {
	return &budget{
		Context: parser.NewContext(), steps: maxSteps, block: maxBlockSteps,
		references: max(length, minReferences), cells: length + minCells, noteLinks: maxFootnotes,
	}
}

// spend takes steps off the budget and reports whether it sufficed.
func (b *budget) spend(steps int) bool {
	b.steps -= steps
	b.block -= steps
	return !b.spent()
}

func (b *budget) spent() bool { return b.steps < 0 || b.block < 0 }

// endBlock begins a new budget for the next block.
func (b *budget) endBlock() {
	b.block, b.brackets, b.delimiters = maxBlockSteps, b.brackets[:0], 0
}

// Reference returns a link definition until the links have a total length that is out of proportion
// to the text.
func (b *budget) Reference(label string) (parser.Reference, bool) {
	ref, ok := b.Context.Reference(label)
	if !ok {
		return nil, false
	}
	if b.references -= len(ref.Destination()) + len(ref.Title()); b.references < 0 {
		return nil, false
	}
	return ref, true
}

// of returns the budget in a context.
func of(pc parser.Context) *budget { return pc.(*budget) } //nolint:errcheck,forcetypeassert // every parse of this package has one

// rest returns the number of bytes from a place to the end of its block.
func rest(block ast.Node, at text.Segment) int {
	lines := block.Lines()
	if lines == nil || lines.Len() == 0 {
		return 0
	}
	return max(0, lines.At(lines.Len()-1).Stop-at.Start)
}

// shallow limits how deep a block parser nests.
type shallow struct{ parser.BlockParser }

// Open opens a block unless too many are open.
func (p shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if len(pc.OpenedBlocks()) >= maxOpenBlocks {
		return nil, parser.NoChildren
	}
	return p.BlockParser.Open(parent, reader, pc)
}

// footnotes counts the definitions of footnotes.
type footnotes struct{ parser.BlockParser }

// Open opens a definition of a footnote.
func (p footnotes) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := p.BlockParser.Open(parent, reader, pc)
	if node != nil {
		of(pc).notes++
	}
	return node, state
}

// footnoteLinks bounds the search for the definitions of footnotes, and the number of references.
type footnoteLinks struct{ parser.InlineParser }

// Parse parses a reference to a footnote.
func (p footnoteLinks) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	b := of(pc)
	if b.notes == 0 || b.noteLinks <= 0 {
		return nil
	}
	line, _ := block.PeekLine()
	if mark := bytes.TrimPrefix(line, []byte("!")); !bytes.HasPrefix(mark, []byte("[^")) || !b.spend(b.notes) {
		return nil
	}
	node := p.InlineParser.Parse(parent, block, pc)
	if _, ok := node.(*extast.FootnoteLink); ok {
		b.noteLinks--
	}
	return node
}

// codeSpans bounds the search for the end of code spans.
type codeSpans struct{ parser.InlineParser }

// Parse parses a code span. A run of backticks without an end is text.
func (p codeSpans) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	b := of(pc)
	line, at := block.PeekLine()
	if b.spent() {
		run := len(line) - len(bytes.TrimLeft(line, "`"))
		block.Advance(run)
		return ast.NewTextSegment(at.WithStop(at.Start + run))
	}
	node := p.InlineParser.Parse(parent, block, pc)
	if node != nil && node.Kind() != ast.KindCodeSpan {
		b.spend(rest(parent, at))
	}
	return node
}

// links bounds the search for the ends of links and images.
type links struct{ parser.InlineParser }

// Parse parses the beginning or the end of a link label, with the link that follows.
func (p links) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	b := of(pc)
	line, at := block.PeekLine()
	if b.spent() || line[0] != ']' && len(b.brackets) >= maxBrackets {
		return nil
	}
	if line[0] != ']' {
		node := p.InlineParser.Parse(parent, block, pc)
		if node != nil {
			b.brackets = append(b.brackets, at.Start)
		}
		return node
	}
	if len(b.brackets) == 0 {
		return p.InlineParser.Parse(parent, block, pc)
	}
	last := len(b.brackets) - 1
	b.spend(at.Start - b.brackets[last])
	b.brackets = b.brackets[:last]
	node := p.InlineParser.Parse(parent, block, pc)
	if node == nil && len(line) > 1 && (line[1] == '(' || line[1] == '[') {
		b.spend(rest(parent, at))
	}
	return node
}

// CloseBlock ends the open labels of a block.
func (p links) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	p.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc) //nolint:errcheck,forcetypeassert // goldmark's link parser is one
	of(pc).endBlock()
}

// delimiters bounds the search for the beginnings of emphasis: each mark may search all before it.
type delimiters struct{ parser.InlineParser }

// Parse parses a run of delimiters.
func (p delimiters) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	b := of(pc)
	if !b.spend(b.delimiters) {
		return nil
	}
	b.delimiters++
	return p.InlineParser.Parse(parent, block, pc)
}

// bareLinks bounds the search for the ends of addresses that stand in the text without brackets.
type bareLinks struct{ parser.InlineParser }

// maxMailbox is more than the longest local part of an e-mail address.
const maxMailbox = 320

// Parse parses an address. It begins at the byte after the mark or space, or at the begin of a
// line.
func (p bareLinks) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	b := of(pc)
	line, at := block.PeekLine()
	if b.spent() || !mayBeAddress(line) {
		return nil
	}
	node := p.InlineParser.Parse(parent, block, pc)
	if node == nil {
		b.spend(len(line) + at.Padding)
	}
	return node
}

// mayBeAddress reports whether an address can begin the line: one with a protocol or www, or an
// e-mail address.
func mayBeAddress(line []byte) bool {
	if len(line) > 0 && bytes.IndexByte([]byte(" \t*_~("), line[0]) >= 0 {
		line = line[1:]
	}
	for _, prefix := range []string{"http", "ftp:", "www."} {
		if bytes.HasPrefix(line, []byte(prefix)) {
			return true
		}
	}
	word := line[:min(len(line), maxMailbox)]
	if end := bytes.IndexAny(word, " \t\n"); end >= 0 {
		word = word[:end]
	}
	return bytes.IndexByte(word, '@') > 0
}

// definitions parses link definitions at the beginning of a paragraph. goldmark copies all later
// lines of the paragraph for each definition, so long ones are parsed in pieces.
type definitions struct{}

// Transform takes the definitions off the paragraph.
func (definitions) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	lines := node.Lines()
	for lines.Len() > maxDefinitions {
		end := maxDefinitions
		for end < lines.Len() && !beginsWithBracket(lines.At(end), reader) {
			end++
		}
		if !beginsWithBracket(lines.At(0), reader) || end == lines.Len() {
			break
		}
		piece := ast.NewParagraph()
		head := text.NewSegments()
		head.AppendAll(lines.Sliced(0, end))
		piece.SetLines(head)
		tail := text.NewSegments()
		tail.AppendAll(lines.Sliced(end, lines.Len()))
		node.Parent().InsertBefore(node.Parent(), node, piece)
		parser.LinkReferenceParagraphTransformer.Transform(piece, reader, pc)
		if piece.Parent() != nil { // text follows the definitions: the paragraph begins here
			left := text.NewSegments()
			left.AppendAll(piece.Lines().Sliced(0, piece.Lines().Len()))
			left.AppendAll(tail.Sliced(0, tail.Len()))
			node.SetLines(left)
			node.Parent().RemoveChild(node.Parent(), piece)
			return
		}
		node.SetLines(tail)
		lines = tail
	}
	parser.LinkReferenceParagraphTransformer.Transform(node, reader, pc)
}

func beginsWithBracket(line text.Segment, reader text.Reader) bool {
	return bytes.HasPrefix(bytes.TrimLeft(line.Value(reader.Source()), " "), []byte("["))
}

// tables bounds the number of cells: each row gets as many as the header has, also a row of one
// byte.
type tables struct{ parser.ParagraphTransformer }

// Transform makes a table of the paragraph if it is one.
func (p tables) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	b := of(pc)
	columns, escapes := 0, 0
	for i := range node.Lines().Len() {
		line := node.Lines().At(i)
		value := line.Value(reader.Source())
		columns = max(columns, bytes.Count(value, []byte("|"))+1)
		escapes += bytes.Count(value, []byte(`\|`))
	}
	if columns == 1 && node.Lines().Len() < 2 {
		return
	}
	cells := columns * node.Lines().Len()
	if cells > b.cells || escapes > maxEscapes {
		return
	}
	p.ParagraphTransformer.Transform(node, reader, pc)
	if node.Parent() == nil || node.NextSibling() != nil && node.NextSibling().Kind() == extast.KindTable {
		b.cells -= cells
	}
}
