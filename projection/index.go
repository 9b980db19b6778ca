package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/cenkalti/backoff/v5"
)

// Index keeps the full-text index up to date. It is a projection of its own, which follows the log
// behind the commits: after a moment without commits, at once if a search waits for it, and before
// it is maxLag positions behind.
type Index struct {
	log    *eventstore.Store
	logger *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}
	urgent chan struct{} // has a token while a search waits

	mu     sync.Mutex // guards at, err, closed and moved
	at     eventstore.Position
	err    error // of the last step
	closed bool
	moved  chan struct{} // closed and replaced at each change of the other three
}

const (
	// rest is the time without commits after which the index follows.
	rest = 2 * time.Millisecond
	// maxLag bounds the number of positions that the index may be behind.
	maxLag = 20_000
	// indexStep and indexBytes bound one step of the index: its events, and the texts that it
	// indexes, in bytes. Commands wait behind a step.
	indexStep  = 500
	indexBytes = 1 << 20
	// The index retries a failed step after a pause that grows from firstPause to longestPause.
	firstPause, longestPause = 250 * time.Millisecond, 30 * time.Second
)

var (
	errIndexClosed = errors.New("the full-text index is closed")
	errIndexFails  = domain.Errorf(domain.Unavailable, "search is not available: its index cannot be written; the operator finds why in the log")
)

// StartIndex starts an index that follows the log from the checkpoint in the database. The caller
// calls Close.
func StartIndex(ctx context.Context, log *eventstore.Store, db *sql.DB, logger *slog.Logger) (*Index, error) {
	var checkpoint eventstore.Position
	if err := db.QueryRowContext(ctx, "SELECT position FROM checkpoints WHERE name = 'search'").Scan(&checkpoint); err != nil {
		return nil, fmt.Errorf("read the checkpoint of the full-text index: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x := &Index{
		log: log, logger: logger, cancel: cancel, done: make(chan struct{}),
		urgent: make(chan struct{}, 1), at: checkpoint, moved: make(chan struct{}),
	}
	go x.run(ctx)
	return x, nil
}

// Close stops the index, and fails the searches that wait for it. It may be called twice.
func (x *Index) Close() {
	x.cancel()
	<-x.done
}

// Wait returns once all events up to a position are indexed. The error is domain.Unavailable while
// the index cannot be written.
func (x *Index) Wait(ctx context.Context, p eventstore.Position) error {
	for {
		x.mu.Lock()
		at, err, closed, moved := x.at, x.err, x.closed, x.moved
		x.mu.Unlock()
		switch {
		case at >= p:
			return nil
		case closed:
			return errIndexClosed
		case err != nil:
			return errIndexFails
		}
		select {
		case x.urgent <- struct{}{}:
		default:
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (x *Index) run(ctx context.Context) {
	defer close(x.done)
	defer func() { x.set(func() { x.closed = true }) }()
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 2}
	failed := func(err error, pause time.Duration) {
		x.logger.Error("full-text index", "err", err, "again", pause)
		x.set(func() { x.err = err })
	}
	for x.pause(ctx) == nil {
		step := func() (eventstore.Position, error) {
			to, err := x.step(ctx)
			if errors.Is(err, eventstore.ErrClosed) {
				err = backoff.Permanent(err)
			}
			return to, err
		}
		to, err := backoff.Retry(ctx, step, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(failed))
		if err != nil {
			return // closed, or ctx has ended
		}
		x.set(func() { x.at, x.err = to, nil })
	}
}

// pause returns when the next step is due.
func (x *Index) pause(ctx context.Context) error {
	if err := x.log.Wait(ctx, x.at); err != nil {
		return err
	}
	for {
		head := x.log.Head().Position
		if head-x.at > maxLag {
			return nil
		}
		select {
		case <-x.urgent:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rest):
		}
		if x.log.Head().Position == head {
			return nil
		}
	}
}

// step indexes the rows of the next positions and moves the checkpoint, in one command, and returns
// the new checkpoint. It begins at the checkpoint in the database, because a step may have been
// committed although it returned an error.
func (x *Index) step(ctx context.Context) (to eventstore.Position, err error) {
	head := x.log.Head().Position
	_, err = x.log.Update(ctx, eventstore.Command{}, func(tx *eventstore.Tx) error {
		from, err := checkpoint(ctx, tx)
		if to = from; err != nil || from >= head {
			return err
		}
		if to, err = liveSet.part(ctx, tx, from, min(head, from+indexStep)); err != nil {
			return err
		}
		if err := liveSet.index(ctx, tx, from, to); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE checkpoints SET position = ? WHERE name = 'search'", to)
		return err
	})
	return to, err
}

// part returns the position up to which one step indexes the rows of a set: those that begin after
// a position, up to another one. A small event may make a long row, since a row has the text of its
// object as a whole.
func (s set) part(ctx context.Context, rows eventstore.Rows, after, last eventstore.Position) (to eventstore.Position, err error) {
	const within = " WHERE valid_from > ? AND valid_from <= ?"
	sizes, err := rows.Query(ctx, "SELECT valid_from, octet_length(content) AS size FROM "+s.table("contents")+within+
		" UNION ALL SELECT valid_from, octet_length(content) FROM "+s.table("slides")+within+" ORDER BY valid_from",
		after, last, after, last)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, sizes.Close()) }()
	for sum := 0; sizes.Next(); {
		var at eventstore.Position
		var size int
		if err := sizes.Scan(&at, &size); err != nil {
			return 0, err
		}
		if sum += size; sum > indexBytes && at > after+1 { // the rows of one event are indexed together
			return at - 1, nil
		}
	}
	return last, sizes.Err()
}

// checkpoint returns the position up to which the index has followed the log.
func checkpoint(ctx context.Context, tx *eventstore.Tx) (p eventstore.Position, err error) {
	rows, err := tx.Query(ctx, "SELECT position FROM checkpoints WHERE name = 'search'")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan(&p)
	}
	return p, errors.Join(err, rows.Err())
}

// set changes the guarded fields and wakes the callers of Wait.
func (x *Index) set(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
	close(x.moved)
	x.moved = make(chan struct{})
}
