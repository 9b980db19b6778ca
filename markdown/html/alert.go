package html

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// alert is one of GitHub's alerts: a quote whose first line is [!NOTE] or one of its siblings.
type alert struct {
	ast.BaseBlock
	name string // in lower case
}

var kindAlert = ast.NewNodeKind("Alert")

// Kind implements ast.Node.
func (*alert) Kind() ast.NodeKind { return kindAlert }

// Dump implements ast.Node.
func (a *alert) Dump(source []byte, level int) {
	ast.DumpHelper(a, source, level, map[string]string{"Name": a.name}, nil)
}

var (
	alertLine = regexp.MustCompile(`^ {0,3}> ?\[!((?i:note|tip|important|warning|caution))\][ \t]*\n?$`)
	quoteLine = regexp.MustCompile(`^ {0,3}>`)
)

// alertParser parses alerts. Like a quote, an alert goes on for as long as its lines begin with >.
type alertParser struct{ parser.BlockParser }

// Open opens an alert at the top of a document, if another line of the quote follows.
func (p alertParser) Open(parent ast.Node, reader text.Reader, _ parser.Context) (ast.Node, parser.State) {
	line, at := reader.PeekLine()
	mark := alertLine.FindSubmatch(line)
	// The reader cannot look ahead: a position that is set again leaves it with the line that it
	// saw last.
	if mark == nil || parent.Kind() != ast.KindDocument || !quoteLine.Match(reader.Source()[at.Stop:]) {
		return nil, parser.NoChildren
	}
	reader.Advance(len(bytes.TrimRight(line, "\n")))
	return &alert{name: strings.ToLower(string(mark[1]))}, parser.HasChildren
}

// alertRenderer renders alerts with GitHub's classes.
type alertRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (alertRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindAlert, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			_, err := w.WriteString("</div>\n")
			return ast.WalkContinue, err
		}
		name := node.(*alert).name //nolint:errcheck,forcetypeassert // the kind tells
		_, err := w.WriteString(`<div class="markdown-alert markdown-alert-` + name + `">` + "\n" +
			`<p class="markdown-alert-title">` + strings.ToUpper(name[:1]) + name[1:] + "</p>\n")
		return ast.WalkContinue, err
	})
}
