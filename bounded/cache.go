// Package bounded keeps values in memory within a budget of bytes. A cache that counts values
// instead is as large as the largest values that a client can make.
//
// Start with Cache.
package bounded

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// LargestShare divides the budget of a cache: a value that is larger than the quotient is not kept,
// so that one value does not drive out all others.
const LargestShare = 16

// Cache keeps values by their keys. The value that was unused for the longest time goes first. Its
// methods may be called at the same time. A nil cache keeps nothing.
type Cache[K comparable, V any] struct {
	budget int
	size   func(V) int

	mu     sync.Mutex // protects values and spent
	values *simplelru.LRU[K, V]
	spent  int // bytes
}

// New returns a cache with a budget in bytes, and nil for no budget. size returns the memory of a
// value together with its key, in bytes; it must return the same for as long as the value is kept.
func New[K comparable, V any](budget int, size func(V) int) *Cache[K, V] {
	if budget <= 0 {
		return nil
	}
	c := &Cache[K, V]{budget: budget, size: size}
	values, err := simplelru.NewLRU(math.MaxInt, func(_ K, old V) { c.spent -= size(old) })
	if err != nil {
		panic(err) // the size is a constant
	}
	c.values = values
	return c
}

// Size returns the bytes that are spent. They never exceed the budget.
func (c *Cache[K, V]) Size() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spent
}

// Largest returns the size of the largest value that is kept, in bytes.
func (c *Cache[K, V]) Largest() int {
	if c == nil {
		return 0
	}
	return c.budget / LargestShare
}

// Get returns the value of a key. ok is false if there is none.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values.Get(key)
}

// Add keeps a value in place of an earlier one of the same key, unless it is larger than Largest.
func (c *Cache[K, V]) Add(key K, value V) {
	size := 0
	if c != nil {
		size = c.size(value)
	}
	if size > c.Largest() || c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values.Remove(key) // unlike a replacement, a removal calls the function that counts spent
	for c.spent+size > c.budget {
		c.values.RemoveOldest()
	}
	c.values.Add(key, value)
	c.spent += size
}
