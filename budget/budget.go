// Package budget bounds the cost of operations while they run. A limit of the text of a request
// says little about its cost: a search of sixty bytes may count a million rows.
//
// budget.go counts the cost of one operation. turns.go lets the dear parts of all operations take
// turns, so that those of one client make no other client wait. Start with With.
package budget

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound one operation. Zero is no limit.
type Limits struct {
	// Rows bounds the rows of the database that the operation reads or counts.
	Rows int
	// Bytes bounds the bytes of texts that the operation reads, renders, compares and answers; a
	// text counts each time.
	Bytes int
	// Reading bounds the time during which statements of the operation run. Statements that run at
	// the same time count each; so does the wait for a connection, but not that for a turn.
	Reading time.Duration
}

// ExceededError is the error of an operation that has used up its budget.
type ExceededError struct {
	Limit string // the limit, by its flag: "rows", "bytes" or "reading"
	Max   string // its value
}

// advice tells a client at a limit how to get below it.
var advice = map[string]string{
	"rows":    "ask for fewer totals, searches and lists in one operation",
	"bytes":   "ask for shorter lists, or without content, html and diff",
	"reading": "ask for fewer totals, searches and filters in one operation",
}

func (e *ExceededError) Error() string {
	return fmt.Sprintf("the budget of %s of one operation is %s, and this one needs more: %s", e.Limit, e.Max, advice[e.Limit])
}

// Budget is the rest of the cost that an operation may have. Its methods may be called at the same
// time. A nil Budget has no limits.
type Budget struct {
	limits Limits
	client string
	cancel context.CancelCauseFunc // nil: an exhausted budget ends nothing
	large  *Turns                  // of operations with long texts; nil lets all run

	rows, bytes, reading atomic.Int64 // spent so far; reading in nanoseconds
	exceeded             atomic.Pointer[ExceededError]

	isLarge atomic.Bool // the operation has its turn, or a part of it waits for that
	mu      sync.Mutex  // held while a part waits; protects leave
	leave   func()      // ends the turn; nil without one
}

type budgetKey struct{}

// With returns a context with a new budget for an operation of a client. The context ends with the
// budget, or when stop is called; the cause is an *ExceededError in the first case. large has the
// turns of operations with long texts; nil lets all run.
func With(ctx context.Context, l Limits, client string, large *Turns) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &Budget{limits: l, client: client, cancel: cancel, large: large}
	return context.WithValue(ctx, budgetKey{}, b), func() {
		cancel(context.Canceled)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.leave != nil {
			b.leave()
			b.leave = nil
		}
	}
}

// Small is the number of bytes that an operation spends without a turn of its own.
const Small = 1 << 20

// Settle waits for the turn of the operation once it has spent more than Small: few operations have
// much in memory at the same time. The turn lasts to the end of the operation, and its parts share
// it. The caller must not have a turn of other Turns. The error is the cause of ctx's end.
func (b *Budget) Settle(ctx context.Context) error {
	if b == nil || b.bytes.Load() <= Small && !b.isLarge.Load() {
		return nil
	}
	return b.Enlarge(ctx)
}

// Enlarge is Settle for an operation that is about to spend more than Small.
func (b *Budget) Enlarge(ctx context.Context) error {
	if b == nil || b.large == nil {
		return nil
	}
	b.isLarge.Store(true)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.leave != nil || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	leave, err := b.large.Wait(ctx)
	b.leave = leave
	return err
}

// IsSmall reports whether the operation has no turn so far, and needs one to spend more than Small.
func (b *Budget) IsSmall() bool { return b != nil && b.large != nil && !b.isLarge.Load() }

// WithRenewed returns a context with a budget for an operation without an end, whose parts call
// Renew. The context does not end with the budget: only the part that has exhausted it fails.
func WithRenewed(ctx context.Context, l Limits, client string) context.Context {
	return context.WithValue(ctx, budgetKey{}, &Budget{limits: l, client: client})
}

// From returns the budget of the operation that ctx belongs to, nil outside of one.
func From(ctx context.Context) *Budget {
	b, _ := ctx.Value(budgetKey{}).(*Budget) //nolint:errcheck // outside of an operation there is none
	return b
}

// Client returns the client of the operation, "" for none.
func (b *Budget) Client() string {
	if b == nil {
		return ""
	}
	return b.client
}

// Renew sets all that was spent back to nothing.
func (b *Budget) Renew() {
	if b == nil {
		return
	}
	b.rows.Store(0)
	b.bytes.Store(0)
	b.reading.Store(0)
	b.exceeded.Store(nil)
}

// Exceeded returns the error of the limit that was exceeded first, nil for none.
func (b *Budget) Exceeded() *ExceededError {
	if b == nil {
		return nil
	}
	return b.exceeded.Load()
}

// Rows spends rows. The error is an *ExceededError if there were not as many left.
func (b *Budget) Rows(n int) error {
	if b == nil || b.limits.Rows <= 0 {
		return nil
	}
	return b.spend(&b.rows, n, b.limits.Rows, "rows")
}

// RowsLeft returns how many rows may still be spent, and false if any number may.
func (b *Budget) RowsLeft() (n int, bounded bool) {
	if b == nil || b.limits.Rows <= 0 {
		return 0, false
	}
	return max(0, b.limits.Rows-int(b.rows.Load())), true
}

// Bytes spends bytes. The error is an *ExceededError if there were not as many left.
func (b *Budget) Bytes(n int) error {
	if b == nil || b.limits.Bytes <= 0 {
		return nil
	}
	return b.spend(&b.bytes, n, b.limits.Bytes, "bytes")
}

func (b *Budget) spend(spent *atomic.Int64, n, most int, limit string) error {
	if spent.Add(int64(n)) > int64(most) {
		return b.exhaust(limit, fmt.Sprint(most))
	}
	return nil
}

// exhaust ends the operation and returns the error of the limit.
func (b *Budget) exhaust(limit, most string) *ExceededError {
	err := &ExceededError{Limit: limit, Max: most}
	if !b.exceeded.CompareAndSwap(nil, err) {
		err = b.exceeded.Load()
	}
	if b.cancel != nil {
		b.cancel(err)
	}
	return err
}

// Read begins to count the time of a statement, until done is called. The statement runs in the
// returned context, which ends with the budget of time. done returns the error of the statement,
// and in its place the *ExceededError that has interrupted it.
func (b *Budget) Read(ctx context.Context) (_ context.Context, done func(error) error) {
	if b == nil || b.limits.Reading <= 0 {
		return ctx, func(err error) error { return err }
	}
	begun := time.Now()
	ctx, cancel := context.WithDeadline(ctx, begun.Add(b.limits.Reading-time.Duration(b.reading.Load())))
	return ctx, func(err error) error {
		cancel()
		if spent := b.reading.Add(int64(time.Since(begun))); spent >= int64(b.limits.Reading) {
			return b.exhaust("reading", b.limits.Reading.String())
		}
		if err != nil && b.Exceeded() != nil {
			return b.Exceeded()
		}
		return err
	}
}
