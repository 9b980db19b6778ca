package web

// maxCachedDocument is the longest document, in bytes, that is worth keeping: so that
// nobody can fill the memory with documents that are used once.
const maxCachedDocument = 16 << 10

// documentCache remembers parsed and validated documents by their text.
type documentCache struct{ byText *cache[*document] }

func newDocumentCache() documentCache {
	return documentCache{newCache[*document]()}
}

// Get returns the document of this text, if it is known.
func (c documentCache) Get(text string) (*document, bool) {
	return c.byText.get(text)
}

// Add remembers the document of a text.
func (c documentCache) Add(text string, doc *document) {
	if len(text) <= maxCachedDocument {
		c.byText.add(text, doc)
	}
}
