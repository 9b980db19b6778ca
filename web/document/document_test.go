package document_test

import (
	"fmt"
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
		read(fmt.Sprintf("{viewer} #%d", i))
		if read("{viewer}") != used {
			t.Fatalf("parsed a document in use again, after %d others", i)
		}
	}
	if read("{viewer }") == unused {
		t.Error("kept a document through 2000 others")
	}
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
