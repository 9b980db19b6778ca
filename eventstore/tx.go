package eventstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"time"
)

// Tx is the write transaction as one command sees it: reads see the log up to this moment, and
// later commands see the events that it appends. A Tx is valid on the goroutine of the function
// that received it, until the function returns.
type Tx struct {
	ctx    context.Context
	engine EngineTx
	model  Model
	meta   Metadata
	every  int // the number of events between two snapshots
	now    time.Time
	head   Head
	// events and states are the results of this command; cached returns states from before it.
	// failed is the error after which the command must be rolled back.
	events []Event
	failed error
	states map[StreamID]folded
	cached func(StreamID) (folded, bool)
}

// Now returns the instant of the next event. It is later than that of every earlier event.
func (tx *Tx) Now() time.Time {
	if earliest := tx.head.RecordedAt.Add(time.Microsecond); tx.now.Before(earliest) {
		return earliest
	}
	return tx.now
}

// Head returns the end of the log, with the events of this command.
func (tx *Tx) Head() Head { return tx.head }

// State returns the state of a stream and its version; nil and 0 if the stream has no events.
func (tx *Tx) State(id StreamID) (state any, version int, err error) {
	f, err := tx.load(id)
	return f.state, f.version, err
}

// StateAt returns the state of a stream at a version.
func (tx *Tx) StateAt(id StreamID, version int) (state any, err error) {
	state, _, err = load(tx.ctx, tx.model, tx.engine, id, version)
	return state, err
}

// Read returns up to limit events after a position in log order, with the events of earlier
// commands of the transaction. It returns fewer events if their data is long.
func (tx *Tx) Read(after Position, limit int) ([]Event, error) {
	return tx.engine.Read(tx.ctx, after, limit)
}

// Append adds events to the end of a stream, folds them and projects them. If the stream is not at
// the expected version, nothing is written and the error is a *ConflictError; the command may
// continue. If an event cannot be written, folded or projected, the command is rolled back, even if
// its function returns nil.
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

// append assigns an event its place in the log and inserts it.
func (tx *Tx) append(stream Stream, f folded, e NewEvent) (folded, error) {
	event := Event{
		Position: tx.head.Position + 1, NewEvent: e, Metadata: tx.meta,
		Stream: stream, Version: f.version + 1, RecordedAt: tx.Now(),
	}
	event.Hash = Link(tx.head.Hash, event)
	return tx.insert(event, f)
}

// insert folds a complete event, inserts it, and writes its rows and the snapshot that is due.
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

// load returns the state of a stream: the state that this command left, a cached state, or a replay
// from the latest snapshot.
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

// ForgetStream deletes the data that the log stores of a stream beside its events: its snapshots,
// and the idempotency keys of the commands that wrote to it or came from an actor with its id. Such
// a command runs again if it is sent again. The events stay.
func (tx *Tx) ForgetStream(id StreamID) error {
	if err := tx.engine.ForgetStream(tx.ctx, id); err != nil {
		return fmt.Errorf("forget stream %s: %w", id, err)
	}
	return nil
}

// Exec runs a statement on the tables beside the log and returns the number of changed rows. It is
// rolled back with the command.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return tx.engine.Exec(ctx, query, args...)
}

// Query runs a query on the tables beside the log; the caller closes the rows.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.engine.Query(ctx, query, args...)
}

// Context returns the context of the transaction. It carries the values of the command's context,
// without its deadline and cancellation: a transaction does not stop half-way because one of many
// callers has gone.
func (tx *Tx) Context() context.Context { return tx.ctx }

// recall returns the stored result of a command that ran before under the same key.
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

// result returns the result of the command, and stores it under its key.
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

// keep adds the results of a command to the batch.
func (b *batch) keep(tx *Tx) {
	b.head = tx.head
	b.events = append(b.events, tx.events...)
	maps.Copy(b.states, tx.states)
}
