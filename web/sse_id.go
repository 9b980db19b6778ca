package web

import (
	"context"
	"sync"
)

// eventIDs are the ids of one event stream: the one after which the client resumes, and those of
// the results to come.
type eventIDs struct {
	last string

	mu   sync.Mutex // protects next
	next []string
}

type eventIDsKey struct{}

// LastEventID returns the id of the last event that the client of an event stream has seen: its
// header Last-Event-ID. It returns "" for a client that has seen no event, and on every other
// transport.
func LastEventID(ctx context.Context) string {
	if ids, ok := ctx.Value(eventIDsKey{}).(*eventIDs); ok {
		return ids.last
	}
	return ""
}

// SetEventID sets the id of the event of a result of the subscription of ctx. A subscription that
// uses it calls it once before each of its results, from the goroutine that sends them: the first
// id belongs to the first result, and so on. On other transports than event streams it does
// nothing.
func SetEventID(ctx context.Context, id string) {
	if ids, ok := ctx.Value(eventIDsKey{}).(*eventIDs); ok {
		ids.mu.Lock()
		defer ids.mu.Unlock()
		ids.next = append(ids.next, id)
	}
}

// take returns the id of the next result, "" if it has none.
func (ids *eventIDs) take() string {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	if len(ids.next) == 0 {
		return ""
	}
	id := ids.next[0]
	ids.next = ids.next[1:]
	return id
}
