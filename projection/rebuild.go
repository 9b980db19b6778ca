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

// Rebuilder makes all rows and the full-text index anew from the log, in a set of
// tables beside the live ones, and puts them in their place, while others read and
// write. There is one for a database, and it does one rebuild at a time. A rebuild
// that was interrupted goes on where it was.
type Rebuilder struct {
	log    *eventstore.Store
	db     *sql.DB
	cloner Cloner
	logger *slog.Logger

	ctx     context.Context // ends when the rebuilder is closed
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex // guards what follows
	progress *RebuildProgress
	since    time.Time           // when the rebuild under way was begun or resumed
	from     eventstore.Position // where it was then
}

// RebuildState says whether a rebuild is under way, or how it ended.
type RebuildState string

// The states. A failed rebuild has changed nothing that is read.
const (
	RebuildRunning RebuildState = "RUNNING"
	RebuildDone    RebuildState = "DONE"
	RebuildFailed  RebuildState = "FAILED"
)

// RebuildPhase says what a rebuild is doing.
type RebuildPhase string

// The phases, in their order.
const (
	RebuildPreparing RebuildPhase = "PREPARING"
	RebuildFollowing RebuildPhase = "FOLLOWING"
	RebuildIndexing  RebuildPhase = "INDEXING"
	RebuildComparing RebuildPhase = "COMPARING"
	RebuildSwapping  RebuildPhase = "SWAPPING"
)

// RebuildProgress is how far a rebuild is.
type RebuildProgress struct {
	State RebuildState `json:"state"`
	// Phase is what it is doing, or did last.
	Phase RebuildPhase `json:"phase"`
	// Done is the position up to which the log has been followed, Total its head.
	Done  eventstore.Position `json:"done"`
	Total eventstore.Position `json:"total"`
	// EventsPerSecond is the rate since the rebuild was begun or resumed.
	EventsPerSecond float64 `json:"eventsPerSecond"`
	// SecondsLeft is how long following the log takes at this rate; nil when that is
	// not known.
	SecondsLeft *float64       `json:"secondsLeft"`
	StartedAt   domain.Instant `json:"startedAt"`
	// Tables compares the new tables with those before, once that is known.
	Tables []RebuildTable `json:"tables"`
	// Error is why it failed, and what to do.
	Error *string `json:"error"`
}

// RebuildTable compares a new table with the one before, up to the same position. Rows
// that differ are no failure: what follows from the log is right.
type RebuildTable struct {
	Name       string `json:"name"`
	Rows       int    `json:"rows"`
	RowsBefore int    `json:"rowsBefore"`
	// Hash and HashBefore are the SHA-256 of the rows, in the order of their keys.
	Hash       string `json:"hash"`
	HashBefore string `json:"hashBefore"`
	Same       bool   `json:"same"`
}

// NewRebuilder returns the rebuilder of a database; db is a pool that reads it.
func NewRebuilder(log *eventstore.Store, db *sql.DB, cloner Cloner, logger *slog.Logger) *Rebuilder {
	ctx, cancel := context.WithCancel(context.Background())
	return &Rebuilder{log: log, db: db, cloner: cloner, logger: logger, ctx: ctx, cancel: cancel}
}

// Wait returns when no rebuild is under way.
func (r *Rebuilder) Wait() { r.running.Wait() }

// Close interrupts a rebuild under way, between two of its steps, and waits for that.
// It may be called twice.
func (r *Rebuilder) Close() {
	r.cancel()
	r.running.Wait()
}

// Start begins a rebuild, or goes on with an unfinished one, and returns at once: see
// Progress. While one is under way the error is a *domain.Error.
func (r *Rebuilder) Start() error {
	if err := r.claim(); err != nil {
		return err
	}
	r.background()
	return nil
}

// Resume goes on with an unfinished rebuild, if there is one, and returns at once.
func (r *Rebuilder) Resume(ctx context.Context) error {
	unfinished, err := r.unfinished(ctx)
	if err != nil || !unfinished {
		return err
	}
	return r.Start()
}

// Run does a rebuild, or goes on with an unfinished one, as fast as it can: nobody else
// writes meanwhile. progress is called from time to time; it may be nil. An interrupted
// or failed rebuild goes on where it was when Run is called again.
func (r *Rebuilder) Run(ctx context.Context, progress func(RebuildProgress)) (RebuildProgress, error) {
	if err := r.claim(); err != nil {
		return RebuildProgress{}, err
	}
	defer r.running.Done()
	err := r.run(ctx, true, progress)
	return *r.Progress(), err
}

// Progress returns how far the rebuild is that was begun last since the database was
// opened; nil when none was.
func (r *Rebuilder) Progress() *RebuildProgress {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.progress == nil {
		return nil
	}
	p := *r.progress
	return &p
}

// claim begins a rebuild, of which nothing is done yet, unless there is one.
func (r *Rebuilder) claim() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ctx.Err() != nil:
		return eventstore.ErrClosed
	case r.progress != nil && r.progress.State == RebuildRunning:
		return domain.Errorf(domain.Invalid, "a rebuild is under way, at event %s of %s: wait until it has ended, it is seen in log { rebuild { done total } }",
			r.progress.Done, r.progress.Total)
	}
	r.running.Add(1)
	now := time.Now()
	r.since, r.progress = now, &RebuildProgress{
		State: RebuildRunning, Phase: RebuildPreparing, Total: r.log.Head().Position, StartedAt: domain.InstantOf(now), Tables: []RebuildTable{},
	}
	return nil
}

// background runs a rebuild that was claimed until it ends or the rebuilder is closed.
func (r *Rebuilder) background() {
	go func() {
		defer r.running.Done()
		err := r.run(r.ctx, false, nil)
		if err != nil && r.ctx.Err() == nil && !errors.Is(err, eventstore.ErrClosed) {
			r.logger.Error("the rebuild of the read model failed: it goes on where it was when it is started again", "err", err)
		}
	}()
}

// unfinished reports whether a rebuild was begun and has not ended.
func (r *Rebuilder) unfinished(ctx context.Context) (found bool, err error) {
	err = r.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM checkpoints WHERE name = 'rebuild')").Scan(&found)
	return found, err
}

// change changes the progress.
func (r *Rebuilder) change(f func(p *RebuildProgress)) RebuildProgress {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.progress)
	return *r.progress
}

// reached says how far the log has been followed.
func (r *Rebuilder) reached(at eventstore.Position) RebuildProgress {
	return r.change(func(p *RebuildProgress) {
		p.Done, p.Total = at, max(at, r.log.Head().Position)
		p.EventsPerSecond, p.SecondsLeft = 0, nil
		if took := time.Since(r.since).Seconds(); took > 0 && at > r.from {
			p.EventsPerSecond = float64(at-r.from) / took
			left := float64(p.Total-at) / p.EventsPerSecond
			p.SecondsLeft = &left
		}
	})
}

// failed says why a rebuild ended before its end.
func (r *Rebuilder) failed(err error) {
	why := fmt.Sprintf("%v: start the rebuild again, it goes on where it was", err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, eventstore.ErrClosed):
		why = "it was interrupted: it goes on where it was when the server is started, or with flightdeck rebuild"
	case errors.Is(err, eventstore.ErrFull):
		why = "the disk is full: make room, as much again as the rows take, then start the rebuild again: it goes on where it was"
	}
	r.change(func(p *RebuildProgress) { p.State, p.SecondsLeft, p.Error = RebuildFailed, nil, &why })
}
