package eventstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"time"
)

// Tx is the writer's transaction as one command sees it: what it reads is the log
// up to this very moment, and what it appends is there for the commands after it.
// It is valid until the function it was given to returns, on that goroutine.
type Tx struct {
	ctx    context.Context
	engine EngineTx
	model  Model
	meta   Metadata
	every  int // from snapshot to snapshot
	now    time.Time
	head   Head
	// events and states are what this command did; cached is what was known
	// before it. failed is why it cannot be kept any more.
	events []Event
	failed error
	states map[StreamID]folded
	cached func(StreamID) (folded, bool)
}

// Now returns the instant that the next event is recorded at. It is later than
// that of every event before it.
func (tx *Tx) Now() time.Time {
	if earliest := tx.head.RecordedAt.Add(time.Microsecond); tx.now.Before(earliest) {
		return earliest
	}
	return tx.now
}

// Head returns the end of the log, what this command appended included.
func (tx *Tx) Head() Head { return tx.head }

// State returns what the events of a stream add up to, and its version; nil and 0
// when it has none.
func (tx *Tx) State(id StreamID) (state any, version int, err error) {
	f, err := tx.load(id)
	return f.state, f.version, err
}

// StateAt returns what the events of a stream up to a version add up to.
func (tx *Tx) StateAt(id StreamID, version int) (state any, err error) {
	state, _, err = load(tx.ctx, tx.model, tx.engine, id, version)
	return state, err
}

// Read returns up to limit events after a position, in log order, those of the
// commands before this one included: fewer when their data is long.
func (tx *Tx) Read(after Position, limit int) ([]Event, error) {
	return tx.engine.Read(tx.ctx, after, limit)
}

// Append adds events to the end of a stream, folds them and projects them. When
// the stream is not as expected it writes nothing and the error is a
// *ConflictError; the command may go on. When an event cannot be written, folded
// or projected, the command is taken back whatever it returns.
func (tx *Tx) Append(stream Stream, expected ExpectedVersion, events ...NewEvent) ([]Event, error) {
	if tx.failed != nil {
		return nil, tx.failed
	}
	f, err := tx.load(stream.ID)
	if err != nil {
		return nil, err
	}
	if err := expected.check(stream.ID, f.version); err != nil {
		return nil, err
	}
	if f.version > 0 && f.streamType != stream.Type {
		return nil, fmt.Errorf("append to %s: it is a stream of type %s, not %s", stream.ID, f.streamType, stream.Type)
	}
	f.streamType = stream.Type
	first := len(tx.events)
	for _, e := range events {
		if f, err = tx.append(stream, f, e); err != nil {
			tx.failed = fmt.Errorf("append %s to %s: %w", e.Type, stream.ID, err)
			return nil, tx.failed
		}
	}
	if len(events) > 0 {
		tx.states[stream.ID] = f
	}
	return tx.events[first:len(tx.events):len(tx.events)], nil
}

// append gives one event its place in the log.
func (tx *Tx) append(stream Stream, f folded, e NewEvent) (folded, error) {
	event := Event{
		Position: tx.head.Position + 1, NewEvent: e, Metadata: tx.meta,
		Stream: stream, Version: f.version + 1, RecordedAt: tx.Now(),
	}
	event.Hash = Link(tx.head.Hash, event)
	return tx.insert(event, f)
}

// insert writes an event, which is complete, and what follows from it.
func (tx *Tx) insert(event Event, f folded) (folded, error) {
	after, err := tx.model.Apply(f.state, event)
	if err != nil {
		return f, err
	}
	if err := tx.engine.Insert(tx.ctx, event); err != nil {
		return f, err
	}
	if err := tx.model.Project(tx.ctx, tx, event, f.state, after); err != nil {
		return f, fmt.Errorf("project: %w", err)
	}
	if due(tx.every, event.Version) {
		taken, err := snapshot(tx.model, event, after)
		if err != nil {
			return f, err
		}
		if err := tx.keep(taken); err != nil {
			return f, err
		}
	}
	tx.head = event.head()
	tx.events = append(tx.events, event)
	f.state, f.version, f.size = after, event.Version, f.size+minState+len(event.Data)
	return f, nil
}

// load returns a stream's state: as this command left it, as it is remembered, or
// by replay from its latest snapshot.
func (tx *Tx) load(id StreamID) (folded, error) {
	if f, ok := tx.states[id]; ok {
		return f, nil
	}
	if f, ok := tx.cached(id); ok {
		return f, nil
	}
	stream, err := tx.engine.Stream(tx.ctx, id)
	if err != nil || stream.Version == 0 {
		return folded{}, err
	}
	state, replayed, err := load(tx.ctx, tx.model, tx.engine, id, 0)
	if err != nil {
		return folded{}, err
	}
	if replayed != stream.Version {
		return folded{}, fmt.Errorf("stream %s is at version %d but has %d events: run flightdeck verify", id, stream.Version, replayed)
	}
	return folded{stream.Type, replayed, state, minState * replayed}, nil
}

// ForgetStream deletes the digests and states that are kept of a stream beside its
// events: its snapshots, and the idempotency keys of the commands that wrote to it or
// were sent by an actor with its id. Such a command is done again when it is sent
// again. The events stay.
func (tx *Tx) ForgetStream(id StreamID) error {
	if err := tx.engine.ForgetStream(tx.ctx, id); err != nil {
		return fmt.Errorf("forget stream %s: %w", id, err)
	}
	return nil
}

// Exec runs a statement on the tables beside the log and returns how many rows it
// changed. It is taken back with the command.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return tx.engine.Exec(ctx, query, args...)
}

// Query runs a query on the tables beside the log; the caller closes the rows.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.engine.Query(ctx, query, args...)
}

// Context returns the context of the transaction. It carries the values of the
// command's context, and ends with neither its deadline nor its cancellation: a
// transaction is not left half-way because one of many callers went away.
func (tx *Tx) Context() context.Context { return tx.ctx }

// recall answers a command that was done before.
func (tx *Tx) recall(key Key, input []byte) (Result, bool, error) {
	m, ok, err := tx.engine.Recall(tx.ctx, key)
	if err != nil || !ok {
		return Result{}, false, err
	}
	if string(m.Input) != string(input) {
		return Result{}, false, ErrKeyReused
	}
	return Result{First: m.First, Position: m.Last, Replayed: true}, true, nil
}

// result returns what the command led to, and remembers it under its key.
func (tx *Tx) result(c Command) (Result, error) {
	if tx.failed != nil {
		return Result{}, tx.failed
	}
	r := Result{Events: tx.events, First: tx.head.Position + 1, Position: tx.head.Position}
	if len(tx.events) > 0 {
		r.First = tx.events[0].Position
	}
	if c.Key.Value == "" {
		return r, nil
	}
	input := append([]byte{}, c.Input...) // an empty digest is a digest, nil may be none to an engine
	if err := tx.engine.Remember(tx.ctx, c.Key, Memory{Input: input, First: r.First, Last: r.Position}); err != nil {
		return Result{}, err
	}
	return r, nil
}

// keep moves what the command did into the batch.
func (b *batch) keep(tx *Tx) {
	b.head = tx.head
	b.events = append(b.events, tx.events...)
	maps.Copy(b.states, tx.states)
}
