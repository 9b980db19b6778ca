//go:build race

package operator

// raced says that the race detector is on. What runs in a process of its own has none:
// tests of nothing else are skipped then, as they have run without it.
const raced = true
