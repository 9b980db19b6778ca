package projection

import (
	"context"
	"time"

	"flightdeck/eventstore"
)

// pace says how much is done in one step of a rebuild, and when the next one begins:
// others wait behind a step, so it is short, and when they write it rests twice as long.
type pace struct {
	log *eventstore.Store
	// aim is how long a step is to take, size of how many events it is made.
	aim  time.Duration
	size int
	// alone says that nobody else writes.
	alone bool
	// head is the end of the log when the last step began: when it has moved since,
	// others write.
	head eventstore.Position
	// level grows while others write too fast for the rebuild to come closer to the
	// head: steps become longer, and rests shorter, twice from one to the next. followed
	// is how many events were, in so much time, since left of them were to be.
	level, followed int
	spent           time.Duration
	left            eventstore.Position
}

const (
	// shortStep is the aim beside others, longStep without.
	shortStep, longStep = 1500 * time.Microsecond, 250 * time.Millisecond
	// A step has a cost of its own beside that of its events: one of fewer than minSize
	// is hardly shorter.
	minSize, maxSize = 16, 5000
	// Every patience it is seen how much faster than others write the rebuild follows:
	// enough times as fast, so that it ends, and a level lower only where that is still
	// enough. At the lowest level others hardly wait for it; so that is left late.
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

// took says that a step of n events took so long, and left so many events.
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
	case left <= maxRest: // it is there: it cannot follow what is not written
	case p.followed < enough*appended:
		p.level = min(p.level+1, maxLevel)
	case p.followed > plenty*appended:
		p.level = max(p.level-1, 0)
	}
	p.spent, p.followed, p.left = 0, 0, left
}

// rest waits after a step that took so long.
func (p *pace) rest(ctx context.Context, d time.Duration) error {
	if p.alone {
		return ctx.Err()
	}
	head := p.log.Head().Position
	others := head != p.head
	p.head = head
	return pause(ctx, p.pause(d, others))
}

// pause is how long to rest after a step that took so long: when others have written
// since the last one, twice as long.
func (p *pace) pause(d time.Duration, others bool) time.Duration {
	if !others || p.level == maxLevel {
		return 0
	}
	return 2 * d >> p.level
}

// pause waits.
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
