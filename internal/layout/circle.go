package layout

import (
	"cmp"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"
)

// usesOf finds the names that each of the files uses and another one declares. Methods and fields
// count as declared where they stand.
func usesOf(p *packages.Package, files []File) map[edge][]string {
	uses := map[edge][]string{}
	own := map[string]bool{}
	for _, f := range files {
		own[f.Name] = true
	}
	for name, object := range p.TypesInfo.Uses {
		if object.Pkg() != p.Types || !object.Pos().IsValid() {
			continue
		}
		from := filepath.Base(p.Fset.File(name.Pos()).Name())
		to := filepath.Base(p.Fset.File(object.Pos()).Name())
		if from != to && own[from] && own[to] {
			uses[edge{from, to}] = append(uses[edge{from, to}], object.Name())
		}
	}
	for e, names := range uses {
		slices.Sort(names)
		uses[e] = slices.Compact(names)
	}
	return uses
}

// Uses returns the names, sorted, that one file of the package uses and another one declares.
func (p Package) Uses(from, to string) []string { return p.uses[edge{from, to}] }

// Circles returns the groups of files that depend on each other, directly or through others of the
// group, the largest first. A file that is in no circle is in no group.
func (p Package) Circles() [][]string {
	t := tarjan{next: map[string][]string{}, index: map[string]int{}, low: map[string]int{}, open: map[string]bool{}}
	for e := range p.uses {
		t.next[e.from] = append(t.next[e.from], e.to)
	}
	for _, f := range p.Files {
		if t.index[f.Name] == 0 {
			t.visit(f.Name)
		}
	}
	slices.SortFunc(t.circles, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), slices.Compare(a, b))
	})
	return t.circles
}

// tarjan finds strongly connected components: R. Tarjan, "Depth-first search and linear graph
// algorithms", 1972.
type tarjan struct {
	next       map[string][]string
	index, low map[string]int // from 1, in the order of the visits
	open       map[string]bool
	stack      []string // the files that are open
	circles    [][]string
}

func (t *tarjan) visit(file string) {
	t.index[file] = len(t.index) + 1
	t.low[file] = t.index[file]
	t.stack, t.open[file] = append(t.stack, file), true
	for _, to := range t.next[file] {
		if t.index[to] == 0 {
			t.visit(to)
			t.low[file] = min(t.low[file], t.low[to])
		} else if t.open[to] {
			t.low[file] = min(t.low[file], t.index[to])
		}
	}
	if t.low[file] != t.index[file] {
		return
	}
	at := slices.Index(t.stack, file)
	circle := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, f := range circle {
		t.open[f] = false
	}
	if len(circle) > 1 {
		slices.Sort(circle)
		t.circles = append(t.circles, circle)
	}
}
