package budget_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"flightdeck/budget"
)

func TestABudgetIsMetAndNotPassed(t *testing.T) {
	t.Parallel()
	for limit, spend := range map[string]func(*budget.Budget, int) error{"rows": (*budget.Budget).Rows, "bytes": (*budget.Budget).Bytes} {
		ctx, stop := budget.With(t.Context(), budget.Limits{Rows: 10, Bytes: 10}, "here", nil)
		b := budget.From(ctx)
		if err := errors.Join(spend(b, 4), spend(b, 6)); err != nil || ctx.Err() != nil {
			t.Errorf("%s: refused within the budget: %v", limit, err)
		}
		over, ok := errors.AsType[*budget.ExceededError](spend(b, 1))
		if !ok || over.Limit != limit || over.Max != "10" || b.Exceeded() != over {
			t.Errorf("%s: the eleventh of ten: %v", limit, over)
		}
		if !errors.Is(context.Cause(ctx), over) {
			t.Errorf("%s: the operation goes on, with the cause %v", limit, context.Cause(ctx))
		}
		stop()
	}
}

func TestABudgetOfTimeCountsStatementsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := budget.With(t.Context(), budget.Limits{Reading: 3 * time.Second}, "here", nil)
		defer stop()
		for range 2 {
			_, done := budget.From(ctx).Read(ctx)
			<-time.After(time.Second)
			if err := done(nil); err != nil {
				t.Errorf("refused within the budget: %v", err)
			}
			<-time.After(time.Hour) // between two statements
		}
		interrupted, done := budget.From(ctx).Read(ctx)
		<-interrupted.Done()
		if over, ok := errors.AsType[*budget.ExceededError](done(interrupted.Err())); !ok || over.Limit != "reading" || over.Max != "3s" {
			t.Errorf("the statement beyond the budget: %v", over)
		}
		if ctx.Err() == nil {
			t.Error("the operation goes on")
		}
	})
}

func TestARenewedBudgetEndsNothing(t *testing.T) {
	t.Parallel()
	ctx := budget.WithRenewed(t.Context(), budget.Limits{Rows: 1}, "here")
	b := budget.From(ctx)
	for range 3 {
		if err := b.Rows(1); err != nil {
			t.Errorf("refused within the budget: %v", err)
		}
		if b.Rows(1) == nil || b.Exceeded() == nil || ctx.Err() != nil {
			t.Error("the second of one row is admitted, or has ended the operation")
		}
		b.Renew()
	}
}

func TestNoBudgetHasNoLimits(t *testing.T) {
	t.Parallel()
	b := budget.From(t.Context())
	if err := errors.Join(b.Rows(1<<40), b.Bytes(1<<40)); err != nil || b.Client() != "" {
		t.Error(err)
	}
	b.Renew()
	if _, bounded := b.RowsLeft(); bounded {
		t.Error("rows are bounded")
	}
}

// client returns the context of an operation of a client.
func client(t *testing.T, name string) context.Context {
	t.Helper()
	return budget.WithRenewed(t.Context(), budget.Limits{}, name)
}

func TestClientsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := budget.NewTurns(2, 1)
		var order []string
		next := make(chan struct{})
		work := func(name string) {
			go func() {
				done, err := turns.Wait(client(t, name))
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, name)
				<-next
				done()
			}()
			synctest.Wait()
		}
		for range 3 {
			work("ada")
		}
		if len(order) != 1 || turns.Waiting() != 2 {
			t.Fatalf("%v run and %d wait: one client has more than its part", order, turns.Waiting())
		}
		for _, name := range []string{"bob", "bob", "eve"} {
			work(name)
		}
		if want := []string{"ada", "bob"}; !slices.Equal(order, want) {
			t.Fatalf("%v run, want %v", order, want)
		}
		for turns.Waiting() > 0 {
			next <- struct{}{}
			synctest.Wait()
		}
		if at := slices.Index(order, "eve"); at > 3 {
			t.Errorf("eve waits for all works of the others: %v", order)
		}
		close(next)
	})
}

func TestAWorkThatGivesUpMakesNobodyWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := budget.NewTurns(1, 1)
		done, err := turns.Wait(client(t, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(client(t, "ada"))
		failed := make(chan error, 1)
		go func() {
			_, err := turns.Wait(ctx)
			failed <- err
		}()
		synctest.Wait()
		cancel(gone)
		if err := <-failed; !errors.Is(err, gone) || turns.Waiting() != 0 {
			t.Errorf("the work that gave up: %v, and %d wait", err, turns.Waiting())
		}
		done()
		if done, err = turns.Wait(client(t, "bob")); err != nil {
			t.Fatal(err)
		}
		done()
	})
}

// Of the operations that spend much, few run at the same time, each to its end.
func TestLargeOperationsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		large := budget.NewTurns(1, 1)
		limits := budget.Limits{Bytes: 10 * budget.Small}
		first, stopFirst := budget.With(t.Context(), limits, "ada", large)
		second, stopSecond := budget.With(t.Context(), limits, "bob", large)
		defer stopSecond()
		settle := func(ctx context.Context, bytes int) error {
			return errors.Join(budget.From(ctx).Bytes(bytes), budget.From(ctx).Settle(ctx))
		}
		for range 2 { // the parts of an operation share its turn
			if err := errors.Join(settle(first, budget.Small), settle(second, budget.Small/2)); err != nil {
				t.Fatal(err)
			}
		}
		settled := make(chan error, 1)
		go func() { settled <- settle(second, 1) }()
		synctest.Wait()
		if len(settled) != 0 || large.Waiting() != 1 {
			t.Fatalf("a second large operation runs: %d wait", large.Waiting())
		}
		stopFirst()
		if err := <-settled; err != nil {
			t.Error(err)
		}
	})
}
