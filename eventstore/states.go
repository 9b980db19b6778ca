package eventstore

import "sync/atomic"

// folded is the state of a stream at a version, as the writer knows it.
type folded struct {
	streamType string
	version    int
	state      any
	// size estimates what the state holds in memory, in bytes.
	size int
}

// states remembers the states of streams written lately, so that a command to one
// of them need not replay it. Only the writer's goroutine uses it. What it holds
// equals a replay at any time: entries come from committed transactions only.
type states struct {
	entries map[StreamID]folded
	size    atomic.Int64 // of all; anybody may look
}

// maxStates bounds the estimated memory of the remembered states.
const maxStates = 16 << 20

// minState is what the smallest entry counts for.
const minState = 512

func (s *states) get(id StreamID) (folded, bool) {
	f, ok := s.entries[id]
	return f, ok
}

// forget forgets all states.
func (s *states) forget() {
	clear(s.entries)
	s.size.Store(0)
}

// put remembers a state; others, whichever the map yields, make room for it.
func (s *states) put(id StreamID, f folded) {
	if s.entries == nil {
		s.entries = make(map[StreamID]folded)
	}
	s.size.Add(int64(f.size - s.entries[id].size))
	s.entries[id] = f
	for victim, v := range s.entries {
		if s.size.Load() <= maxStates {
			return
		}
		delete(s.entries, victim)
		s.size.Add(-int64(v.size))
	}
}
