package resolvers

import (
	"context"
	"errors"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"
	"flightdeck/readmodel"

	"github.com/cenkalti/backoff/v5"
)

const (
	// feedPage is how many events a subscription reads at once.
	feedPage = 256
	// A checkpoint is sent when nothing matched for as many positions, or when
	// positions passed for as long.
	checkpointEvents   = 1000
	checkpointInterval = 5 * time.Second
	// A page that cannot be delivered is tried again after a pause that grows from firstPause to
	// longestPause.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

// seen returns the position up to which the client has seen everything, nil when it
// has not said so.
func (r *Resolver) seen(ctx context.Context) (*eventstore.Position, error) {
	id := r.LastEventID(ctx)
	if id == "" {
		return nil, nil
	}
	position, err := eventstore.ParsePosition(id)
	if err != nil {
		return nil, domain.Errorf(domain.Invalid, "the header Last-Event-ID is not a position: send the id of the last event, or leave it out")
	}
	return &position, nil
}

// follow calls deliver for all events that a course has before it, page by page: for
// as long as ctx lasts, or to the end of the course's step. A page is never empty; end
// is that of the log, or of the step.
//
// When a page cannot be read, or deliver fails while ctx lasts, it logs why and
// tries the same page again after a pause: a stream that ended would look complete
// to its client. deliver must have sent nothing then.
func (r *Resolver) follow(ctx context.Context, c *Course, deliver func(page []eventstore.Event, end eventstore.Position) error) {
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 2}
	next := func() (struct{}, error) { return struct{}{}, r.next(ctx, c, deliver) }
	failed := func(err error, pause time.Duration) {
		r.Logger.ErrorContext(ctx, "subscription", "err", err, "after", c.at, "again", pause, "request", r.RequestID(ctx))
	}
	for {
		_, err := backoff.Retry(ctx, next, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(failed))
		if err != nil || ctx.Err() != nil {
			return // ctx has ended: without it, Retry does not give up
		}
		if c.stepped {
			c.ended = false
			return
		}
	}
}

// next waits for the next page and delivers it. A step waits for nothing.
func (r *Resolver) next(ctx context.Context, c *Course, deliver func(page []eventstore.Event, end eventstore.Position) error) error {
	limit := feedPage
	if c.stepped {
		limit = int(min(feedPage, c.until-c.at))
	} else if err := r.Log.Wait(ctx, c.at); err != nil {
		return err
	}
	if limit <= 0 {
		return nil
	}
	end := c.end(r)
	page, err := r.Log.Read(ctx, c.at, limit)
	if err != nil || len(page) == 0 {
		return err
	}
	if err := deliver(page, end); err != nil {
		return err
	}
	c.arrive(page)
	return nil
}

// send hands an item to the executor, or gives up with the context.
func send[T any](ctx context.Context, to chan<- T, item T) error {
	select {
	case to <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Resolver) eventAppended(ctx context.Context, after *eventstore.Position, f readmodel.EventFilter, lineage *string) (<-chan readmodel.Event, error) {
	c := course(ctx)
	if err := errors.Join(c.begin(ctx, r, after, lineage), f.Check()); err != nil {
		return nil, err
	}
	out := make(chan readmodel.Event)
	go func() {
		defer close(out)
		r.follow(ctx, c, func(page []eventstore.Event, _ eventstore.Position) error {
			events, err := r.Reader.Delivered(ctx, auth.ActorFrom(ctx), f, page)
			for _, e := range events {
				r.SetEventID(ctx, e.At().String())
				if err := send(ctx, out, e); err != nil {
					return err
				}
			}
			return err
		})
	}()
	return out, nil
}

func (r *Resolver) eventStream(ctx context.Context, after *eventstore.Position, f readmodel.EventFilter, lineage *string) (<-chan model.EventStreamItem, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	s := stream{Course: course(ctx), resolver: r, out: make(chan model.EventStreamItem), filter: f}
	reset := s.begin(ctx, r, after, lineage)
	out := s.out
	go func() {
		defer close(out)
		if reset != nil {
			_ = send(ctx, out, model.EventStreamItem(model.StreamReset{Position: r.Log.Head().Position, Reason: reset.Error()})) //nolint:errcheck // who went away needs no reset
			return
		}
		s.run(ctx)
	}()
	return out, nil
}

// stream is one eventStream.
type stream struct {
	*Course
	resolver *Resolver
	out      chan model.EventStreamItem
	filter   readmodel.EventFilter
}

func (s *stream) run(ctx context.Context) {
	if err := s.catchUp(ctx, s.at, s.end(s.resolver)); err != nil {
		return // the client went away
	}
	s.resolver.follow(ctx, s.Course, func(page []eventstore.Event, end eventstore.Position) error {
		if err := s.deliver(ctx, page); err != nil {
			return err
		}
		last := page[len(page)-1].Position
		if err := s.catchUp(ctx, last, end); err != nil {
			return err
		}
		if last-s.told >= checkpointEvents || last > s.told && time.Since(s.toldAt) >= checkpointInterval {
			return s.tell(ctx, last, model.Checkpoint{Position: last})
		}
		return nil
	})
}

// catchUp tells once that everything up to the end has been sent.
func (s *stream) catchUp(ctx context.Context, at, end eventstore.Position) error {
	if s.live || at < end {
		return nil
	}
	s.live = true
	return s.tell(ctx, at, model.CaughtUp{Position: at})
}

func (s *stream) deliver(ctx context.Context, page []eventstore.Event) error {
	events, err := s.resolver.Reader.Delivered(ctx, auth.ActorFrom(ctx), s.filter, page)
	if err != nil {
		return err
	}
	for _, e := range events {
		at := e.At()
		if err := s.tell(ctx, at, model.EventReceived{Position: at, Event: e}); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) tell(ctx context.Context, at eventstore.Position, item model.EventStreamItem) error {
	s.told, s.toldAt = at, time.Now()
	s.resolver.SetEventID(ctx, at.String())
	return send[model.EventStreamItem](ctx, s.out, item)
}

// changes sends what load returns: now, and again after each change of a stream,
// the latest where several came before the client took one. What is not there, and
// was not before, is not mentioned again.
func changes[T any](ctx context.Context, r *Resolver, id string, load func(readmodel.View) (*T, error)) (<-chan *T, error) {
	c := course(ctx)
	at := c.at
	if !c.begun {
		at = c.end(r)
	}
	var first *T
	if !c.known {
		var err error
		if first, err = load(readmodel.View{At: at, Actor: auth.ActorFrom(ctx)}); err != nil {
			return nil, err
		}
		c.shows, c.known = first != nil, true
	}
	out := make(chan *T)
	go func() {
		defer close(out)
		if !c.begun && send(ctx, out, first) != nil {
			return
		}
		c.at = at
		shown := at // what was loaded there has the earlier changes in it
		r.follow(ctx, c, func(page []eventstore.Event, _ eventstore.Position) error {
			if !about(page, id, shown) {
				return nil
			}
			latest := c.end(r)
			row, err := load(readmodel.View{At: latest, Actor: auth.ActorFrom(ctx)})
			if err != nil {
				return err
			}
			shown = latest
			if row == nil && !c.shows {
				return nil
			}
			c.shows = row != nil
			return send(ctx, out, row)
		})
	}()
	return out, nil
}

// about reports whether any of the events is of a stream, and after a position.
func about(events []eventstore.Event, id string, after eventstore.Position) bool {
	for _, e := range events {
		if string(e.Stream.ID) == id && e.Position > after {
			return true
		}
	}
	return false
}
