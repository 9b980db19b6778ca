package eventstore

import (
	"context"
	"sync"
)

// maxTailBytes bounds the data of the events that a feed keeps.
const maxTailBytes = 8 << 20

// feed follows the log. It holds the latest events in memory, so that up-to-date readers need not
// ask the engine, and wakes waiting readers. It stores nothing per subscriber: a subscriber is a
// position.
type feed struct {
	engine Reader
	limit  int

	mu    sync.RWMutex // guards the fields below
	end   Head
	tail  []Event       // contiguous, ends at the head; may be empty
	bytes int           // the size of the data in tail
	more  chan struct{} // closed and replaced when the head moves
}

func newFeed(engine Reader, head Head, limit int) *feed {
	return &feed{engine: engine, limit: limit, end: head, more: make(chan struct{})}
}

// head returns the published end of the log. A read up to the head returns all events.
func (f *feed) head() Head {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.end
}

// cachedBytes returns the size of the data in memory.
func (f *feed) cachedBytes() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.bytes
}

// publish adds committed events and moves the head. The events begin right after the head.
func (f *feed) publish(events []Event) {
	if len(events) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end = events[len(events)-1].head()
	f.tail = append(f.tail, events...)
	for _, e := range events {
		f.bytes += len(e.Data)
	}
	f.trim()
	close(f.more)
	f.more = make(chan struct{})
}

// trim drops the oldest events beyond the limits. Their data can be collected at once, and their
// slots when the slice next grows.
func (f *feed) trim() {
	drop := 0
	for len(f.tail)-drop > f.limit || f.bytes > maxTailBytes && drop < len(f.tail) {
		f.bytes -= len(f.tail[drop].Data)
		f.tail[drop] = Event{}
		drop++
	}
	f.tail = f.tail[drop:]
}

// read returns events after a position, from memory if they are there.
func (f *feed) read(ctx context.Context, after Position, limit int) ([]Event, error) {
	if events, ok := f.fromTail(after, limit); ok {
		return events, nil
	}
	return f.engine.Read(ctx, after, limit)
}

func (f *feed) fromTail(after Position, limit int) ([]Event, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if after >= f.end.Position {
		return nil, true
	}
	if len(f.tail) == 0 || f.tail[0].Position > after+1 {
		return nil, false
	}
	from := int(after + 1 - f.tail[0].Position)
	events := make([]Event, min(limit, len(f.tail)-from))
	copy(events, f.tail[from:])
	return events, true
}

// at returns the events at positions in ascending or descending order, from memory if all of them
// are there.
func (f *feed) at(ctx context.Context, positions []Position) ([]Event, error) {
	if events, ok := f.pick(positions); ok {
		return events, nil
	}
	return f.engine.At(ctx, positions)
}

func (f *feed) pick(positions []Position) ([]Event, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if len(positions) == 0 {
		return nil, true
	}
	first, last := positions[0], positions[len(positions)-1]
	if len(f.tail) == 0 || min(first, last) < f.tail[0].Position || max(first, last) > f.end.Position {
		return nil, false
	}
	events := make([]Event, len(positions))
	for i, p := range positions {
		events[i] = f.tail[p-f.tail[0].Position]
	}
	return events, true
}

// wait blocks until the head is after a position, or ctx ends. It takes the channel together with
// the head that it compares, so that no wake-up falls between the two.
func (f *feed) wait(ctx context.Context, after Position) error {
	for {
		f.mu.RLock()
		head, more := f.end.Position, f.more
		f.mu.RUnlock()
		if head > after {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
