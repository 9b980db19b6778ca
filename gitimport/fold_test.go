package gitimport_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"flightdeck/gitimport"
)

// TestChangesAddUpToEveryTree folds the changes of random histories with merges of every kind.
// After each commit of the line, the fold has the files that git ls-tree lists.
func TestChangesAddUpToEveryTree(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			g := &generator{rand: rand.New(rand.NewPCG(seed, 1))}
			r.gitIn(g.history(50), "fast-import", "--quiet")
			checkFold(t, r, r.open(), isMarkdown)
			checkFold(t, r, r.open("."), anyPath)
		})
	}
}

// TestRepositoryAddsUp does the same with the repository that FLIGHTDECK_TEST_REPO names.
func TestRepositoryAddsUp(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("FLIGHTDECK_TEST_REPO")
	if dir == "" {
		t.Skip("FLIGHTDECK_TEST_REPO names no repository")
	}
	r := newRepo(t)
	r.dir = dir
	h := r.open()
	kinds := map[gitimport.Kind]int{}
	for _, c := range commits(t, h) {
		for _, change := range c.Changes {
			kinds[change.Kind]++
		}
	}
	t.Logf("%d commits; changes: %v", h.Len(), kinds)
	checkFold(t, r, h, isMarkdown)
	checkFold(t, r, r.open("."), anyPath)
}

// These are the paths of random histories. Some pairs exclude each other: one needs a directory
// where the other is a file.
var paths = []string{
	"a.md", "b.md", "c.md", "docs/a.md", "docs/b c.md", "docs/deep/d.md", "\"q\".md",
	"n\nl.md", "t\tb.md", "\xe9\xff.md", "ü.md", "-d.md", ":!e.md", "f.md", "f.md/g.md", "h.txt", "docs/h.txt",
}

// file is an entry of a tree: a mode and a content, or the commit of a submodule.
type file struct{ mode, content string }

// generator writes a random history as the input of git fast-import.
type generator struct {
	rand *rand.Rand
	out  strings.Builder
	mark int
}

// history returns a history whose branch main has n commits, with side branches between some of
// them.
func (g *generator) history(n int) string {
	files := map[string]file{}
	head := g.commit("main", files)
	line := []struct {
		mark  int
		files map[string]file
	}{{head, files}}
	for len(line) < n {
		var parents []int
		for range g.rand.IntN(3) * g.rand.IntN(2) {
			from := line[g.rand.IntN(len(line))]
			theirs, mark := maps.Clone(from.files), from.mark
			for range 1 + g.rand.IntN(2) {
				g.change(theirs)
				mark = g.commit("side", theirs, mark)
			}
			parents = append(parents, mark)
			files = g.merge(files, theirs)
		}
		if len(parents) == 0 || g.rand.IntN(4) == 0 {
			files = maps.Clone(files)
			g.change(files)
		}
		head = g.commit("main", files, append([]int{head}, parents...)...)
		line = append(line, struct {
			mark  int
			files map[string]file
		}{head, files})
	}
	return g.out.String()
}

// merge returns the files of ours, of theirs, or a mixture.
func (g *generator) merge(ours, theirs map[string]file) map[string]file {
	how := g.rand.IntN(4)
	if how < 2 {
		return []map[string]file{ours, theirs}[how]
	}
	merged := maps.Clone(ours)
	for _, path := range slices.Sorted(maps.Keys(theirs)) {
		if g.rand.IntN(2) == 0 {
			g.put(merged, path, theirs[path])
		}
	}
	return merged
}

// change makes one to four changes to the files and, rarely, none.
func (g *generator) change(files map[string]file) {
	for range g.rand.IntN(5) {
		there := slices.Sorted(maps.Keys(files))
		if len(there) < 4 {
			g.put(files, g.anyPath(), g.newFile())
			continue
		}
		one, two := there[g.rand.IntN(len(there))], there[g.rand.IntN(len(there))]
		switch f, other := files[one], files[two]; g.rand.IntN(9) {
		case 0:
			g.put(files, g.anyPath(), g.newFile())
		case 1:
			files[one] = g.newFile()
		case 2:
			delete(files, one)
		case 3: // rename over an existing file
			delete(files, one)
			g.put(files, g.anyPath(), g.touch(f))
		case 4: // swap
			files[one], files[two] = g.touch(other), g.touch(f)
		case 5: // chain
			delete(files, one)
			g.put(files, g.anyPath(), other)
			g.put(files, two, g.touch(f))
		case 6: // copy
			g.put(files, g.anyPath(), f)
		case 7:
			files[one] = g.touch(f)
		case 8:
			if f.mode == "100644" {
				files[one] = file{"100755", f.content}
			}
		}
	}
}

func (g *generator) anyPath() string { return paths[g.rand.IntN(len(paths))] }

// put sets a path, and removes every path that excludes it.
func (g *generator) put(files map[string]file, path string, f file) {
	switch path {
	case "f.md":
		delete(files, "f.md/g.md")
	case "f.md/g.md":
		delete(files, "f.md")
	}
	files[path] = f
}

// newFile returns a file of any kind. There are few contents, so some files are equal.
func (g *generator) newFile() file {
	switch g.rand.IntN(10) {
	case 0:
		return file{"100644", ""}
	case 1:
		return file{"120000", g.anyPath()}
	case 2:
		return file{"160000", fmt.Sprintf("%040x", 1+g.rand.IntN(3))}
	case 3:
		return file{"100644", "\x00\xff\r\n" + g.anyPath()}
	}
	return file{"100644", page(g.anyPath(), g.anyPath())}
}

// touch returns the file, unchanged or with a small change.
func (g *generator) touch(f file) file {
	if f.mode == "100644" && g.rand.IntN(2) == 0 {
		f.content += fmt.Sprintf("line %d\n", g.rand.IntN(5))
	}
	return f
}

// commit writes a commit with these files and returns its mark. Its time may be before that of the
// commit before.
func (g *generator) commit(branch string, files map[string]file, parents ...int) int {
	g.mark++
	fmt.Fprintf(&g.out, "commit refs/heads/%s\nmark :%d\n", branch, g.mark)
	fmt.Fprintf(&g.out, "committer Com <com@example.org> %d +0000\ndata 0\n", 1_700_000_000+g.rand.IntN(1000))
	for i, parent := range parents {
		fmt.Fprintf(&g.out, "%s :%d\n", []string{"from", "merge"}[min(i, 1)], parent)
	}
	fmt.Fprintln(&g.out, "deleteall")
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f := files[path]
		if f.mode == "160000" {
			fmt.Fprintf(&g.out, "M %s %s %s\n", f.mode, f.content, quotePath(path))
			continue
		}
		fmt.Fprintf(&g.out, "M %s inline %s\ndata %d\n%s\n", f.mode, quotePath(path), len(f.content), f.content)
	}
	return g.mark
}

// quotePath returns the path, with any bytes, in the form that fast-import reads.
func quotePath(path string) string {
	var quoted strings.Builder
	for i := range len(path) {
		fmt.Fprintf(&quoted, `\%03o`, path[i])
	}
	return `"` + quoted.String() + `"`
}
