package projection

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// rebuild is a rebuild under way. It follows the log from position 0 and writes rows and documents
// into the next set, with the code that writes the live rows.
type rebuild struct {
	*Rebuilder
	alone    bool
	progress func(RebuildProgress)

	generation int
	// bulk is true if most indexes are made after the rows. That is much faster, but writers would
	// have to wait for each index.
	bulk   bool
	at     eventstore.Position // up to which the rebuild has followed the log
	states stateCache
	pace   *pace
}

// run completes a claimed rebuild.
func (r *Rebuilder) run(ctx context.Context, alone bool, progress func(RebuildProgress)) (err error) {
	defer func() {
		if err != nil {
			r.failed(err)
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)() //nolint:contextcheck // Close ends a rebuild of any caller
	b := &rebuild{Rebuilder: r, alone: alone, progress: progress, pace: newPace(r.log, alone)}
	if err := b.open(ctx); err != nil {
		return err
	}
	if err := b.follow(ctx, RebuildFollowing); err != nil {
		return err
	}
	if b.bulk {
		b.enter(RebuildIndexing)
		for _, t := range rowTables {
			if err := b.update(ctx, func(tx *eventstore.Tx) error { return b.indexes(ctx, tx, t) }); err != nil {
				return err
			}
		}
	}
	b.enter(RebuildComparing)
	tables, err := b.compare(ctx)
	if err != nil {
		return err
	}
	most := eventstore.Position(maxSwap)
	for swapped := false; !swapped; most *= 2 { // the bound grows, so that the loop ends beside any writer
		if err = b.follow(ctx, RebuildSwapping); err != nil {
			return err
		}
		if swapped, err = b.swap(ctx, most); err != nil {
			return err
		}
	}
	b.reached(b.at)
	b.change(func(p *RebuildProgress) { p.State, p.Tables, p.SecondsLeft = RebuildDone, tables, nil })
	return nil
}

// enter begins a phase.
func (b *rebuild) enter(phase RebuildPhase) {
	b.tell(b.change(func(p *RebuildProgress) { p.Phase = phase }))
}

// tell passes the progress to the caller of Run.
func (b *rebuild) tell(p RebuildProgress) {
	if b.progress != nil {
		b.progress(p)
	}
}

// update runs a command of the writer. If the queue is full it waits and tries again: others come
// first.
func (b *rebuild) update(ctx context.Context, f func(*eventstore.Tx) error) error {
	for {
		_, err := b.log.Update(ctx, eventstore.Command{}, f)
		if !errors.Is(err, eventstore.ErrOverloaded) {
			return err
		}
		if err := pause(ctx, b.pace.aim); err != nil {
			return err
		}
	}
}

// program identifies the rows that this program makes of a log. Another program cannot continue its
// rebuild.
func program() (string, error) {
	entries, err := migrationFiles.ReadDir("migration")
	return domain.Fingerprint() + " " + strconv.Itoa(len(entries)), err
}

// open continues the rebuild in the database, or begins one.
func (b *rebuild) open(ctx context.Context) error {
	program, err := program()
	if err != nil {
		return err
	}
	var begun string
	var position *eventstore.Position
	var started domain.Instant
	if err := b.db.QueryRowContext(ctx, `SELECT generation, program, bulk, started_at, (SELECT position FROM checkpoints WHERE name = 'rebuild') FROM rebuild`).
		Scan(&b.generation, &begun, &b.bulk, &started, &position); err != nil {
		return fmt.Errorf("read how far the rebuild is: %w", err)
	}
	if position != nil && begun == program && (b.alone || !b.bulk) {
		b.at = *position
		b.change(func(p *RebuildProgress) { p.StartedAt = started })
	} else if err := b.begin(ctx, program); err != nil {
		return err
	}
	b.mu.Lock()
	b.from, b.since = b.at, time.Now()
	b.mu.Unlock()
	b.tell(b.reached(b.at))
	return nil
}

// project writes the rows and the documents of the chunk after a position, and moves the
// checkpoint.
func (b *rebuild) project(ctx context.Context, rows eventstore.Rows, at eventstore.Position, p chunk) error {
	for i, e := range p.events {
		if err := (rowWriter{ctx, rows, nextSet, e.Position}).write(p.before[i], p.after[i]); err != nil {
			return fmt.Errorf("project position %s: %w", e.Position, err)
		}
	}
	to := at + eventstore.Position(len(p.events))
	if err := nextSet.index(ctx, rows, at, to); err != nil {
		return err
	}
	n, err := rows.Exec(ctx, "UPDATE checkpoints SET position = ? WHERE name = 'rebuild' AND position = ?", to, at)
	if err == nil && n != 1 {
		err = fmt.Errorf("the rebuild is not at position %s: somebody else has gone on with it", at)
	}
	return err
}

// follow projects the log up to its present end, and further until at most maxRest events remain
// for the swap. A steady writer always leaves some. It reads the next chunk while it writes one.
func (b *rebuild) follow(ctx context.Context, phase RebuildPhase) error {
	b.enter(phase)
	written := make(chan error, 1)
	written <- nil
	size, end := b.pace.size, b.log.Head().Position
	for at := b.at; ; {
		if at >= end && b.log.Head().Position-at <= maxRest {
			return <-written
		}
		p, err := b.fold(b.fromLog(ctx), at, size)
		if err := errors.Join(err, <-written); err != nil {
			return err
		}
		if len(p.events) == 0 {
			return nil
		}
		size = b.pace.size
		from := at
		at += eventstore.Position(len(p.events))
		go func() { written <- b.write(ctx, from, p) }()
	}
}

// write is one step: a command of the writer, and the rest after it.
func (b *rebuild) write(ctx context.Context, at eventstore.Position, p chunk) error {
	var took time.Duration
	err := b.update(ctx, func(tx *eventstore.Tx) error {
		begun := time.Now()
		err := b.project(ctx, tx, at, p)
		took = time.Since(begun)
		return err
	})
	if err != nil {
		return err
	}
	b.at = at + eventstore.Position(len(p.events))
	progress := b.reached(b.at)
	b.tell(progress)
	b.pace.took(len(p.events), took, progress.Total-progress.Done)
	return b.pace.rest(ctx, took)
}

// maxRest bounds the events that follow leaves for the swap. maxSwap bounds the events of the first
// attempt to swap, which others may have added meanwhile.
const maxRest, maxSwap = 50, 500

// swap follows the log to its end and swaps the sets, in one command. It does nothing and returns
// false if more than most events remain.
func (b *rebuild) swap(ctx context.Context, most eventstore.Position) (done bool, err error) {
	err = b.update(ctx, func(tx *eventstore.Tx) error {
		end := tx.Head().Position
		if end-b.at > most {
			return nil
		}
		for b.at < end {
			p, err := b.fold(source{tx.Read, tx.StateAt}, b.at, maxRest)
			if err != nil {
				return err
			}
			if err := b.project(ctx, tx, b.at, p); err != nil {
				return err
			}
			b.at += eventstore.Position(len(p.events))
		}
		if err := swap(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE checkpoints SET position = ? WHERE name = 'search'", end); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM checkpoints WHERE name = 'rebuild'")
		done = err == nil
		return err
	})
	return done && err == nil, err
}
