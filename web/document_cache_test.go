package web

import (
	"fmt"
	"strings"
	"testing"
)

// The cache cannot be seen from outside, so this test is inside.
func TestDocumentCacheForgetsWhatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	c := newDocumentCache()
	used, unused := &document{}, &document{}
	c.Add("used", used)
	c.Add("unused", unused)
	for i := range 10 * cachedDocuments {
		c.Add(fmt.Sprint(i), &document{})
		if doc, ok := c.Get("used"); !ok || doc != used {
			t.Fatalf("forgot what is used, after %d", i)
		}
		if n := len(c.young) + len(c.old); n > 2*cachedDocuments {
			t.Fatalf("holds %d", n)
		}
	}
	if _, ok := c.Get("unused"); ok {
		t.Error("still knows what nobody asked for")
	}
	long := strings.Repeat("#", maxCachedDocument+1)
	c.Add(long, &document{})
	if _, ok := c.Get(long); ok {
		t.Error("keeps a document of any length")
	}
}
