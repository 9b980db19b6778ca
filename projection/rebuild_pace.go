package projection

import (
	"context"
	"time"

	"flightdeck/eventstore"
)

// pace sets the size of a rebuild's steps and the rests between them. Commands wait behind a step,
// so a step is short, and the rest after it is twice as long while others write.
type pace struct {
	log *eventstore.Store
	// aim is the wanted duration of a step, size its number of events.
	aim  time.Duration
	size int
	// alone is true if no others write.
	alone bool
	// head is the end of the log at the start of the last step. Others write if it has moved since.
	head eventstore.Position
	// level grows while others write too fast for the rebuild to approach the head: each level
	// doubles the steps and halves the rests. followed counts the events replayed since left of
	// them remained; spent is the time that this took.
	level, followed int
	spent           time.Duration
	left            eventstore.Position
}

const (
	// shortStep is the aim beside others, longStep the aim alone.
	shortStep, longStep = 1500 * time.Microsecond, 250 * time.Millisecond
	// A step has a cost of its own beside that of its events, so a step of fewer than minSize
	// events is hardly shorter.
	minSize, maxSize = 16, 5000
	// After each patience the pace compares the rebuild's rate with that of the writers. The level
	// rises if the rebuild is not enough times as fast, and falls only if it is plenty times as
	// fast: at the lowest level others hardly wait, so the pace leaves it late.
	patience       = 10 * time.Minute
	maxLevel       = 6
	enough, plenty = 2, 8
)

func newPace(log *eventstore.Store, alone bool) *pace {
	p := &pace{log: log, aim: shortStep, size: minSize, alone: alone, left: log.Head().Position}
	if alone {
		p.aim, p.size = longStep, maxSize
	}
	return p
}

// took records the duration of a step of n events, after which left events remain.
func (p *pace) took(n int, d time.Duration, left eventstore.Position) {
	if n > 0 && d > 0 {
		fits := int(int64(n) * int64(p.aim<<p.level) / int64(d))
		p.size = max(minSize, min(fits, 2*p.size, maxSize))
	}
	p.followed += n
	if p.spent += d + p.pause(d, true); p.spent < patience {
		return
	}
	appended := int(left-p.left) + p.followed
	switch {
	case left <= maxRest: // it is at the head
	case p.followed < enough*appended:
		p.level = min(p.level+1, maxLevel)
	case p.followed > plenty*appended:
		p.level = max(p.level-1, 0)
	}
	p.spent, p.followed, p.left = 0, 0, left
}

// rest waits after a step of duration d.
func (p *pace) rest(ctx context.Context, d time.Duration) error {
	if p.alone {
		return ctx.Err()
	}
	head := p.log.Head().Position
	others := head != p.head
	p.head = head
	return pause(ctx, p.pause(d, others))
}

// pause returns the rest after a step of duration d: none if others have not written since the last
// step.
func (p *pace) pause(d time.Duration, others bool) time.Duration {
	if !others || p.level == maxLevel {
		return 0
	}
	return 2 * d >> p.level
}

// pause waits for a duration, or for the end of ctx, which is an error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
