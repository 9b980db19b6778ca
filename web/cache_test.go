package web

import (
	"fmt"
	"strings"
	"testing"
)

// The caches cannot be seen from outside, so these tests are inside.

func TestCacheForgetsWhatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	c := newCache[int]()
	c.add("used", 1)
	c.add("unused", 2)
	for i := range 10 * cachedEntries {
		c.add(fmt.Sprint(i), i)
		if value, ok := c.get("used"); !ok || value != 1 {
			t.Fatalf("forgot what is used, after %d", i)
		}
		if n := len(c.young) + len(c.old); n > 2*cachedEntries {
			t.Fatalf("holds %d", n)
		}
	}
	if _, ok := c.get("unused"); ok {
		t.Error("still knows what nobody asked for")
	}
}

func TestLongDocumentsAreNotKept(t *testing.T) {
	t.Parallel()
	c := newDocumentCache()
	doc := &document{}
	c.Add("{a}", doc)
	if got, ok := c.Get("{a}"); !ok || got != doc {
		t.Error("forgot a document")
	}
	long := strings.Repeat("#", maxCachedDocument+1)
	c.Add(long, doc)
	if _, ok := c.Get(long); ok {
		t.Error("keeps a document of any length")
	}
}
