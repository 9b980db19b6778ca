package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/web/negotiate"
)

// comment is a sign of life: clients skip it.
const comment = ":\n\n"

// eventComplete is the last event. It has data, if none, for EventSource passes over
// events without.
const eventComplete = "event: complete\ndata: \n\n"

// eventWriter writes an event stream. A client that does not read what it is sent is
// given up after writeTimeout.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// openEvents begins an event stream, at once, so that the client knows it is there.
func openEvents(w http.ResponseWriter) (*eventWriter, error) {
	e := &eventWriter{w, http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", negotiate.Events+"; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would collect it
	w.WriteHeader(http.StatusOK)
	// The server's own deadline is for the request, which was read.
	if err := e.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return e, err
	}
	return e, e.write([]byte(comment), nil)
}

// write writes what there is: one piece, and all that wait behind it.
func (e *eventWriter) write(piece []byte, waiting <-chan []byte) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := e.w.Write(piece)
	for range len(waiting) {
		if err != nil {
			return err
		}
		_, err = e.w.Write(<-waiting)
	}
	return errors.Join(err, e.control.Flush())
}

// serveEvents answers an operation as an event stream: its results as events "next",
// then "complete", as the distinct connections mode of the graphql-sse protocol wants
// it. It returns when nothing of the operation is left. A stream that ends without
// "complete" was cut: by the end of the session, of the server, or of the client's
// patience, and can be resumed.
func (s *Server) serveEvents(ctx context.Context, w http.ResponseWriter, r *http.Request, until time.Time, op *graphql.OperationContext) {
	if s.streams.Err() != nil {
		writeRefusal(w, negotiate.JSON, errClosing)
		return
	}
	leave := s.enterConnection(w, r)
	if leave == nil {
		return
	}
	defer leave()
	if watch := s.config.Watch; watch != nil {
		var err error
		if ctx, err = watch(ctx); err != nil {
			s.writeUnauthenticated(w, r.Context(), negotiate.JSON, err)
			return
		}
	}
	ctx, cancel := session(ctx, until)
	defer cancel()
	defer context.AfterFunc(s.streams, cancel)()
	ids := &eventIDs{last: r.Header.Get("Last-Event-ID")}
	events := make(chan []byte, queuedReplies)
	go s.produceEvents(context.WithValue(ctx, eventIDsKey{}, ids), op, ids, events)
	sendEvents(ctx, w, events)
	cancel()
	for range events { // until the operation has ended
	}
}

// session returns a context that ends at a time, or by itself where that is zero.
func session(ctx context.Context, until time.Time) (context.Context, context.CancelFunc) {
	if until.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, until)
}

// serveEventsOf answers what cannot be run as an event stream: a browser's EventSource
// shows its page nothing of an answer with another status.
func (s *Server) serveEventsOf(w http.ResponseWriter, errs gqlerror.List) {
	if e, err := openEvents(w); err == nil {
		_ = e.write(append(encodeEvent("", &graphql.Response{Errors: errs}), eventComplete...), nil) //nolint:errcheck // the client has gone, and nobody can be told
	}
}

// produceEvents runs an operation to its end. It closes events.
func (s *Server) produceEvents(ctx context.Context, op *graphql.OperationContext, ids *eventIDs, events chan<- []byte) {
	defer close(events)
	emit := func(event []byte) bool {
		select {
		case events <- event:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer func() {
		if p := recover(); p != nil {
			errs := gqlerror.List{s.presentPanic(ctx, p)}
			emit(append(encodeEvent("", &graphql.Response{Errors: errs}), eventComplete...))
		}
	}()
	next := func(ctx context.Context) *graphql.Response { return s.execute(ctx, op) }
	running := ctx
	if isSubscription(op) {
		next, running = s.exec.DispatchOperation(ctx, op)
	}
	for resp := next(running); resp != nil; resp = next(running) {
		if !emit(encodeEvent(ids.take(), resp)) {
			return
		}
		// A refusal is the end, also of an interceptor that would repeat it for ever.
		if !isSubscription(op) || !executed(resp) {
			break
		}
	}
	if ctx.Err() == nil {
		emit([]byte(eventComplete))
	}
}

// sendEvents writes events, and signs of life, until there are no more, ctx ends, or
// the client does not take them.
func sendEvents(ctx context.Context, w http.ResponseWriter, events <-chan []byte) {
	keepAlive := time.NewTicker(pingInterval)
	defer keepAlive.Stop()
	e, err := openEvents(w)
	for err == nil {
		select {
		case event, ok := <-events:
			if !ok {
				return
			}
			err = e.write(event, events)
		case <-keepAlive.C:
			err = e.write([]byte(comment), nil)
		case <-ctx.Done():
			return
		}
	}
}

// encodeEvent returns a result as an event; the id may be left out. Lines may end in
// JSON only between values, where a space does as well: an event's data is one line.
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
