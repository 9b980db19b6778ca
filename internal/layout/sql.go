package layout

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// TableUse is a table that the SQL of a file names.
type TableUse struct {
	Table  string
	Writes bool // the SQL changes its rows or its definition
	File   string
	Line   int
}

var (
	// written and read find the table after a keyword of SQL, which is written in upper case.
	written = regexp.MustCompile(`\b(?:INTO|UPDATE|DELETE FROM|TABLE|TABLE IF EXISTS|TABLE IF NOT EXISTS)\s+([a-z_]+)\b`)
	read    = regexp.MustCompile(`\b(?:FROM|JOIN)\s+([a-z_]+)\b`)
	// model finds the table in the tag of a struct that bun knows.
	model = regexp.MustCompile(`\bbun:"table:([a-z_]+)`)
	// builders are the methods whose text begins with the name of a table.
	builders = map[string]bool{"table": true, "Table": true, "TableExpr": true, "ModelTableExpr": true}
	name     = regexp.MustCompile(`^[a-z_]+\b`)
)

// Tables returns the tables that the SQL in a file names: those after a keyword in a text, in the
// tag of a struct, or at the beginning of a text for a query builder. A name that is put together
// from parts is not found.
func (f File) Tables() (uses []TableUse) {
	lines := token.NewFileSet()
	counted := lines.AddFile(f.Name, -1, len(f.Text))
	counted.SetLinesForContent([]byte(f.Text))
	add := func(at token.Pos, text string, writes bool, find *regexp.Regexp) {
		line := counted.Line(token.Pos(counted.Base()) + at - f.Syntax.FileStart)
		for _, found := range find.FindAllStringSubmatch(text, -1) {
			uses = append(uses, TableUse{found[len(found)-1], writes, f.Name, line})
		}
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				add(n.Pos(), text, true, written)
				add(n.Pos(), strings.ReplaceAll(text, "DELETE FROM", ""), false, read)
				add(n.Pos(), text, false, model)
			}
		case *ast.CallExpr:
			if method, ok := n.Fun.(*ast.SelectorExpr); ok && builders[method.Sel.Name] && len(n.Args) > 0 {
				if text, ok := firstText(n.Args[0]); ok {
					add(n.Pos(), text, false, name)
				}
			}
		}
		return true
	})
	return uses
}

// firstText returns the text with which an expression begins.
func firstText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return firstText(e.X)
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	}
	return "", false
}
