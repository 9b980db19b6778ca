package document_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"flightdeck/web/document"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func newReader(t *testing.T) (read func(text string) *ast.QueryDocument) {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { viewer: String }"})
	r := document.NewReader(document.Options{Schema: schema})
	return func(text string) *ast.QueryDocument {
		t.Helper()
		doc, errs := r.Read(t.Context(), text)
		if len(errs) > 0 {
			t.Fatalf("%s: %v", text, errs)
		}
		return doc
	}
}

// A document that is read again and again is parsed once, and one that is not makes room for
// others.
func TestUnusedDocumentsAreDropped(t *testing.T) {
	t.Parallel()
	read := newReader(t)
	used, unused := read("{viewer}"), read("{viewer }")
	for i := range 2000 {
		read(fmt.Sprintf("{viewer} #%d %s", i, strings.Repeat("x", 10<<10)))
		if read("{viewer}") != used {
			t.Fatalf("parsed a document in use again, after %d others", i)
		}
	}
	if read("{viewer }") == unused {
		t.Error("kept a document through 2000 others")
	}
}

// The size of the kept documents is counted right, of whatever their texts consist: a text of 16
// KiB becomes a document of megabytes. The test measures the heap, and runs alone.
func TestKeptDocumentsAreCountedByTheirSize(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { viewer(list: [Int]): String }"})
	for name, part := range map[string]string{"values": "1 ", "comments": "#\n", "fields": "viewer ", "braces": "...{viewer}"} {
		open, end := "{viewer ", "}"
		if name == "values" {
			open, end = "{viewer(list: [", "])}"
		}
		r := document.NewReader(document.Options{Schema: schema})
		before := liveBytes()
		for i := range 30 {
			text := fmt.Sprintf("#%d\n%s%s%s", i, open, strings.Repeat(part, 4000/len(part)), end)
			if _, errs := r.Read(t.Context(), text); len(errs) > 0 {
				t.Fatal(errs)
			}
		}
		grown, counted := liveBytes()-before, r.CachedBytes()
		if grown > counted+2<<20 {
			t.Errorf("%s: the kept documents take %d bytes, and %d are counted", name, grown, counted)
		}
		runtime.KeepAlive(r)
	}
}

// liveBytes returns the size of the live heap.
func liveBytes() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestLongDocumentsAreNotKept(t *testing.T) {
	t.Parallel()
	read := newReader(t)
	if first, second := read("{viewer}"), read("{viewer}"); first != second {
		t.Error("parsed a short document twice")
	}
	long := "{viewer}" + strings.Repeat("#", 16<<10)
	if first, second := read(long), read(long); first == second {
		t.Error("kept a document of 16 KiB")
	}
}
