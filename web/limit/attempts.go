package limit

import (
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"

	"flightdeck/graph/errorcode"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/time/rate"
)

// maxAttemptKeys bounds the counters of Attempts. The counter that was unused for the longest time
// goes first.
const maxAttemptKeys = 100_000

// Attempts counts the executions of fields by client address and by actor. Its methods may be
// called at the same time.
type Attempts struct {
	perMinute map[string]int // by field

	mu   sync.Mutex // protects left, from the look-up of a key until its counter is added
	left *lru.Cache[attemptKey, *rate.Limiter]
}

// attemptKey is a field, and the address or the actor that executes it.
type attemptKey struct {
	field   string
	address netip.Addr
	actor   string
}

// NewAttempts returns the counters of the named fields, each of which an address and an actor may
// execute so many times a minute, all of them at once if they like. Other fields are unbounded.
func NewAttempts(perMinute map[string]int) *Attempts {
	left, err := lru.New[attemptKey, *rate.Limiter](maxAttemptKeys)
	if err != nil {
		panic(err) // the size is positive
	}
	return &Attempts{perMinute: perMinute, left: left}
}

// Bounds reports whether a field has a bound.
func (a *Attempts) Bounds(field string) bool { return a.perMinute[field] > 0 }

// Count counts an execution of a field at an instant, for an address, and for an actor unless that
// is "". It returns an error, and counts nothing, if either has none left: the error tells when to
// try again.
func (a *Attempts) Count(field string, address netip.Addr, actor string, now time.Time) *gqlerror.Error {
	most := a.perMinute[field]
	keys := []attemptKey{{field: field, address: address}}
	if actor != "" {
		keys = append(keys, attemptKey{field: field, actor: actor})
	}
	wait := a.take(keys, most, now)
	if wait <= 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	return &gqlerror.Error{
		Message: fmt.Sprintf("the limit of %s is %d a minute: try again in %d s", field, most, seconds),
		Extensions: map[string]any{
			"code": errorcode.RateLimited, "limit": field, "max": most, "retryAfter": seconds,
		},
	}
}

// take takes one attempt from each key, or returns the time until all keys have one and takes none:
// a refused attempt does not prolong the wait.
func (a *Attempts) take(keys []attemptKey, most int, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := make([]*rate.Reservation, 0, len(keys))
	for _, key := range keys {
		left, ok := a.left.Get(key)
		if !ok {
			left = rate.NewLimiter(rate.Limit(float64(most)/60), most)
			a.left.Add(key, left)
		}
		r := left.ReserveN(now, 1)
		taken = append(taken, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait > 0 {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	return wait
}
