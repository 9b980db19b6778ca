package web

import "sync"

const (
	// cachedDocuments is the number of documents in one generation.
	cachedDocuments = 512
	// maxCachedDocument is the longest document, in bytes, that is worth keeping: so
	// that nobody can fill the memory with documents that are used once.
	maxCachedDocument = 16 << 10
)

// documentCache remembers parsed and validated documents by their text. It keeps
// two generations: when the young one is full it becomes the old one, and what was
// not asked for since is forgotten. It holds at most 2 × cachedDocuments.
type documentCache struct {
	mu    sync.RWMutex // protects young and old
	young map[string]*document
	old   map[string]*document
}

func newDocumentCache() *documentCache {
	return &documentCache{young: map[string]*document{}}
}

// Get returns the document of this text, if it is known.
func (c *documentCache) Get(text string) (*document, bool) {
	c.mu.RLock()
	doc, ok := c.young[text]
	aged, wasOld := c.old[text]
	c.mu.RUnlock()
	if ok || !wasOld {
		return doc, ok
	}
	c.Add(text, aged)
	return aged, true
}

// Add remembers the document of a text.
func (c *documentCache) Add(text string, doc *document) {
	if len(text) > maxCachedDocument {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= cachedDocuments {
		c.old, c.young = c.young, make(map[string]*document, cachedDocuments)
	}
	c.young[text] = doc
}
