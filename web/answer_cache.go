package web

import (
	"crypto/sha256"

	"flightdeck/bounded"
)

// answerOverhead is the memory of an answer in a cache beside its body, in bytes, about.
const answerOverhead = 512

// answerCache keeps answers within a budget of bytes.
type answerCache struct {
	*bounded.Cache[requestKey, *cachedAnswer]
}

// requestKey is a digest of a request, its sender, and the format of its answer.
type requestKey [sha256.Size]byte

// cachedAnswer is an answer in its format, and the conditions of its use, which held before it was
// computed. It is not changed any more.
type cachedAnswer struct {
	state   string
	isFresh func() bool // nil for an answer that state alone decides about
	body    []byte      // in its coding; nil for a body that was too large to keep
	coding  string
	tag     string // "" for an answer to a POST
}

func (a *cachedAnswer) size() int { return answerOverhead + len(a.body) }

// newAnswerCache returns a cache with a budget in bytes.
func newAnswerCache(budget int) answerCache {
	return answerCache{bounded.New[requestKey](budget, (*cachedAnswer).size)}
}

// isOff reports whether the cache keeps nothing.
func (c answerCache) isOff() bool { return c.Cache == nil }

// keep keeps an answer in place of an earlier one to the same request. It keeps only the tag of an
// answer that is too large.
func (c answerCache) keep(key requestKey, a cachedAnswer) {
	if a.size() > c.Largest() {
		a.body = nil
	}
	if a.body == nil && a.tag == "" {
		return
	}
	c.Add(key, &a)
}
