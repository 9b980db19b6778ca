package resolvers

import (
	"context"
	"errors"
	"sync"
	"time"

	"flightdeck/auth"
	"flightdeck/budget"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"
	"flightdeck/readmodel"

	"github.com/cenkalti/backoff/v5"
)

const (
	// feedPage is the number of events that a subscription reads at once.
	feedPage = 256
	// A checkpoint is sent after so many positions without a match, and after so much time if any
	// position has passed.
	checkpointEvents   = 1000
	checkpointInterval = 5 * time.Second
	// A page that cannot be delivered is tried again after a pause that grows from firstPause to
	// longestPause.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

// seen returns the position up to which the client of an event stream has seen everything, and nil
// for a client that does not tell.
func (r *Resolver) seen(ctx context.Context) (*eventstore.Position, error) {
	id := r.LastEventID(ctx)
	if id == "" {
		return nil, nil
	}
	position, err := eventstore.ParsePosition(id)
	if err != nil {
		return nil, domain.Errorf(domain.Invalid, "the id of the last event is not a position: send it as it was received, in Last-Event-ID or lastEventId, or leave it out")
	}
	return &position, nil
}

// follow calls deliver for all events after the follower's position, page by page. It returns when
// ctx ends, or at the end of the follower's step. A page is never empty; end is the last position
// of the log, or of the step.
//
// When a page cannot be read, or deliver returns an error while ctx lasts, follow logs the error
// and tries the same page again after a pause: a stream that ended would look complete to its
// client. A deliver that returns an error must not have sent anything.
func (r *Resolver) follow(ctx context.Context, f *follower, deliver func(page []eventstore.Event, end eventstore.Position) error) {
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 2}
	next := func() (struct{}, error) { return struct{}{}, r.next(ctx, f, deliver) }
	failed := func(err error, pause time.Duration) {
		r.Logger.ErrorContext(ctx, "subscription", "err", err, "after", f.at, "again", pause, "request", r.RequestID(ctx))
	}
	for {
		_, err := backoff.Retry(ctx, next, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(failed))
		if err != nil || ctx.Err() != nil {
			return // ctx has ended: without it, Retry does not give up
		}
		if f.stepped {
			f.ended = false
			return
		}
	}
}

// next waits for the next page and delivers it. It does not wait in a step.
func (r *Resolver) next(ctx context.Context, f *follower, deliver func(page []eventstore.Event, end eventstore.Position) error) error {
	limit := feedPage
	if f.stepped {
		limit = int(min(feedPage, f.until-f.at))
	} else if err := r.Log.Wait(ctx, f.at); err != nil {
		return err
	}
	if limit <= 0 {
		return nil
	}
	budget.From(ctx).Renew()
	end := f.end(r)
	page, done, err := r.page(ctx, f.at, limit)
	if err != nil || len(page) == 0 {
		return err
	}
	defer done()
	if err := deliver(page, end); err != nil {
		return err
	}
	f.arrive(page)
	return nil
}

// NewCatchUps returns the turns for Resolver.CatchUps.
func NewCatchUps() *budget.Turns { return budget.NewTurns(48, 12) }

// turnTime is the longest time that a page keeps its turn. A client that reads too slowly goes on
// without its turn, so that it keeps no others from catching up.
const turnTime = 5 * time.Second

// smallPage is the size of the data of a page that a follower reads without waiting for its turn.
const smallPage = 64 << 10

// page reads up to limit events after a position. done is called when they are delivered. A page of
// old events that is not small waits for its turn, so that the pages that all followers together
// have in memory are bounded; the latest events are in memory anyway.
func (r *Resolver) page(ctx context.Context, after eventstore.Position, limit int) (page []eventstore.Event, done func(), err error) {
	done = func() {}
	live := r.Log.IsLive(after)
	first, err := r.Log.Follow(ctx, after, limit)
	if err != nil || live || eventstore.DataSize(first) <= smallPage {
		return first, done, err
	}
	// The page is read again after the wait, so that others can use its memory meanwhile.
	leave, err := r.CatchUps.Wait(ctx)
	if err != nil {
		return nil, nil, err
	}
	leave = sync.OnceFunc(leave)
	turn := time.AfterFunc(turnTime, leave)
	done = func() {
		turn.Stop()
		leave()
	}
	if page, err = r.Log.Follow(ctx, after, limit); err != nil || len(page) == 0 {
		done()
		return nil, nil, err
	}
	return page, done, nil
}

