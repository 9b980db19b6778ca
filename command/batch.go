package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"flightdeck/domain"
)

// MaxBatch is the most commands that a Batch may hold.
const MaxBatch = 100

// Batch is a list of commands that run in one transaction: all of them, or none.
type Batch struct {
	IdempotencyKey *string
	Commands       []Command
}

func (in Batch) key() *string { return in.IdempotencyKey }

// MarshalJSON writes each command with its name. Some commands differ in nothing else, and the
// digest of a batch has to tell them apart.
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

// prepare prepares every command. In the transaction each command sees the changes of those before
// it. The first error undoes all of them.
func (in Batch) prepare(ctx context.Context, c *Commands) (txFunc, error) {
	if n := len(in.Commands); n == 0 || n > MaxBatch {
		return nil, domain.Errorf(domain.Invalid, "a batch of %d commands: use 1 to %d", n, MaxBatch).At("commands")
	}
	steps := make([]txFunc, len(in.Commands))
	for i, cmd := range in.Commands {
		if cmd.key() != nil {
			return nil, domain.Errorf(domain.Invalid, "a command in a batch has no idempotencyKey of its own: give the batch one").At(batchField(i))
		}
		var err error
		if steps[i], err = cmd.prepare(ctx, c); err != nil {
			return nil, inBatch(i, err)
		}
	}
	return func(u *unit) (Outcome, error) {
		for i, step := range steps {
			o, err := step(u)
			if err != nil {
				return Outcome{}, inBatch(i, err)
			}
			u.parts = append(u.parts, o)
		}
		u.changed = false // no single object is the result of a batch
		return Outcome{}, nil
	}, nil
}

func batchField(i int) string { return fmt.Sprintf("commands.%d", i) }

// inBatch moves the error to the field of the i-th command.
func inBatch(i int, err error) error {
	move := func(e *domain.Error) *domain.Error {
		moved := *e
		moved.Field = strings.TrimSuffix(batchField(i)+"."+e.Field, ".")
		return &moved
	}
	switch e := err.(type) { //nolint:errorlint // commands return these two unwrapped
	case *domain.Error:
		return move(e)
	case domain.Errors:
		all := make(domain.Errors, len(e))
		for j, one := range e {
			all[j] = move(one)
		}
		return all
	}
	return err
}
