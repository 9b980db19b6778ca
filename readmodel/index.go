package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

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
	closed bool
	moved  chan struct{} // closed and replaced when at moves or the index closes
}

const (
	// rest is how long nothing is appended before the index follows unasked.
	rest = 2 * time.Millisecond
	// maxLag is how many positions the index may be behind while there is no rest.
	maxLag = 20_000
	// indexStep is how many positions are indexed in one command of the writer.
	indexStep = 500
)

var errIndexClosed = errors.New("the full-text index is closed")

// StartIndex starts to follow the log from the checkpoint in the database.
func StartIndex(ctx context.Context, log *eventstore.Store, db *sql.DB, logger *slog.Logger) (*Index, error) {
	var checkpoint eventstore.Position
	if err := db.QueryRowContext(ctx, "SELECT position FROM search_checkpoint").Scan(&checkpoint); err != nil {
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

// wait returns once everything up to a position is indexed.
func (x *Index) wait(ctx context.Context, p eventstore.Position) error {
	for {
		x.mu.Lock()
		at, closed, moved := x.at, x.closed, x.moved
		x.mu.Unlock()
		switch {
		case at >= p:
			return nil
		case closed:
			return errIndexClosed
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
	defer func() { x.move(x.at, true) }()
	for ctx.Err() == nil {
		if err := x.pause(ctx); err != nil {
			return
		}
		if err := x.step(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, eventstore.ErrClosed) {
			x.logger.Error("full-text index", "err", err)
			x.backOff(ctx)
		}
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

// backOff keeps a failing index from turning in circles.
func (x *Index) backOff(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// step indexes the rows of the next positions and moves the checkpoint, in one
// command.
func (x *Index) step(ctx context.Context) error {
	// The writer may run the command still when Update has given up with ctx.
	from, to := x.at, min(x.at+indexStep, x.log.Head().Position)
	_, err := x.log.Update(ctx, eventstore.Command{}, func(tx *eventstore.Tx) error {
		for _, statement := range []string{
			`INSERT INTO content_search (rowid, title, description, tags, content)
				SELECT valid_from, title, description, (SELECT group_concat(value, ' ') FROM json_each(tags)), content
				FROM contents WHERE valid_from > ? AND valid_from <= ?`,
			`INSERT INTO presentation_search (rowid, title, description, slides)
				SELECT p.valid_from, p.title, p.description, (
					SELECT group_concat(coalesce(s.title, '') || ' ' || s.content, ' ') FROM slides AS s
					WHERE s.presentation_id = p.id AND s.valid_from <= p.valid_from AND s.valid_to > p.valid_from)
				FROM presentations AS p WHERE p.valid_from > ? AND p.valid_from <= ?`,
		} {
			if _, err := tx.Exec(ctx, statement, from, to); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE search_checkpoint SET position = ?", to)
		return err
	})
	if err != nil {
		return err
	}
	x.move(to, false)
	return nil
}

func (x *Index) move(to eventstore.Position, closed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.at, x.closed = to, closed
	close(x.moved)
	x.moved = make(chan struct{})
}
