package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"flightdeck/domain"
)

// MaxBatch is how many commands a Batch may hold.
const MaxBatch = 100

// Batch is several commands, all or nothing.
type Batch struct {
	IdempotencyKey *string
	Commands       []Command
}

func (in Batch) key() *string { return in.IdempotencyKey }

// MarshalJSON writes each command with its name: some differ in nothing else, and
// the digest of a batch has to tell them apart.
func (in Batch) MarshalJSON() ([]byte, error) {
	type named struct {
		Name    string
		Command Command
	}
	list := make([]named, len(in.Commands))
	for i, cmd := range in.Commands {
		list[i] = named{fmt.Sprintf("%T", cmd), cmd}
	}
	return json.Marshal(list)
}

// prepare prepares every command. In the transaction each sees what those before
// it did; the first that is refused takes all of them back.
func (in Batch) prepare(ctx context.Context, c *Commands) (plan, error) {
	if n := len(in.Commands); n == 0 || n > MaxBatch {
		return nil, domain.Errorf(domain.Invalid, "a batch of %d commands: use 1 to %d", n, MaxBatch).At("commands")
	}
	plans := make([]plan, len(in.Commands))
	for i, cmd := range in.Commands {
		if cmd.key() != nil {
			return nil, domain.Errorf(domain.Invalid, "a command in a batch has no idempotencyKey of its own: give the batch one").At(place(i))
		}
		var err error
		if plans[i], err = cmd.prepare(ctx, c); err != nil {
			return nil, inside(i, err)
		}
	}
	return func(u *unit) (Outcome, error) {
		for i, plan := range plans {
			o, err := plan(u)
			if err != nil {
				return Outcome{}, inside(i, err)
			}
			u.parts = append(u.parts, o)
		}
		u.changed = false // there is no one object that the batch changed
		return Outcome{}, nil
	}, nil
}

func place(i int) string { return fmt.Sprintf("commands.%d", i) }

// inside says which command of a batch an error is about.
func inside(i int, err error) error {
	within := func(e *domain.Error) *domain.Error {
		moved := *e
		moved.Field = strings.TrimSuffix(place(i)+"."+e.Field, ".")
		return &moved
	}
	switch e := err.(type) { //nolint:errorlint // commands return these two unwrapped
	case *domain.Error:
		return within(e)
	case domain.Errors:
		all := make(domain.Errors, len(e))
		for j, one := range e {
			all[j] = within(one)
		}
		return all
	}
	return err
}
