package cli

import (
	"math"
	"testing"
)

// TestCachedBytesDoNotLetTheHeapGrow: the other live bytes do.
func TestCachedBytesDoNotLetTheHeapGrow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cached, live, want int }{
		{0, 0, 400}, {0, 10, 400}, {10, 20, 200}, {30, 40, 100}, {40, 40, 50}, {50, 40, 50},
		{0, mostGrowth, 100}, {0, 10 * mostGrowth, 50},
	} {
		if got := gcPercent(c.cached, c.live); got != c.want {
			t.Errorf("with %d of %d bytes cached it grows by %d %%, want %d", c.cached, c.live, got, c.want)
		}
	}
}

func TestTheMemoryLimitCapsTheAnswerCache(t *testing.T) {
	t.Parallel()
	if got := capped(16<<20, math.MaxInt64); got != 16<<20 {
		t.Errorf("without a limit it is %d", got)
	}
	if got := capped(16<<20, 64<<20); got != 8<<20 {
		t.Errorf("of 64 MiB it is %d", got)
	}
}
