package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Command describes an update to the store.
type Command struct {
	// Key makes the command run once; an empty Key.Value means no key.
	Key Key
	// Input is a digest of the command's input. It detects a key that is used again for another
	// input.
	Input []byte
	// Metadata goes into every event of the command.
	Metadata Metadata
	// At is the instant to record; the zero value means now. An import of an older history sets it.
	// The instants of the log increase strictly in any case, and are later than every closed
	// instant.
	At time.Time
}

// Result is the outcome of a command.
type Result struct {
	// Events are the appended events, in order. They are empty if the command ran before: read them
	// from First to Position.
	Events []Event
	// First and Position are the positions of the first and the last event. Without events,
	// Position is the head that the command saw, and First is Position + 1.
	First, Position Position
	// Replayed reports that the command ran before under the same key and did not run again.
	Replayed bool
}

// Update runs fn in the write transaction and returns once its effects are durable. fn decides on
// the state of the log after all earlier commands. If fn returns an error, its effects alone are
// rolled back, and Update returns that error. fn runs on the writer's goroutine and must not block.
//
// The error is ErrOverloaded if the queue is full. If ctx ends before the command begins, the
// command is dropped and Update returns the error of ctx; once it has begun, Update waits for its
// outcome. fn never runs after Update has returned.
func (s *Store) Update(ctx context.Context, c Command, fn func(*Tx) error) (Result, error) {
	return s.writer.update(ctx, c, fn)
}

// job is a command in the queue.
type job struct {
	ctx context.Context
	cmd Command
	fn  func(*Tx) error
	// taken is set once: by the writer, which begins the job, or by the caller, which drops it.
	taken atomic.Bool
	done  chan struct{} // closed when result and err are set
	// The writer owns result and err until done is closed.
	result Result
	err    error
}

// answer completes the job with its outcome. A non-nil err replaces the outcome: the transaction
// failed, and with it all effects of the job.
func (j *job) answer(err error) {
	if err != nil {
		j.result, j.err = Result{}, err
	}
	close(j.done)
}

// writer owns the write transaction: one goroutine takes jobs from a queue and commits all that
// wait there together.
type writer struct {
	store  *Store
	batch  int
	clock  func() time.Time
	states states

	past        sync.Mutex    // guards closedUntil and writing
	closedUntil time.Time     // no event is recorded at or before it any more
	writing     chan struct{} // closed when the transaction under way has ended; nil if there is none
	// unsure reports that a transaction failed and the log was not read again since.
	unsure  bool
	txCount atomic.Int64 // see Store.TxCount

	mu     sync.RWMutex // guards closed, and with it the sending end of queue
	closed bool
	queue  chan *job

	closing sync.Once
	stopped chan struct{}
	err     error // the error of close; read it after stopped
}

func startWriter(s *Store, o Options) *writer {
	w := &writer{
		store: s, batch: o.Batch, clock: o.Clock,
		queue: make(chan *job, o.Queue), stopped: make(chan struct{}),
	}
	go w.run()
	return w
}

// close refuses new jobs, waits for the queued ones, and calls then.
func (w *writer) close(then func() error) error {
	w.closing.Do(func() {
		w.mu.Lock()
		w.closed = true
		close(w.queue)
		w.mu.Unlock()
		<-w.stopped
		w.err = then()
	})
	return w.err
}

func (w *writer) update(ctx context.Context, c Command, fn func(*Tx) error) (Result, error) {
	j := &job{ctx: ctx, cmd: c, fn: fn, done: make(chan struct{})}
	if err := w.enqueue(j); err != nil {
		return Result{}, err
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return Result{}, ctx.Err()
		}
		<-j.done
	}
	return j.result, j.err
}

func (w *writer) enqueue(j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- j:
		return nil
	default:
		return ErrOverloaded
	}
}

func (w *writer) run() {
	defer close(w.stopped)
	for j := range w.queue {
		end := w.begin()
		w.write(w.drain(j))
		end()
	}
}

// begin marks a transaction as under way, until the returned function is called.
func (w *writer) begin() (end func()) {
	writing := make(chan struct{})
	w.txCount.Add(1)
	w.past.Lock()
	defer w.past.Unlock()
	w.writing = writing
	return func() {
		w.past.Lock()
		defer w.past.Unlock()
		w.writing = nil
		w.txCount.Add(1)
		close(writing)
	}
}

