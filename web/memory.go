package web

import (
	"crypto/sha256"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// entryBytes is what an answer takes in a memory beside its own bytes, about.
	entryBytes = 512
	// memoryShares is into how many of the largest answers a memory can be divided.
	memoryShares = 16
)

// memory remembers answers within a budget of bytes. When it is spent, those that were
// not asked for longest are forgotten.
type memory struct {
	most int

	mu      sync.Mutex // guards what follows
	answers *simplelru.LRU[requestKey, *remembered]
	spent   int
}

// requestKey is a digest of a request, of who asks, and of how the answer is written.
type requestKey [sha256.Size]byte

// remembered is an answer as it is written, and what it was given in: the state of
// before it was computed. It is not changed any more.
type remembered struct {
	state  string
	lasts  func() bool // beside the state; nil for always
	body   []byte      // compressed, where coding says so; nil when it was too large to be kept
	coding string
	tag    string // of answers by GET
}

func (r *remembered) size() int { return entryBytes + len(r.body) }

// newMemory returns a memory of so many bytes; nil, which remembers nothing, for none.
func newMemory(most int) *memory {
	if most <= 0 {
		return nil
	}
	m := &memory{most: most}
	answers, err := simplelru.NewLRU(math.MaxInt, func(_ requestKey, old *remembered) { m.spent -= old.size() })
	if err != nil {
		panic(err) // the size is a constant
	}
	m.answers = answers
	return m
}

// size returns how many bytes are spent.
func (m *memory) size() int {
	if m == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spent
}

// get returns what is remembered of a request, nil for nothing.
func (m *memory) get(key requestKey) *remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, _ := m.answers.Get(key)
	return known
}

// add remembers an answer in the place of an earlier one to the same request. Of one
// that is too large, its tag alone is kept.
func (m *memory) add(key requestKey, a remembered) {
	if a.size() > m.most/memoryShares {
		a.body = nil
	}
	if a.body == nil && a.tag == "" || a.size() > m.most {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers.Remove(key) // which is told to what is evicted, unlike being replaced
	m.answers.Add(key, &a)
	for m.spent += a.size(); m.spent > m.most; {
		m.answers.RemoveOldest()
	}
}
