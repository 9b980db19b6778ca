package projection

import (
	"context"
	"fmt"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// chunk is a run of events, each with the states of its stream before and after the event.
type chunk struct {
	events        []eventstore.Event
	before, after []any
}

// maxChunk bounds the rows that a chunk is written to, in bytes.
const maxChunk = 1 << 20

// source reads events and states: from the log, or in the writer's transaction.
type source struct {
	read  func(after eventstore.Position, limit int) ([]eventstore.Event, error)
	state func(id eventstore.StreamID, version int) (any, error)
}

// fold returns the chunk of up to limit events after a position.
func (b *rebuild) fold(s source, after eventstore.Position, limit int) (p chunk, err error) {
	events, err := s.read(after, limit)
	if err != nil {
		return chunk{}, err
	}
	size := 0
	for _, e := range events {
		before, version := b.states.get(e.Stream.ID)
		if version != e.Version-1 {
			if before, err = s.state(e.Stream.ID, e.Version-1); err != nil {
				return chunk{}, err
			}
		}
		state, err := b.log.Apply(before, e)
		if err != nil {
			return chunk{}, fmt.Errorf("fold position %s: %w", e.Position, err)
		}
		if size += len(e.Data) + written(before, state); size > maxChunk && len(p.events) > 0 {
			break
		}
		b.states.put(e, state)
		p.events, p.before, p.after = append(p.events, e), append(p.before, before), append(p.after, state)
	}
	return p, nil
}

// written estimates the texts of the rows between two states, in bytes. A row of a content has its
// whole text; a deck has a row for each slide that has changed.
func written(before, after any) (size int) {
	switch after := after.(type) {
	case domain.Content:
		return len(after.Content)
	case domain.Presentation:
		before, _ := before.(domain.Presentation) //nolint:errcheck // nil is the state before the first event
		was := slidesByID(before.Slides)
		for _, s := range after.Slides {
			if o, ok := was[s.ID]; !ok || !sameSlide(s, o) {
				size += len(s.Content)
			}
		}
	}
	return size
}

// fromLog returns the source of the committed events.
func (b *rebuild) fromLog(ctx context.Context) source {
	return source{
		read: func(after eventstore.Position, limit int) ([]eventstore.Event, error) {
			return b.log.Read(ctx, after, limit)
		},
		state: func(id eventstore.StreamID, version int) (any, error) {
			state, _, err := b.log.State(ctx, id, eventstore.Until{Version: version})
			return state, err
		},
	}
}

// stateCache holds the states of streams, so that a fold does not replay them.
type stateCache struct {
	states map[eventstore.StreamID]cachedState
	size   int
}

type cachedState struct {
	state   any
	version int
	size    int
}

const (
	// maxStates bounds the estimated memory of the states, in bytes. minState is the estimate of a
	// state without its data.
	maxStates, minState = 64 << 20, 512
)

// get returns the state of a stream and its version, which is 0 if the cache has none.
func (c *stateCache) get(id eventstore.StreamID) (state any, version int) {
	entry := c.states[id]
	return entry.state, entry.version
}

// put adds the state after an event. Arbitrary other states make room for it.
func (c *stateCache) put(e eventstore.Event, state any) {
	id := e.Stream.ID
	if c.states == nil {
		c.states = make(map[eventstore.StreamID]cachedState)
	}
	size := max(c.states[id].size, minState+len(e.Data))
	c.size += size - c.states[id].size
	c.states[id] = cachedState{state, e.Version, size}
	for victim, v := range c.states {
		if c.size <= maxStates {
			return
		}
		delete(c.states, victim)
		c.size -= v.size
	}
}
