package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// The cache cannot be seen from outside, so this test is inside.
func TestDocumentCacheForgetsWhatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	c := newDocumentCache()
	used, unused := &ast.QueryDocument{}, &ast.QueryDocument{}
	c.Add(t.Context(), "used", used)
	c.Add(t.Context(), "unused", unused)
	for i := range 10 * cachedDocuments {
		c.Add(t.Context(), fmt.Sprint(i), &ast.QueryDocument{})
		if doc, ok := c.Get(t.Context(), "used"); !ok || doc != used {
			t.Fatalf("forgot what is used, after %d", i)
		}
		if n := len(c.young) + len(c.old); n > 2*cachedDocuments {
			t.Fatalf("holds %d", n)
		}
	}
	if _, ok := c.Get(t.Context(), "unused"); ok {
		t.Error("still knows what nobody asked for")
	}
	long := strings.Repeat("#", maxCachedDocument+1)
	c.Add(t.Context(), long, &ast.QueryDocument{})
	if _, ok := c.Get(t.Context(), long); ok {
		t.Error("keeps a document of any length")
	}
}
