package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Command is what the store has to know of an update beside what it does.
type Command struct {
	// Key makes the command happen once; Key.Value is empty for none.
	Key Key
	// Input is a digest of the command's input, to tell whether a key is used
	// again for the same thing.
	Input []byte
	// Metadata is given to every event of the command.
	Metadata Metadata
	// At is the instant to record; the zero value is now. Whatever it is, the log's instants
	// strictly increase, and are later than what was settled. For imports of an older history.
	At time.Time
}

// Result is what a command led to.
type Result struct {
	// Events are what was appended, in order. They are not filled in when the
	// command was done before: read them from First to Position.
	Events []Event
	// First and Position are the positions of the first and the last event. When
	// there were none, Position is the head that the command saw and First is
	// after it.
	First, Position Position
	// Replayed says that the command had been done before, under the same key,
	// and was not done again.
	Replayed bool
}

// Update runs fn in the write transaction and returns once what it did is
// durable. fn decides on the state of the log as it is when all earlier commands
// are done; when it returns an error, it alone is taken back, and Update returns
// that error. fn runs on the writer's goroutine: it must not block.
//
// When the queue is full the error is ErrOverloaded. When ctx ends before the
// command was begun, it is dropped and Update returns the context's error; once it
// was begun, Update waits for what becomes of it. So fn does not run any more when
// Update has returned.
func (s *Store) Update(ctx context.Context, c Command, fn func(*Tx) error) (Result, error) {
	return s.writer.update(ctx, c, fn)
}

// job is a command in the queue.
type job struct {
	ctx context.Context
	cmd Command
	fn  func(*Tx) error
	// taken is set by whoever comes first: the writer, who begins the job, or the
	// caller, who gives it up.
	taken atomic.Bool
	done  chan struct{} // closed when result and err are set
	// result and err belong to the writer until done is closed.
	result Result
	err    error
}

// answer gives the job's caller its outcome, or err when there is one: the
// transaction failed then, and with it all that the job did or saw.
func (j *job) answer(err error) {
	if err != nil {
		j.result, j.err = Result{}, err
	}
	close(j.done)
}

// writer owns the write transaction: one goroutine that takes jobs from a queue
// and commits as many as it finds there together.
type writer struct {
	store  *Store
	batch  int
	clock  func() time.Time
	states states

	past    sync.Mutex    // guards the two below
	settled time.Time     // nothing is recorded at or before it any more
	writing chan struct{} // closed when the transaction under way has ended; nil when there is none
	// unsure says that a transaction failed, and the log was not looked at since.
	unsure bool
	turns  atomic.Int64 // transactions that were begun, and those that have ended

	mu     sync.RWMutex // guards closed, and with it the sending end of queue
	closed bool
	queue  chan *job

	closing sync.Once
	stopped chan struct{}
	err     error // of closing; read after stopped
}

func startWriter(s *Store, o Options) *writer {
	w := &writer{
		store: s, batch: o.Batch, clock: o.Clock,
		queue: make(chan *job, o.Queue), stopped: make(chan struct{}),
	}
	go w.run()
	return w
}

// close refuses new jobs, waits for those in the queue and calls then.
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

// begin says that a transaction is under way, until the function it returns is
// called.
func (w *writer) begin() (end func()) {
	writing := make(chan struct{})
	w.turns.Add(1)
	w.past.Lock()
	defer w.past.Unlock()
	w.writing = writing
	return func() {
		w.past.Lock()
		defer w.past.Unlock()
		w.writing = nil
		w.turns.Add(1)
		close(writing)
	}
}

// settle makes sure that nothing is recorded at or before an instant any more: what
// comes later is recorded later, and what is under way has ended when it returns.
func (w *writer) settle(ctx context.Context, at time.Time) error {
	w.past.Lock()
	if at.After(w.settled) {
		w.settled = at
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

// drain returns a job and those that wait behind it, up to the batch's size.
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

// batch is what one transaction has done so far.
type batch struct {
	tx EngineTx
	// alone says that there is one command, whose savepoint is the transaction: a long
	// one would pay dearly for another.
	alone  bool
	head   Head
	events []Event
	states map[StreamID]folded
}

// write commits the jobs together and answers every one of them after COMMIT:
// those that failed by themselves with their own error, as what they were refused
// for is durable then, and all of them with the error that kept the transaction
// from being committed, if one did.
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

// resync looks at the log after a transaction failed: a COMMIT that reported an
// error may have been durable all the same. Nothing is written until it succeeds.
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

// commit runs the jobs in one transaction and makes known what they did.
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

// do runs one job under a savepoint. It returns an error only when the whole
// transaction cannot go on.
func (w *writer) do(ctx context.Context, b *batch, j *job) error {
	if j.err = j.ctx.Err(); j.err != nil || !j.taken.CompareAndSwap(false, true) {
		return nil //nolint:nilerr // it is the job's error, not the transaction's
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

// run calls the job's function, unless its key says that it was done before.
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

// instant is the time a command is recorded at, unless the log is ahead of it.
func (w *writer) instant(at time.Time) time.Time {
	if at.IsZero() {
		at = w.clock()
	}
	w.past.Lock()
	defer w.past.Unlock()
	if !at.After(w.settled) {
		at = w.settled.Add(time.Microsecond)
	}
	return at.UTC().Truncate(time.Microsecond)
}

// remembered looks for a state in the batch, then among those committed before.
func (w *writer) remembered(b *batch) func(StreamID) (folded, bool) {
	return func(id StreamID) (folded, bool) {
		if f, ok := b.states[id]; ok {
			return f, true
		}
		return w.states.get(id)
	}
}