// closeInstant moves later events behind an instant, and blocks until the transaction under way has
// ended.
func (w *writer) closeInstant(ctx context.Context, at time.Time) error {
	w.past.Lock()
	if at.After(w.closedUntil) {
		w.closedUntil = at
	}
	writing := w.writing
	w.past.Unlock()
	if writing == nil {
		return nil
	}
	select {
	case <-writing:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain returns a job and the jobs that wait behind it, up to the size of a batch.
func (w *writer) drain(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < w.batch {
		select {
		case j, ok := <-w.queue:
			if !ok {
				return jobs
			}
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// batch holds the results of a transaction so far.
type batch struct {
	tx EngineTx
	// alone reports that the batch has one command, which needs no savepoint: a savepoint makes a
	// long command dear.
	alone  bool
	head   Head
	events []Event
	states map[StreamID]folded
}

// write commits the jobs together and answers every caller after COMMIT. A refused job gets its own
// error, since the state that refused it is durable then. All jobs get the error of a transaction
// that could not be committed.
func (w *writer) write(jobs []*job) {
	ctx := context.Background()
	err := w.resync(ctx)
	if err == nil {
		err = w.commit(ctx, jobs)
		w.unsure = err != nil
		err = errors.Join(err, w.resync(ctx))
	}
	for _, j := range jobs {
		j.answer(err)
	}
}

// resync reads the log after a failed transaction: a COMMIT that reported an error may have been
// durable. Nothing is written until resync succeeds.
func (w *writer) resync(ctx context.Context) error {
	for w.unsure {
		const page = 500
		w.states.forget()
		events, err := w.store.engine.Read(ctx, w.store.Head().Position, page)
		if err != nil {
			return fmt.Errorf("look at the log after a failed transaction: %w", err)
		}
		w.store.feed.publish(events)
		w.unsure = len(events) > 0
	}
	return nil
}

// commit runs the jobs in one transaction and publishes their events.
func (w *writer) commit(ctx context.Context, jobs []*job) (err error) {
	b := &batch{alone: len(jobs) == 1, head: w.store.Head(), states: make(map[StreamID]folded)}
	if b.tx, err = w.store.engine.Begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { err = errors.Join(err, b.tx.Rollback()) }()
	for _, j := range jobs {
		if err := w.do(ctx, b, j); err != nil {
			return err
		}
	}
	if b.alone && jobs[0].err != nil {
		return nil
	}
	if err := b.tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for id, f := range b.states {
		w.states.put(id, f)
	}
	w.store.feed.publish(b.events)
	return nil
}

// do runs one job under a savepoint. It returns an error only if the whole transaction cannot
// continue.
func (w *writer) do(ctx context.Context, b *batch, j *job) error {
	if j.err = j.ctx.Err(); j.err != nil || !j.taken.CompareAndSwap(false, true) {
		return nil //nolint:nilerr // it is the error of the job, not of the transaction
	}
	if err := b.savepoint(ctx); err != nil {
		return err
	}
	tx := &Tx{
		ctx: context.WithoutCancel(j.ctx), engine: b.tx, model: w.store.model, meta: j.cmd.Metadata, every: w.store.every, now: w.instant(j.cmd.At),
		head: b.head, states: make(map[StreamID]folded), cached: w.remembered(b),
	}
	if j.result, j.err = j.run(tx); j.err != nil {
		if err := b.rollbackTo(ctx); err != nil {
			return errors.Join(j.err, err)
		}
		return nil
	}
	if err := b.release(ctx); err != nil {
		return err
	}
	b.keep(tx)
	return nil
}

func (b *batch) savepoint(ctx context.Context) error {
	if b.alone {
		return nil
	}
	return b.tx.Savepoint(ctx)
}

func (b *batch) rollbackTo(ctx context.Context) error {
	if b.alone {
		return b.tx.Rollback()
	}
	return b.tx.RollbackTo(ctx)
}

func (b *batch) release(ctx context.Context) error {
	if b.alone {
		return nil
	}
	return b.tx.Release(ctx)
}

// run calls the job's function, unless the command ran before under its key.
func (j *job) run(tx *Tx) (_ Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a command: %v", r)
		}
	}()
	if j.cmd.Key.Value != "" {
		if result, ok, err := tx.recall(j.cmd.Key, j.cmd.Input); err != nil || ok {
			return result, err
		}
	}
	if err := j.fn(tx); err != nil {
		return Result{}, err
	}
	return tx.result(j.cmd)
}

// instant returns the instant of a command: at, or now if at is zero, and later than every closed
// instant.
func (w *writer) instant(at time.Time) time.Time {
	if at.IsZero() {
		at = w.clock()
	}
	w.past.Lock()
	defer w.past.Unlock()
	if !at.After(w.closedUntil) {
		at = w.closedUntil.Add(time.Microsecond)
	}
	return at.UTC().Truncate(time.Microsecond)
}

// remembered returns a lookup of states: first in the batch, then in the cache of committed states.
func (w *writer) remembered(b *batch) func(StreamID) (folded, bool) {
	return func(id StreamID) (folded, bool) {
		if f, ok := b.states[id]; ok {
			return f, true
		}
		return w.states.get(id)
	}
}
