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

// Rebuilder rebuilds all rows and the full-text index from the log, in a set of tables beside the
// live one, and swaps the sets. Others read and write meanwhile. A database has one Rebuilder,
// which does one rebuild at a time. An interrupted rebuild continues at its checkpoint.
type Rebuilder struct {
	log    *eventstore.Store
	db     *sql.DB
	cloner Cloner
	logger *slog.Logger

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex // guards progress, since and from
	progress *RebuildProgress
	since    time.Time           // the start or the continuation of the rebuild
	from     eventstore.Position // its position at that time
}

// RebuildState is the state of a rebuild.
type RebuildState string

// The states. A failed rebuild has changed no table that queries read.
const (
	RebuildRunning RebuildState = "RUNNING"
	RebuildDone    RebuildState = "DONE"
	RebuildFailed  RebuildState = "FAILED"
)

// RebuildPhase is the present task of a rebuild.
type RebuildPhase string

// The phases, in their order.
const (
	RebuildPreparing RebuildPhase = "PREPARING"
	RebuildFollowing RebuildPhase = "FOLLOWING"
	RebuildIndexing  RebuildPhase = "INDEXING"
	RebuildComparing RebuildPhase = "COMPARING"
	RebuildSwapping  RebuildPhase = "SWAPPING"
)

// RebuildProgress is the progress of a rebuild.
type RebuildProgress struct {
	State RebuildState `json:"state"`
	// Phase is the present phase, or the last one of a rebuild that has ended.
	Phase RebuildPhase `json:"phase"`
	// Done is the position up to which the rebuild has followed the log, Total the head of the log.
	Done  eventstore.Position `json:"done"`
	Total eventstore.Position `json:"total"`
	// EventsPerSecond is the rate since the start of the rebuild, or since its continuation.
	EventsPerSecond float64 `json:"eventsPerSecond"`
	// SecondsLeft is the time that the rest of the log takes at this rate; nil if it is unknown.
	SecondsLeft *float64       `json:"secondsLeft"`
	StartedAt   domain.Instant `json:"startedAt"`
	// Tables compares the new tables with the old ones. It is empty before the comparison.
	Tables []RebuildTable `json:"tables"`
	// Error is the reason of a failure, with the next step for the operator.
	Error *string `json:"error"`
}

// RebuildTable compares a new table with the old one, up to the same position. Different rows are
// no failure: the new rows follow from the log.
type RebuildTable struct {
	Name       string `json:"name"`
	Rows       int    `json:"rows"`
	RowsBefore int    `json:"rowsBefore"`
	// Hash and HashBefore are the SHA-256 of the rows, in the order of their keys.
	Hash       string `json:"hash"`
	HashBefore string `json:"hashBefore"`
	Same       bool   `json:"same"`
}

// NewRebuilder returns the rebuilder of a database. db is a pool of connections that read it.
func NewRebuilder(log *eventstore.Store, db *sql.DB, cloner Cloner, logger *slog.Logger) *Rebuilder {
	ctx, cancel := context.WithCancel(context.Background())
	return &Rebuilder{log: log, db: db, cloner: cloner, logger: logger, ctx: ctx, cancel: cancel}
}

// Wait returns when no rebuild is under way.
func (r *Rebuilder) Wait() { r.running.Wait() }

// Close interrupts a rebuild between two of its steps, and waits for its end. It may be called
// twice.
func (r *Rebuilder) Close() {
	r.cancel()
	r.running.Wait()
}

// Start begins a rebuild, or continues an unfinished one, and returns at once: see Progress. The
// error is a *domain.Error while a rebuild is under way.
func (r *Rebuilder) Start() error {
	if err := r.claim(); err != nil {
		return err
	}
	r.background()
	return nil
}

// Resume continues an unfinished rebuild, if there is one, and returns at once.
func (r *Rebuilder) Resume(ctx context.Context) error {
	unfinished, err := r.unfinished(ctx)
	if err != nil || !unfinished {
		return err
	}
	return r.Start()
}

// Run begins a rebuild, or continues an unfinished one, and returns at its end. It assumes that no
// other goroutine or process writes, and is as fast as it can. It calls progress from time to time;
// progress may be nil. A later Run continues an interrupted or failed rebuild.
func (r *Rebuilder) Run(ctx context.Context, progress func(RebuildProgress)) (RebuildProgress, error) {
	if err := r.claim(); err != nil {
		return RebuildProgress{}, err
	}
	defer r.running.Done()
	err := r.run(ctx, true, progress)
	return *r.Progress(), err
}

// Progress returns the progress of the last rebuild since the database was opened, nil if there was
// none.
func (r *Rebuilder) Progress() *RebuildProgress {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.progress == nil {
		return nil
	}
	p := *r.progress
	return &p
}

// claim reserves the rebuilder for a new rebuild. It fails while a rebuild is under way.
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

// background runs a claimed rebuild in a goroutine. Close interrupts it.
func (r *Rebuilder) background() {
	go func() {
		defer r.running.Done()
		err := r.run(r.ctx, false, nil)
		if err != nil && r.ctx.Err() == nil && !errors.Is(err, eventstore.ErrClosed) {
			r.logger.Error("the rebuild of the read model failed: it goes on where it was when it is started again", "err", err)
		}
	}()
}

// unfinished reports whether the database has a rebuild that has not ended.
func (r *Rebuilder) unfinished(ctx context.Context) (found bool, err error) {
	err = r.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM checkpoints WHERE name = 'rebuild')").Scan(&found)
	return found, err
}

// change changes the progress and returns the new one.
func (r *Rebuilder) change(f func(p *RebuildProgress)) RebuildProgress {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.progress)
	return *r.progress
}

// reached records the position up to which the rebuild has followed the log.
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

// failed records the reason of a failure.
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
