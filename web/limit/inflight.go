package limit

import (
	"fmt"
	"net/netip"
	"sync"

	"flightdeck/graph/errorcode"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Kind selects one of the counters of InFlight. Its text is the name of the limit in errors.
type Kind string

// The kinds of work that InFlight counts.
const (
	Operations    Kind = "operations"
	Connections   Kind = "connections"
	Subscriptions Kind = "subscriptions"
)

// advice tells a client at a limit how to get below it.
var advice = map[Kind]string{Operations: "wait for some to end", Connections: "close some", Subscriptions: "complete some"}

// InFlight counts the work that goes on at the same time, by client address and Kind. It holds
// counters only of addresses with work. Its methods may be called at the same time.
type InFlight struct {
	mu     sync.Mutex // protects counts
	counts map[client]int
}

type client struct {
	address netip.Addr
	kind    Kind
}

// NewInFlight returns an InFlight without work.
func NewInFlight() *InFlight { return &InFlight{counts: map[client]int{}} }

// Enter counts one more piece of work of an address until leave is called, which must happen once.
// It returns a nil leave, and counts nothing, if the address has most of the kind already; 0 is no
// limit.
func (f *InFlight) Enter(address netip.Addr, kind Kind, most int) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := client{address, kind}
	if most > 0 && f.counts[c] >= most {
		return nil
	}
	f.counts[c]++
	return func() { f.leave(c) }
}

func (f *InFlight) leave(c client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts[c]--; f.counts[c] == 0 {
		delete(f.counts, c)
	}
}

// TooMany returns the error of a client for which Enter has returned nil.
func TooMany(kind Kind, most int) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    fmt.Sprintf("the limit of %s of one address is %d at the same time: %s", kind, most, advice[kind]),
		Extensions: map[string]any{"code": errorcode.RateLimited, "limit": string(kind), "max": most},
	}
}
