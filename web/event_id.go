package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// eventIDs are the ids of one subscription: the one after which the client resumes, and those of
// the results to come.
type eventIDs struct {
	last   string
	silent bool // the transport sends no ids

	mu   sync.Mutex // protects next
	next []string
}

type eventIDsKey struct{}

// LastEventID returns the id of the last event that the client of a subscription has seen. The
// client of an event stream sends it in the header Last-Event-ID, or in the parameter lastEventId
// of the address; the client of a websocket sends it in the payload of connection_init, as
// lastEventId, or for the id of an operation in lastEventIds. LastEventID returns "" for a client
// that sends none.
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
	if ids, ok := ctx.Value(eventIDsKey{}).(*eventIDs); ok && !ids.silent {
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

// lastEventIDOf returns the id after which the client of an event stream resumes. Clients that
// replace a browser's EventSource cannot always set the header, and send a parameter instead.
func lastEventIDOf(r *http.Request) string {
	return cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("lastEventId"))
}

// lastSeen is what the client of a websocket has seen of its subscriptions before it connected. The
// operations of a connection that was lost are sent again with the variables that they began with,
// so that only the connection parameters can tell.
type lastSeen struct {
	id          string            // for all operations
	byOperation map[string]string // for the operations with these ids
}

// maxSeenID bounds the id of an operation or an event in a lastSeen, in bytes: a connection keeps
// them as long as it lasts.
const maxSeenID = 128

// readLastSeen reads the connection parameters lastEventId and lastEventIds. The error is a
// *refusal.
func readLastSeen(params map[string]any) (seen lastSeen, err error) {
	if seen.id, err = eventIDOf(params["lastEventId"], "lastEventId"); err != nil {
		return seen, err
	}
	all, isMap := params["lastEventIds"].(map[string]any)
	if params["lastEventIds"] != nil && !isMap {
		return seen, badRequest("the parameter lastEventIds is not an object of the ids of operations")
	}
	if len(all) > maxOperations {
		return seen, badRequest(fmt.Sprintf("the parameter lastEventIds has more than %d operations, the most that a connection may have", maxOperations))
	}
	seen.byOperation = make(map[string]string, len(all))
	for operation, value := range all {
		if len(operation) > maxSeenID {
			return seen, badRequest(fmt.Sprintf("an id of an operation in lastEventIds has more than %d bytes", maxSeenID))
		}
		if seen.byOperation[operation], err = eventIDOf(value, "lastEventIds"); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

// eventIDOf returns an id in a connection parameter, "" for null.
func eventIDOf(value any, name string) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		if len(value) <= maxSeenID {
			return strings.Clone(value), nil
		}
	case json.Number:
		return eventIDOf(value.String(), name)
	}
	return "", badRequest("the parameter " + name + " is not the id of an event")
}

// context returns the context of an operation, derived from that of the session.
func (seen lastSeen) context(session context.Context, operation string) context.Context {
	last := cmp.Or(seen.byOperation[operation], seen.id)
	if last == "" {
		return session
	}
	return context.WithValue(session, eventIDsKey{}, &eventIDs{last: last, silent: true})
}
