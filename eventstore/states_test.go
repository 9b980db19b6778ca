package eventstore

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestRememberedStatesAreBounded caches states of random sizes again and again.
func TestRememberedStatesAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s states
		for i := range rapid.IntRange(0, 200).Draw(t, "puts") {
			id := StreamID(fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "stream")))
			f := folded{version: i, size: rapid.IntRange(minState, maxStates+maxStates/8).Draw(t, "size")}
			s.put(id, f)
			if got, ok := s.get(id); ok && got != f {
				t.Fatalf("state of %s is %+v, want %+v", id, got, f)
			}
			sum := 0
			for _, f := range s.entries {
				sum += f.size
			}
			if size := int(s.size.Load()); size != sum || sum > maxStates {
				t.Fatalf("size is %d, of the entries %d, at most %d are allowed", size, sum, maxStates)
			}
		}
	})
}
