package web

import (
	"crypto/sha256"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// answerOverhead is the memory of an answer in a cache beside its body, in bytes, about.
	answerOverhead = 512
	// largestShare divides a cache's budget: a body that is larger than the quotient is not kept.
	largestShare = 16
)

// answerCache keeps answers within a budget of bytes. The answer that was unused for the longest
// time goes first. Its methods may be called at the same time; a nil cache keeps nothing.
type answerCache struct {
	budget int

	mu      sync.Mutex // protects answers and spent
	answers *simplelru.LRU[requestKey, *cachedAnswer]
	spent   int // bytes
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

// newAnswerCache returns a cache with a budget in bytes, nil for no budget.
func newAnswerCache(budget int) *answerCache {
	if budget <= 0 {
		return nil
	}
	c := &answerCache{budget: budget}
	answers, err := simplelru.NewLRU(math.MaxInt, func(_ requestKey, old *cachedAnswer) { c.spent -= old.size() })
	if err != nil {
		panic(err) // the size is a constant
	}
	c.answers = answers
	return c
}

// size returns the bytes that are spent.
func (c *answerCache) size() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spent
}

// get returns the kept answer to a request, nil for none.
func (c *answerCache) get(key requestKey) *cachedAnswer {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, _ := c.answers.Get(key)
	return known
}

// add keeps an answer in place of an earlier one to the same request. It keeps only the tag of an
// answer that is too large.
func (c *answerCache) add(key requestKey, a cachedAnswer) {
	if a.size() > c.budget/largestShare {
		a.body = nil
	}
	if a.body == nil && a.tag == "" || a.size() > c.budget {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers.Remove(key) // unlike a replacement, a removal calls the function that counts spent
	c.answers.Add(key, &a)
	for c.spent += a.size(); c.spent > c.budget; {
		c.answers.RemoveOldest()
	}
}
