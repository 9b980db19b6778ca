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
)

// Index keeps the full-text index up to date: a projection of its own, behind the
// commits. It follows when the writer has a moment of rest, or at once when a
// search waits for it, and is never further behind than maxLag.
type Index struct {
	log    *eventstore.Store
	logger *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}
	urgent chan struct{} // holds one token while a search waits

	mu     sync.Mutex // guards what follows
	at     eventstore.Position
	err    error // why the last step failed; nil when it did not
	closed bool
	moved  chan struct{} // closed and replaced when one of those above changes
}

const (
	// rest is how long nothing is appended before the index follows unasked.
	rest = 2 * time.Millisecond
	// maxLag is how many positions the index may be behind while there is no rest.
	maxLag = 20_000
	// indexStep is how many positions, and indexBytes of about how many bytes of
	// events, are indexed in one command of the writer: others wait behind it.
	indexStep  = 500
	indexBytes = 1 << 20
	// A failing index is tried again after a pause that grows from the first of
	// these to the second.
	firstPause, longestPause = 250 * time.Millisecond, 30 * time.Second
)

var (
	errIndexClosed = errors.New("the full-text index is closed")
	errIndexFails  = domain.Errorf(domain.Unavailable, "search is not available: its index cannot be written; the operator finds why in the log")
)

// StartIndex starts to follow the log from the checkpoint in the database.
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

// Close stops following, and makes waiting searches fail. It may be called twice.
func (x *Index) Close() {
	x.cancel()
	<-x.done
}

// Wait returns once everything up to a position is indexed. While the index cannot
// be written the error is domain.Unavailable.
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
	for pause := firstPause; ctx.Err() == nil; {
		if err := x.pause(ctx); err != nil {
			return
		}
		to, err := x.step(ctx)
		if err == nil {
			pause = firstPause
			x.set(func() { x.at, x.err = to, nil })
			continue
		}
		if ctx.Err() != nil || errors.Is(err, eventstore.ErrClosed) {
			return
		}
		x.logger.Error("full-text index", "err", err, "again", pause)
		x.set(func() { x.err = err })
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// pause returns when there is something to index and it is time to.
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

// index indexes the rows of a set that begin after a position, up to another one.
func (s set) index(ctx context.Context, rows eventstore.Rows, after, to eventstore.Position) error {
	for _, statement := range []string{
		"INSERT INTO " + s.table("content_search") + ` (rowid, title, description, tags, content)
			SELECT valid_from, title, description, (SELECT group_concat(value, ' ') FROM json_each(tags)), content
			FROM ` + s.table("contents") + " WHERE valid_from > ? AND valid_from <= ?",
		"INSERT INTO " + s.table("presentation_search") + ` (rowid, title, description)
			SELECT valid_from, title, description FROM ` + s.table("presentations") + " WHERE valid_from > ? AND valid_from <= ?",
		"INSERT INTO " + s.table("slide_search") + ` (rowid, title, content)
			SELECT document, title, content FROM ` + s.table("slides") + " WHERE valid_from > ? AND valid_from <= ?",
	} {
		if _, err := rows.Exec(ctx, statement, after, to); err != nil {
			return err
		}
	}
	return nil
}

// step indexes the rows of the next positions and moves the checkpoint, in one
// command. It returns the checkpoint. It begins at the one in the database: a step
// that seemed to fail may have been committed.
func (x *Index) step(ctx context.Context) (eventstore.Position, error) {
	to, err := x.reach(ctx)
	if err != nil {
		return 0, err
	}
	_, err = x.log.Update(ctx, eventstore.Command{}, func(tx *eventstore.Tx) error {
		from, err := checkpoint(ctx, tx)
		if err != nil || from >= to {
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

// checkpoint returns how far the index has followed the log.
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

// reach returns how far the next step goes.
func (x *Index) reach(ctx context.Context) (to eventstore.Position, err error) {
	events, err := x.log.Read(ctx, x.at, indexStep)
	if err != nil {
		return 0, err
	}
	to = x.at
	size := 0
	for _, e := range events {
		if size += len(e.Data); size > indexBytes && to > x.at {
			break
		}
		to = e.Position
	}
	return to, nil
}

// set changes what is guarded, and wakes those who wait.
func (x *Index) set(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
	close(x.moved)
	x.moved = make(chan struct{})
}
