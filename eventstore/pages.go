package eventstore

import (
	"context"
	"slices"
	"sync"
)

const (
	// maxPagesBytes bounds the data of the pages that are kept for followers, beside the page that
	// was read last.
	maxPagesBytes = 8 << 20
	// followedPage is the number of events of such a page at most.
	followedPage = 256
)

// pages reads the log for followers that catch up. It keeps the pages that were read last, so that
// followers at the same place read the log once and share the data of the events. One page is read
// at a time: catching up takes one connection, however many followers do.
type pages struct {
	engine  Reader
	reading chan struct{} // holds one while a page is read

	mu    sync.Mutex // guards kept and bytes
	kept  [][]Event  // the latest last; none is empty
	bytes int        // the size of the data in kept
}

func newPages(engine Reader) *pages {
	return &pages{engine: engine, reading: make(chan struct{}, 1)}
}

// read returns up to limit events after a position.
func (p *pages) read(ctx context.Context, after Position, limit int) ([]Event, error) {
	if events := p.find(after, limit); events != nil {
		return events, nil
	}
	select {
	case p.reading <- struct{}{}:
		defer func() { <-p.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if events := p.find(after, limit); events != nil { // another follower has read them meanwhile
		return events, nil
	}
	events, err := p.engine.Read(ctx, after, followedPage)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	p.keep(events)
	return events[:min(limit, len(events))], nil
}

// find returns up to limit events after a position from a page that is kept, nil if there is none.
func (p *pages) find(after Position, limit int) []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, page := range slices.Backward(p.kept) {
		if first := page[0].Position; first <= after+1 && after < page[len(page)-1].Position {
			rest := page[after+1-first:]
			return rest[:min(limit, len(rest))]
		}
	}
	return nil
}

// keep keeps a page, for which the oldest ones make room.
func (p *pages) keep(page []Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = append(p.kept, page)
	p.bytes += DataSize(page)
	drop := 0
	for p.bytes > maxPagesBytes && drop < len(p.kept)-1 {
		p.bytes -= DataSize(p.kept[drop])
		drop++
	}
	p.kept = slices.Delete(p.kept, 0, drop)
}

// cachedBytes returns the size of the data in memory.
func (p *pages) cachedBytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}
