package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// growth is by how many percent of what is alive the heap grows before garbage is
	// collected: little is alive, and a collection costs a fifth of the throughput at
	// Go's default of 100.
	growth = 400
	// leastGrowth is that where nearly all that is alive is remembered.
	leastGrowth = 50
)

// tuneGC lets the heap grow by growth, unless GOGC says otherwise. What is
// remembered, so many bytes, does not count: it lies there and makes little garbage, and
// would take five times its size. It is looked at after every collection.
func tuneGC(remembered func() int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth)
	afterCollection(func() { debug.SetGCPercent(gcPercent(remembered(), inUse())) })
}

// gcPercent is growth for what is alive beside what is remembered, as a part of all
// that is alive.
func gcPercent(remembered, alive int) int {
	if alive <= 0 {
		return growth
	}
	return max(leastGrowth, growth*max(0, alive-remembered)/alive)
}

// inUse returns how many bytes the last collection has found to be alive.
func inUse() int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return int(live[0].Value.Uint64())
}

// afterCollection calls f after each collection of garbage, as long as the process lives.
func afterCollection(f func()) {
	garbage := new(*byte) // what holds no pointer may be kept alive by what lies beside it
	runtime.SetFinalizer(garbage, func(**byte) {
		f()
		afterCollection(f)
	})
}

// capped is a budget of memory, or an eighth of what the process may have, as GOMEMLIMIT
// says, where that is less.
func capped(budget int, limit int64) int { return int(min(int64(budget), limit/8)) }
