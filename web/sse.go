package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"flightdeck/web/limit"
	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// eventKeepAlive is a comment, which clients skip. A blank line behind it would be the end of
	// an event without data, which EventSource ignores, and other clients hand to their callers.
	eventKeepAlive = ":\n"
	// eventComplete is the last event. It has empty data: EventSource ignores an event without
	// data.
	eventComplete = "event: complete\ndata: \n\n"
	// queuedEvents is the number of events of a stream that wait for the client before the
	// operation waits.
	queuedEvents = 16
)

// eventStreams answers operations as event streams, in the distinct connections mode of the
// graphql-sse protocol.
type eventStreams struct {
	engine    *engine
	admission admission
	watch     func(ctx context.Context) (context.Context, error)
	closing   context.Context //nolint:containedctx // ends when the server closes, and every stream with it
}

// serve answers an operation with its results as events "next" and the event "complete". It returns
// when the operation has ended. A stream without "complete" was cut, by the end of the session, of
// the server, or of the time that the client has for reading: the client may resume it.
//
// The session ends at until, unless that is zero. The error is that of Identity.Watch; nothing was
// written then.
func (s *eventStreams) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, until time.Time, op *graphql.OperationContext) error {
	if s.closing.Err() != nil {
		writeRefusal(w, negotiate.JSON, errClosing)
		return nil
	}
	leave := s.admission.connection(w, r)
	if leave == nil {
		return nil
	}
	defer leave()
	if isSubscription(op) {
		most := s.admission.limits.Subscriptions
		end := s.admission.subscription(r.Context())
		if end == nil {
			s.serveErrors(w, gqlerror.List{limit.TooMany(limit.Subscriptions, most)})
			return nil
		}
		defer end()
	}
	ctx, err := s.watch(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := session(ctx, until)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	ids := &eventIDs{last: lastEventIDOf(r)}
	events := newQueue(queuedEvents, func(event []byte) int { return len(event) })
	go s.produce(context.WithValue(ctx, eventIDsKey{}, ids), op, ids, events)
	sendEvents(ctx, w, events)
	cancel()
	for next := range events.items { // until the operation has ended
		events.taken(next)
	}
	return nil
}

// session returns a context that ends at an instant, unless that is zero.
func session(ctx context.Context, until time.Time) (context.Context, context.CancelFunc) {
	if until.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, until)
}

// serveErrors answers an operation that cannot run as an event stream: a browser's EventSource
// hides an answer with another status from its page.
func (s *eventStreams) serveErrors(w http.ResponseWriter, errs gqlerror.List) {
	if e, err := openEvents(w); err == nil {
		_ = e.write(lastEvents(errs), nil) //nolint:errcheck // the client has gone
	}
}

// lastEvents returns the events of an operation that ends with errors and without data.
func lastEvents(errs gqlerror.List) []byte {
	return append(encodeEvent("", &graphql.Response{Errors: errs}), eventComplete...)
}

// produce runs an operation to its end and sends its events. It closes events.
func (s *eventStreams) produce(ctx context.Context, op *graphql.OperationContext, ids *eventIDs, events *queue[[]byte]) {
	defer close(events.items)
	emit := func(event []byte) bool { return events.put(ctx, event) }
	defer func() {
		if p := recover(); p != nil {
			emit(lastEvents(gqlerror.List{s.engine.presenter.presentPanic(ctx, p)}))
		}
	}()
	s.engine.stream(ctx, op, func(resp *graphql.Response) bool { return emit(encodeEvent(ids.take(), resp)) })
	if ctx.Err() == nil {
		emit([]byte(eventComplete))
	}
}

// sendEvents writes events, and keeps the connection alive between them, until the events or ctx
// end, or the client does not read.
func sendEvents(ctx context.Context, w http.ResponseWriter, events *queue[[]byte]) {
	keepAlive := time.NewTicker(pingInterval)
	defer keepAlive.Stop()
	e, err := openEvents(w)
	for err == nil {
		select {
		case next, ok := <-events.items:
			if !ok {
				return
			}
			err = e.write(events.taken(next), events)
		case <-keepAlive.C:
			err = e.write([]byte(eventKeepAlive), nil)
		case <-ctx.Done():
			return
		}
	}
}

// eventWriter writes an event stream. It gives up a client that does not read for writeTimeout.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// openEvents begins an event stream, and writes at once, so that the client knows that it is open.
func openEvents(w http.ResponseWriter) (*eventWriter, error) {
	e := &eventWriter{w, http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", negotiate.Events+"; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would gather events
	w.WriteHeader(http.StatusOK)
	// The server's own deadline is for the request, which was read.
	if err := e.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return e, err
	}
	return e, e.write([]byte(eventKeepAlive), nil)
}

// write writes one piece and all that wait behind it.
func (e *eventWriter) write(piece []byte, waiting *queue[[]byte]) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := e.w.Write(piece)
	behind := 0
	if waiting != nil {
		behind = len(waiting.items)
	}
	for range behind {
		if err != nil {
			return err
		}
		_, err = e.w.Write(waiting.taken(<-waiting.items))
	}
	return errors.Join(err, e.control.Flush())
}

// encodeEvent returns a result as an event, without an id if that is "". It replaces the line
// breaks in the JSON, which are white space there: an event's data is one line.
func encodeEvent(id string, resp *graphql.Response) []byte {
	b := make([]byte, 0, len(resp.Data)+128)
	if id != "" {
		b = append(append(append(b, "id: "...), id...), '\n')
	}
	b = append(b, "event: next\ndata: "...)
	begin := len(b)
	b = appendResponse(b, resp)
	for i := begin; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return append(b, "\n\n"...)
}
