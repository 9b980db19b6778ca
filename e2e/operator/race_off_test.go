//go:build !race

package operator

// raced says that the race detector is on. A process of its own has no detector: the plain run has
// already covered a test that only starts processes.
const raced = false
