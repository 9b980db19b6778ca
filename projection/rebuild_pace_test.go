package projection

import (
	"fmt"
	"testing"
	"time"

	"flightdeck/eventstore"
)

// pacing simulates a rebuild beside others. step and event are the costs of a step and of an event;
// perSecond is the rate at which others append. It returns the simulated time to follow the log,
// and the longest step.
func pacing(p *pace, length int, step, event time.Duration, perSecond float64) (took, longest time.Duration) {
	left, appended := float64(length), 0.0
	p.left = eventstore.Position(left)
	for left > maxRest && took < 20*patience {
		n := min(p.size, int(left))
		d := step + time.Duration(n)*event
		longest = max(longest, d)
		pause := p.pause(d, perSecond > 0)
		passed := d + pause
		took += passed
		appended += passed.Seconds() * perSecond
		left += passed.Seconds()*perSecond - float64(n)
		p.took(n, d, eventstore.Position(left))
	}
	return took, longest
}

// TestARebuildRestsBesideOthersAndEnds expects a rebuild to take a third of the writer's time, and
// more only if others write too fast for it for long.
func TestARebuildRestsBesideOthersAndEnds(t *testing.T) {
	t.Parallel()
	const length, step, event = 100_000, 200 * time.Microsecond, 90 * time.Microsecond
	alone := length * event
	for _, c := range []struct {
		perSecond    float64
		least, most  time.Duration
		longestShort bool
	}{
		{0, alone, 2 * alone, true},
		{500, 3 * alone, 5 * alone, true},
		{1200, 3 * alone, 8 * alone, true},
		{5000, patience, 3 * patience, false},
		{9000, 2 * patience, 12 * patience, false},
	} {
		t.Run(fmt.Sprintf("%.0f a second", c.perSecond), func(t *testing.T) {
			t.Parallel()
			p := &pace{aim: shortStep, size: minSize}
			took, longest := pacing(p, length, step, event, c.perSecond)
			if took < c.least || took > c.most {
				t.Errorf("it took %s, not %s to %s", took, c.least, c.most)
			}
			if short := longest <= 2*shortStep; short != c.longestShort {
				t.Errorf("the longest step took %s", longest)
			}
		})
	}
}
