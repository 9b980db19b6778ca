package eventstore

import "sync/atomic"

// folded is the state of a stream at a version.
type folded struct {
	streamType string
	version    int
	state      any
	// size estimates the memory of the state, in bytes.
	size int
}

// states caches the states of recently written streams, so that a command to one of them needs no
// replay. The writer's goroutine alone uses it. An entry equals a replay at any time, since entries
// come from committed transactions.
type states struct {
	entries map[StreamID]folded
	size    atomic.Int64 // the sum over all entries; safe for concurrent reads
}

// maxStates bounds the estimated memory of the cached states.
const maxStates = 16 << 20

// minState is the estimated memory of the smallest state.
const minState = 512

func (s *states) get(id StreamID) (folded, bool) {
	f, ok := s.entries[id]
	return f, ok
}

// forget drops all states.
func (s *states) forget() {
	clear(s.entries)
	s.size.Store(0)
}

// put caches a state. To stay within maxStates it evicts others, in the order of the map.
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
