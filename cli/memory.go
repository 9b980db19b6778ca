package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// growth is by how many percent of its live bytes the heap grows between two collections. Few
	// bytes are live, and with Go's default of 100 the collections would cost a fifth of the
	// throughput.
	growth = 400
	// leastGrowth is the growth where nearly all live bytes are those of caches.
	leastGrowth = 50
	// mostGrowth bounds the growth in bytes: a server with much in use has little to gain from
	// rare collections, and would take five times as much as it needs.
	mostGrowth = 128 << 20
)

// tuneGC lets the heap grow by growth, unless GOGC says otherwise. cached returns the bytes of the
// caches, which do not count: they make little garbage, and would otherwise cost five times their
// size. The growth is computed again after every collection.
func tuneGC(cached func() int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth)
	afterCollection(func() { debug.SetGCPercent(gcPercent(cached(), inUse())) })
}

// gcPercent returns the growth of a heap with some live bytes, of which some are cached. The bytes
// that are not cached may grow by growth, up to mostGrowth.
func gcPercent(cached, live int) int {
	if live <= 0 {
		return growth
	}
	grown := min(mostGrowth, growth*max(0, live-cached)/100)
	return max(leastGrowth, 100*grown/live)
}

// inUse returns how many bytes were live at the last collection.
func inUse() int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return int(live[0].Value.Uint64())
}

// afterCollection calls f after each collection, as long as the process lives.
func afterCollection(f func()) {
	garbage := new(*byte) // an object without pointers may be kept alive by its neighbours
	runtime.SetFinalizer(garbage, func(**byte) {
		f()
		afterCollection(f)
	})
}

// capped returns a budget of memory, or an eighth of the process's limit (GOMEMLIMIT) if that is
// less.
func capped(budget int, limit int64) int { return int(min(int64(budget), limit/8)) }
