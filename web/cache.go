package web

import "sync"

// cachedEntries is the number of entries in one generation of a cache.
const cachedEntries = 512

// cache remembers values by their key. It keeps two generations: when the young one
// is full it becomes the old one, and what was not asked for since is forgotten. It
// holds at most 2 × cachedEntries; whoever adds sees to it that each is small.
type cache[V any] struct {
	mu    sync.RWMutex // protects young and old
	young map[string]V
	old   map[string]V
}

func newCache[V any]() *cache[V] {
	return &cache[V]{young: map[string]V{}}
}

// get returns the value of a key, if it is known.
func (c *cache[V]) get(key string) (V, bool) {
	c.mu.RLock()
	value, ok := c.young[key]
	aged, wasOld := c.old[key]
	c.mu.RUnlock()
	if ok || !wasOld {
		return value, ok
	}
	c.add(key, aged)
	return aged, true
}

// add remembers the value of a key.
func (c *cache[V]) add(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= cachedEntries {
		c.old, c.young = c.young, make(map[string]V, cachedEntries)
	}
	c.young[key] = value
}
