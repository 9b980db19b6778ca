package harness

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that only the test moves. Its methods may be called concurrently.
type Clock struct{ at atomic.Int64 }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time { return time.Unix(0, c.at.Load()) }

// Move moves the clock.
func (c *Clock) Move(by time.Duration) { c.at.Add(int64(by)) }

// WithClock returns an option of Start: the clock shows the machine's time once and stands still.
func WithClock(c *Clock) func(*Harness) {
	return func(h *Harness) {
		c.at.Store(time.Now().UnixNano())
		h.AppOptions.Clock = c.Now
	}
}
