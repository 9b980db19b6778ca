package readmodel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// rebuild is a rebuild under way. It follows the log from position 0, as the full-text
// index does, with the projection that writes the live rows, into the next set.
type rebuild struct {
	*Rebuilder
	alone    bool
	progress func(RebuildProgress)

	generation int
	// bulk says that most indexes are made once the rows are there: faster by far, but
	// others would have to wait for each.
	bulk   bool
	at     eventstore.Position // up to where the log was followed
	states folds
	pace   *pace
}

// run does what is left of a rebuild that was claimed.
func (r *Rebuilder) run(ctx context.Context, alone bool, progress func(RebuildProgress)) (err error) {
	defer func() {
		if err != nil {
			r.failed(err)
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)() //nolint:contextcheck // closing ends it, whoever has begun it
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
	for swapped := false; !swapped; most *= 2 { // it ends, however fast others write
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

// tell reports the progress to whoever asked for it.
func (b *rebuild) tell(p RebuildProgress) {
	if b.progress != nil {
		b.progress(p)
	}
}

// update runs a command of the writer. A full queue is not an error: others come
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

// program identifies what rows this program makes of a log: what another one began is
// of no use to it.
func program() (string, error) {
	entries, err := migrationFiles.ReadDir("migration")
	return domain.Fingerprint() + " " + strconv.Itoa(len(entries)), err
}

// open goes on with the rebuild that the database has, or begins one.
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

// begin makes room for the next set, and makes it. Until it is there the rebuild is one
// of no program: after a crash it is begun again.
func (b *rebuild) begin(ctx context.Context, program string) error {
	b.generation, b.bulk, b.at = b.generation+1, b.alone, 0
	err := b.update(ctx, func(tx *eventstore.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO checkpoints (name, position) VALUES ('rebuild', 0) ON CONFLICT (name) DO UPDATE SET position = 0"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE rebuild SET generation = ?, program = '', bulk = ?, started_at = ?", b.generation, number(b.bulk), time.Now().UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range []set{oldSet, nextSet} {
		for _, name := range setTables() {
			if err := b.discard(ctx, s, name); err != nil {
				return err
			}
		}
	}
	return b.update(ctx, func(tx *eventstore.Tx) error {
		if err := b.create(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE rebuild SET program = ?", program)
		return err
	})
}

// maxDropped is how many rows are taken away together.
const maxDropped = 200

// discard removes a table of a set: part by part where others would have to wait.
func (b *rebuild) discard(ctx context.Context, s set, name string) error {
	for gone := false; !gone; {
		var took time.Duration
		if err := b.update(ctx, func(tx *eventstore.Tx) (err error) {
			if b.alone {
				gone = true
				return s.drop(ctx, tx, name)
			}
			begun := time.Now()
			gone, err = b.cloner.DropPart(ctx, tx, s.table(name), maxDropped)
			took = time.Since(begun)
			return err
		}); err != nil {
			return err
		}
		if err := b.pace.rest(ctx, took); err != nil {
			return err
		}
	}
	return nil
}

// part is some events in a row, each with the states of its stream around it.
type part struct {
	events        []eventstore.Event
	before, after []any
}

// maxPart bounds the data of the events of a part.
const maxPart = 1 << 20

// source is where events and states are read: the log, or the writer's transaction.
type source struct {
	read  func(after eventstore.Position, limit int) ([]eventstore.Event, error)
	state func(id eventstore.StreamID, version int) (any, error)
}

// fold returns up to limit events after a position.
func (b *rebuild) fold(s source, after eventstore.Position, limit int) (p part, err error) {
	events, err := s.read(after, limit)
	if err != nil {
		return part{}, err
	}
	size := 0
	for _, e := range events {
		if size += len(e.Data); size > maxPart && len(p.events) > 0 {
			break
		}
		before, version := b.states.get(e.Stream.ID)
		if version != e.Version-1 {
			if before, err = s.state(e.Stream.ID, e.Version-1); err != nil {
				return part{}, err
			}
		}
		state, err := b.log.Apply(before, e)
		if err != nil {
			return part{}, fmt.Errorf("fold position %s: %w", e.Position, err)
		}
		b.states.put(e, state)
		p.events, p.before, p.after = append(p.events, e), append(p.before, before), append(p.after, state)
	}
	return p, nil
}

// fromLog reads what is committed.
func (b *rebuild) fromLog(ctx context.Context) source {
	return source{
		read: func(after eventstore.Position, limit int) ([]eventstore.Event, error) {
			return b.log.Read(ctx, after, limit)
		},
		state: func(id eventstore.StreamID, version int) (any, error) {
			state, _, err := b.log.State(ctx, id, eventstore.Until{Version: version})
			return state, err
		},
	}
}

// project writes the rows of a part that follows right after at, and their documents,
// and moves the checkpoint.
func (b *rebuild) project(ctx context.Context, rows eventstore.Rows, at eventstore.Position, p part) error {
	for i, e := range p.events {
		if err := (projection{ctx, rows, nextSet, e.Position}).write(p.before[i], p.after[i]); err != nil {
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

// follow projects the log to where it ends now, and on until few enough events are
// left for the command that swaps the sets: who writes without a pause never leaves
// none. The next part is read while one is written.
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
func (b *rebuild) write(ctx context.Context, at eventstore.Position, p part) error {
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

// maxRest is how many events follow leaves for the command that swaps the sets, maxSwap
// how many that follows at first: others have written until it is its turn.
const maxRest, maxSwap = 50, 500

// swap follows the log to its very end and swaps the sets, in one command. It does not
// when more events are left than it may follow.
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

// folds remembers states of streams, so that they need not be replayed.
type folds struct {
	states map[eventstore.StreamID]folded
	size   int
}

type folded struct {
	state   any
	version int
	size    int
}

const (
	// maxFolds bounds the estimated memory of the states, minFold is what each counts
	// for beside the data of its events.
	maxFolds, minFold = 64 << 20, 512
)

// get returns the state of a stream that is remembered, and its version; 0 for none.
func (f *folds) get(id eventstore.StreamID) (state any, version int) {
	entry := f.states[id]
	return entry.state, entry.version
}

// put remembers a state that an event led to; others, whichever the map yields, make
// room for it.
func (f *folds) put(e eventstore.Event, state any) {
	id := e.Stream.ID
	if f.states == nil {
		f.states = make(map[eventstore.StreamID]folded)
	}
	size := max(f.states[id].size, minFold+len(e.Data))
	f.size += size - f.states[id].size
	f.states[id] = folded{state, e.Version, size}
	for victim, v := range f.states {
		if f.size <= maxFolds {
			return
		}
		delete(f.states, victim)
		f.size -= v.size
	}
}
