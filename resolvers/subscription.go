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
)

const (
	// feedPage is how many events a subscription reads at once.
	feedPage = 256
	// A checkpoint is sent when nothing matched for as many positions, or when
	// positions passed for as long.
	checkpointEvents   = 1000
	checkpointInterval = 5 * time.Second
	// A page that cannot be delivered is tried again after a pause that grows from
	// the first of these to the second.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

// cursor is where a subscription begins: after a position of this log, or at its
// head.
func (r *Resolver) cursor(after *eventstore.Position, lineage *string) (eventstore.Position, error) {
	head := r.Log.Head().Position
	switch {
	case lineage != nil && *lineage != r.Log.Lineage():
		return 0, domain.Errorf(domain.Invalid, "the cursor is of another log, %s: read log { head lineage }, fetch everything again, and subscribe after head", *lineage).At("lineage")
	case after == nil:
		return head, nil
	case *after > head:
		return 0, domain.Errorf(domain.Invalid, "position %s is in the future, or of another log: this one ends at %s", *after, head).At("after")
	}
	return *after, nil
}

// follow calls deliver for all events after a position, page by page, for as long
// as ctx lasts. A page is never empty; head is the end of the log when it was read.
//
// When a page cannot be read, or deliver fails while ctx lasts, it logs why and
// tries the same page again after a pause: a stream that ended would look complete
// to its client. deliver must have sent nothing then.
func (r *Resolver) follow(ctx context.Context, after eventstore.Position, deliver func(page []eventstore.Event, head eventstore.Position) error) {
	for pause := firstPause; ; {
		last, err := r.next(ctx, after, deliver)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			after, pause = last, firstPause
			continue
		}
		r.Logger.ErrorContext(ctx, "subscription", "err", err, "after", after, "again", pause, "request", r.RequestID(ctx))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// next waits for the next page, delivers it, and returns its last position.
func (r *Resolver) next(ctx context.Context, after eventstore.Position, deliver func(page []eventstore.Event, head eventstore.Position) error) (eventstore.Position, error) {
	if err := r.Log.Wait(ctx, after); err != nil {
		return after, err
	}
	head := r.Log.Head().Position
	page, err := r.Log.Read(ctx, after, feedPage)
	if err != nil || len(page) == 0 {
		return after, err
	}
	return page[len(page)-1].Position, deliver(page, head)
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
	start, err := r.cursor(after, lineage)
	if err = errors.Join(err, f.Check()); err != nil {
		return nil, err
	}
	out := make(chan readmodel.Event)
	go func() {
		defer close(out)
		r.follow(ctx, start, func(page []eventstore.Event, _ eventstore.Position) error {
			events, err := r.Reader.Delivered(ctx, auth.ActorFrom(ctx), f, page)
			for _, e := range events {
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
	out := make(chan model.EventStreamItem)
	start, err := r.cursor(after, lineage)
	go func() {
		defer close(out)
		if err != nil {
			_ = send(ctx, out, model.EventStreamItem(model.StreamReset{Position: r.Log.Head().Position, Reason: err.Error()})) //nolint:errcheck // who went away needs no reset
			return
		}
		s := stream{Resolver: r, out: out, filter: f, told: start, toldAt: time.Now()}
		s.run(ctx, start)
	}()
	return out, nil
}

// stream is one eventStream.
type stream struct {
	*Resolver
	out    chan<- model.EventStreamItem
	filter readmodel.EventFilter
	live   bool
	// told is the last position that the client was told of, and toldAt when.
	told   eventstore.Position
	toldAt time.Time
}

func (s *stream) run(ctx context.Context, start eventstore.Position) {
	if err := s.catchUp(ctx, start, s.Log.Head().Position); err != nil {
		return // the client went away
	}
	s.follow(ctx, start, func(page []eventstore.Event, head eventstore.Position) error {
		if err := s.deliver(ctx, page); err != nil {
			return err
		}
		last := page[len(page)-1].Position
		if err := s.catchUp(ctx, last, head); err != nil {
			return err
		}
		if last-s.told >= checkpointEvents || last > s.told && time.Since(s.toldAt) >= checkpointInterval {
			return s.tell(ctx, last, model.Checkpoint{Position: last})
		}
		return nil
	})
}

// catchUp tells once that everything up to the head has been sent.
func (s *stream) catchUp(ctx context.Context, at, head eventstore.Position) error {
	if s.live || at < head {
		return nil
	}
	s.live = true
	return s.tell(ctx, at, model.CaughtUp{Position: at})
}

func (s *stream) deliver(ctx context.Context, page []eventstore.Event) error {
	events, err := s.Reader.Delivered(ctx, auth.ActorFrom(ctx), s.filter, page)
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
	return send(ctx, s.out, item)
}

// changes sends what load returns: now, and again after each change of a stream,
// the latest where several came before the client took one.
func changes[T any](ctx context.Context, r *Resolver, id string, load func(readmodel.View) (*T, error)) (<-chan *T, error) {
	view := r.latest(ctx)
	first, err := load(view)
	if err != nil {
		return nil, err
	}
	out := make(chan *T)
	go func() {
		defer close(out)
		if err := send(ctx, out, first); err != nil {
			return
		}
		shown := first != nil
		r.follow(ctx, view.At, func(page []eventstore.Event, _ eventstore.Position) error {
			if !about(page, id, view.At) {
				return nil
			}
			latest := r.latest(ctx)
			row, err := load(latest)
			if err != nil {
				return err
			}
			view = latest
			if row == nil && !shown {
				return nil
			}
			shown = row != nil
			return send(ctx, out, row)
		})
	}()
	return out, nil
}

// about reports whether any of the events is of a stream, and after a position: what
// was loaded there has the earlier ones in it.
func about(events []eventstore.Event, id string, after eventstore.Position) bool {
	for _, e := range events {
		if string(e.Stream.ID) == id && e.Position > after {
			return true
		}
	}
	return false
}
