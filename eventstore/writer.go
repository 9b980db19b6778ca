package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	// At is the instant to record; the zero value is now. Whatever it is, the
	// log's instants strictly increase. For imports of an older history.
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
// When the queue is full the error is ErrOverloaded. When ctx ends while the
// command waits, it is dropped if it was not begun yet; if it was, Update returns
// the context's error and the command's outcome is unknown: send it again with
// the same Key.
func (s *Store) Update(ctx context.Context, c Command, fn func(*Tx) error) (Result, error) {
	return s.writer.update(ctx, c, fn)
}

// job is a command in the queue.
type job struct {
	ctx  context.Context
	cmd  Command
	fn   func(*Tx) error
	done chan struct{} // closed when result and err are set
	// result and err belong to the writer until done is closed.
	result Result
	err    error
}

func (j *job) answer(err error) {
	j.err = err
	close(j.done)
}

// writer owns the write transaction: one goroutine that takes jobs from a queue
// and commits as many as it finds there together.
type writer struct {
	store  *Store
	batch  int
	clock  func() time.Time
	states states

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
		return j.result, j.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
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
		w.write(w.drain(j))
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
	tx     EngineTx
	head   Head
	events []Event
	states map[StreamID]folded
	done   []*job
}

// write commits the jobs together and answers every one of them: those that fail
// by themselves with their own error, and all others with nil after COMMIT, or
// with the error that kept the transaction from being committed.
func (w *writer) write(jobs []*job) {
	ctx := context.Background()
	b := &batch{head: w.store.Head(), states: make(map[StreamID]folded)}
	err := w.commit(ctx, b, jobs)
	if err == nil {
		for id, f := range b.states {
			w.states.put(id, f)
		}
		w.publish(b.head, b.events)
	} else {
		err = errors.Join(err, w.resync(ctx))
	}
	for _, j := range b.done {
		j.answer(err)
	}
}

func (w *writer) publish(head Head, events []Event) {
	w.store.head.Store(&head)
	w.store.feed.publish(events)
}

// resync looks at the log after a transaction failed: a COMMIT that reported an
// error may have been durable all the same.
func (w *writer) resync(ctx context.Context) error {
	w.states = states{}
	for {
		const page = 500
		events, err := w.store.engine.Read(ctx, w.store.Head().Position, page)
		if err != nil || len(events) == 0 {
			return err
		}
		w.publish(events[len(events)-1].head(), events)
	}
}

// commit runs the jobs in one transaction. Those that were refused have their
// answer when it returns; the others are in b.done.
func (w *writer) commit(ctx context.Context, b *batch, jobs []*job) (err error) {
	if b.tx, err = w.store.engine.Begin(ctx); err != nil {
		b.done = jobs
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { err = errors.Join(err, b.tx.Rollback()) }()
	for i, j := range jobs {
		if broken := w.do(ctx, b, j); broken != nil {
			b.done = append(b.done, jobs[i:]...)
			return broken
		}
	}
	if err := b.tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// do runs one job under a savepoint. It returns an error only when the whole
// transaction cannot go on; the job is not answered then.
func (w *writer) do(ctx context.Context, b *batch, j *job) (broken error) {
	if err := j.ctx.Err(); err != nil {
		j.answer(err)
		return nil
	}
	if err := b.tx.Savepoint(ctx); err != nil {
		return err
	}
	tx := &Tx{
		ctx: context.WithoutCancel(j.ctx), engine: b.tx, model: w.store.model, meta: j.cmd.Metadata, now: w.instant(j.cmd.At),
		head: b.head, states: make(map[StreamID]folded), cached: w.remembered(b),
	}
	refused := j.run(tx)
	if refused == nil {
		if err := b.tx.Release(ctx); err != nil {
			return err
		}
		b.keep(tx)
		b.done = append(b.done, j)
		return nil
	}
	if err := b.tx.RollbackTo(ctx); err != nil {
		return errors.Join(refused, err)
	}
	j.answer(refused)
	return nil
}

// run calls the job's function, unless its key says that it was done before.
func (j *job) run(tx *Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a command: %v", r)
		}
	}()
	if j.cmd.Key.Value != "" {
		if result, ok, err := tx.recall(j.cmd.Key, j.cmd.Input); err != nil || ok {
			j.result = result
			return err
		}
	}
	if err := j.fn(tx); err != nil {
		return err
	}
	j.result, err = tx.result(j.cmd)
	return err
}

// instant is the time a command is recorded at, unless the log is ahead of it.
func (w *writer) instant(at time.Time) time.Time {
	if at.IsZero() {
		at = w.clock()
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
