package limit

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
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
	perMinute map[string]int    // by field, or by field and member
	members   map[string]string // by field: the member of the input that makes an execution count

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
// execute so many times a minute, all of them at once if they like. A name such as
// "updateUser.email" counts only the executions whose argument input has the member email. Other
// fields are unbounded, and so is a field whose number is 0.
func NewAttempts(perMinute map[string]int) *Attempts {
	members := map[string]string{}
	for name := range perMinute {
		if field, member, ok := strings.Cut(name, "."); ok {
			members[field] = member
		}
	}
	left, err := lru.New[attemptKey, *rate.Limiter](maxAttemptKeys)
	if err != nil {
		panic(err) // the size is positive
	}
	return &Attempts{perMinute: perMinute, members: members, left: left}
}

// LimitOf returns the name of the limit that an execution of a field has, "" for none. arguments
// returns the arguments of the execution.
func (a *Attempts) LimitOf(field string, arguments func() map[string]any) string {
	name := field
	if member, ok := a.members[field]; ok {
		input, _ := arguments()["input"].(map[string]any) //nolint:errcheck // or there is no input
		if _, has := input[member]; !has {
			return ""
		}
		name += "." + member
	}
	if a.perMinute[name] <= 0 {
		return ""
	}
	return name
}

// Count counts an execution with a limit of LimitOf at an instant, for an address, and for an actor
// unless that is "". It returns an error, and counts nothing, if either has none left: the error
// tells when to try again.
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
