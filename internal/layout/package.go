package layout

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"
)

// Package is a package of the module with its hand-written files that are no tests.
type Package struct {
	Path    string // its import path
	Dir     string
	Doc     string   // the text of its doc comment
	Imports []string // import paths, sorted; those of generated files too
	Files   []File   // sorted by name

	uses map[edge][]string // names used, sorted: see Uses
}

// File is a hand-written file of a package.
type File struct {
	Name   string // without its folder
	Text   string
	Syntax *ast.File
}

// edge says that a file uses names that another one declares.
type edge struct{ from, to string }

// Load parses and checks the packages that patterns such as "./..." select in dir. It fails when
// one of them does not compile.
func Load(dir string, patterns ...string) ([]Package, error) {
	loaded, err := packages.Load(&packages.Config{
		Dir: dir,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes |
			packages.NeedSyntax | packages.NeedTypesInfo,
	}, patterns...)
	if err != nil {
		return nil, err
	}
	var all []Package
	for _, p := range loaded {
		if len(p.GoFiles) == 0 {
			continue
		}
		for _, e := range p.Errors {
			err = errors.Join(err, fmt.Errorf("%s: %w", p.PkgPath, e))
		}
		read, readErr := readPackage(p)
		err = errors.Join(err, readErr)
		all = append(all, read)
	}
	return all, err
}

func readPackage(p *packages.Package) (Package, error) {
	read := Package{Path: p.PkgPath, Dir: filepath.Dir(p.GoFiles[0])}
	for path := range p.Imports {
		read.Imports = append(read.Imports, path)
	}
	slices.Sort(read.Imports)
	for _, syntax := range p.Syntax {
		if syntax.Doc != nil {
			read.Doc += syntax.Doc.Text()
		}
		file := p.Fset.File(syntax.FileStart).Name()
		text, err := os.ReadFile(file)
		if err != nil {
			return Package{}, err
		}
		if !IsGenerated(text) {
			read.Files = append(read.Files, File{filepath.Base(file), string(text), syntax})
		}
	}
	read.uses = usesOf(p, read.Files)
	return read, nil
}

// Function is a function or method with the number of its lines, from its name to the brace that
// ends it.
type Function struct {
	File, Name string
	Lines      int
}

// Functions returns the functions and methods that a file declares.
func (f File) Functions() []Function {
	lines := token.NewFileSet()
	counted := lines.AddFile(f.Name, -1, len(f.Text))
	counted.SetLinesForContent([]byte(f.Text))
	line := func(pos token.Pos) int { return counted.Line(token.Pos(counted.Base()) + pos - f.Syntax.FileStart) }
	var all []Function
	for _, d := range f.Syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			all = append(all, Function{f.Name, fn.Name.Name, line(fn.End()-1) - line(fn.Pos()) + 1})
		}
	}
	return all
}