// send hands an item to the executor. It blocks until the executor takes the item, or returns ctx's
// error.
func send[T any](ctx context.Context, to chan<- T, item T) error {
	select {
	case to <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Resolver) eventAppended(ctx context.Context, after *eventstore.Position, filter readmodel.EventFilter, lineage *string) (<-chan readmodel.Event, error) {
	f := followerFrom(ctx)
	if err := errors.Join(f.start(ctx, r, after, lineage), filter.Check()); err != nil {
		return nil, err
	}
	out, withData := make(chan readmodel.Event), selectsData(ctx)
	go func() {
		defer close(out)
		r.follow(ctx, f, func(page []eventstore.Event, _ eventstore.Position) error {
			events, err := r.Reader.Delivered(ctx, auth.ActorFrom(ctx), filter, page, withData)
			if err != nil {
				return err
			}
			for e := range events {
				r.SetEventID(ctx, e.At().String())
				budget.From(ctx).Renew()
				if err := send(ctx, out, e); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	return out, nil
}

func (r *Resolver) eventStream(ctx context.Context, after *eventstore.Position, filter readmodel.EventFilter, lineage *string) (<-chan model.EventStreamItem, error) {
	if err := filter.Check(); err != nil {
		return nil, err
	}
	s := stream{follower: followerFrom(ctx), resolver: r, out: make(chan model.EventStreamItem), filter: filter, withData: selectsData(ctx)}
	reset := s.start(ctx, r, after, lineage)
	out := s.out
	go func() {
		defer close(out)
		if reset != nil {
			_ = send(ctx, out, model.EventStreamItem(model.StreamReset{Position: r.Log.Head().Position, Reason: reset.Error()})) //nolint:errcheck // a client that has left needs no reset
			return
		}
		s.run(ctx)
	}()
	return out, nil
}

// stream is one subscription to eventStream.
type stream struct {
	*follower
	resolver *Resolver
	out      chan model.EventStreamItem
	filter   readmodel.EventFilter
	withData bool // the client selects data of events
}

func (s *stream) run(ctx context.Context) {
	if err := s.catchUp(ctx, s.at, s.end(s.resolver)); err != nil {
		return // the client went away
	}
	s.resolver.follow(ctx, s.follower, func(page []eventstore.Event, end eventstore.Position) error {
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

// catchUp sends CaughtUp once, when everything up to the end has been sent.
func (s *stream) catchUp(ctx context.Context, at, end eventstore.Position) error {
	if s.live || at < end {
		return nil
	}
	s.live = true
	return s.tell(ctx, at, model.CaughtUp{Position: at})
}

func (s *stream) deliver(ctx context.Context, page []eventstore.Event) error {
	events, err := s.resolver.Reader.Delivered(ctx, auth.ActorFrom(ctx), s.filter, page, s.withData)
	if err != nil {
		return err
	}
	for e := range events {
		at := e.At()
		budget.From(ctx).Renew()
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

// changes sends the object that load returns, and sends it again after each change of its stream. A
// slow client gets the latest of several changes. An object that stays invisible is sent as null
// only once.
func changes[T any](ctx context.Context, r *Resolver, id string, load func(readmodel.View) (*T, error)) (<-chan *T, error) {
	f := followerFrom(ctx)
	at := f.at
	if !f.continued {
		at = f.end(r)
	}
	var first *T
	if !f.known {
		var err error
		if first, err = load(readmodel.View{At: at, Actor: auth.ActorFrom(ctx)}); err != nil {
			return nil, err
		}
		f.shown, f.known = first != nil, true
	}
	out := make(chan *T)
	go func() {
		defer close(out)
		if !f.continued && send(ctx, out, first) != nil {
			return
		}
		f.at = at
		loaded := at // the object that was loaded here has the earlier changes
		r.follow(ctx, f, func(page []eventstore.Event, _ eventstore.Position) error {
			if !about(page, id, loaded) {
				return nil
			}
			latest := f.end(r)
			row, err := load(readmodel.View{At: latest, Actor: auth.ActorFrom(ctx)})
			if err != nil {
				return err
			}
			loaded = latest
			if row == nil && !f.shown {
				return nil
			}
			f.shown = row != nil
			return send(ctx, out, row)
		})
	}()
	return out, nil
}

// about reports whether one of the events belongs to a stream and follows a position.
func about(events []eventstore.Event, id string, after eventstore.Position) bool {
	for _, e := range events {
		if string(e.Stream.ID) == id && e.Position > after {
			return true
		}
	}
	return false
}
