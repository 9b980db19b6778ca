package main

import (
	"context"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"sync/atomic"

	"flightdeck/auth"
	"flightdeck/eventstore"
	"flightdeck/resolvers"

	"github.com/99designs/gqlgen/graphql"
)

// This file says until when an answer stays what it was, for the memory of package web.

// byteSize is an amount of memory, as a flag.
type byteSize int

// UnmarshalText reads an amount such as 16MiB.
func (b *byteSize) UnmarshalText(text []byte) error {
	s, unit := string(text), 1
	for i, suffix := range []string{"KiB", "MiB", "GiB"} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = number, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is no amount of memory: write 16MiB, 512KiB, or 0 for none", text)
	}
	*b = byteSize(n) * byteSize(unit)
	return nil
}

// latest knows the position of the last event that changed each source of answers, or
// a later one: sources share a slot.
type latest struct {
	seed  maphash.Seed
	slots [1 << 16]atomic.Int64 // written by the writer's goroutine alone
}

func newLatest() *latest { return &latest{seed: maphash.MakeSeed()} }

func (l *latest) slot(s resolvers.Source) uint16 { return uint16(maphash.Comparable(l.seed, s)) }

// note notes what an event changes.
func (l *latest) note(e eventstore.Event) {
	for _, s := range resolvers.SourcesOf(e) {
		l.slots[l.slot(s)].Store(int64(e.Position))
	}
}

// lasts returns a function that reports whether nothing has happened, from now on, that
// the answer to a query depends on.
func (d *deck) lasts(op *graphql.OperationContext) func() bool {
	head := d.log.Head().Position // before anything is read
	return d.latest.since(head, resolvers.Sources(op))
}

// since returns a function that reports whether none of the sources was changed after a
// position.
func (l *latest) since(p eventstore.Position, sources []resolvers.Source) func() bool {
	slots := make([]uint16, len(sources))
	for i, s := range sources {
		slots[i] = l.slot(s)
	}
	return func() bool {
		for _, slot := range slots {
			if l.slots[slot].Load() > int64(p) {
				return false
			}
		}
		return true
	}
}

// state names who asks, and what answers depend on beside the log: the rebuild that the
// rows are of, and how many people are forgotten, whose keys are dropped a moment after
// the log says so. Beside a rebuild, which changes the rows at a moment of its own, there
// is nothing to be told.
func (d *deck) state(ctx context.Context) (asker, state string) {
	actor := auth.ActorFrom(ctx)
	asker = string(actor.Role) + " " + actor.UserID
	state = strconv.Itoa(d.commands.Vault.Forgotten())
	r, steady := d.rebuilt()
	if !steady {
		return asker, ""
	}
	if r != (rebuilt{}) {
		state += " " + r.begun.String() + " " + string(r.state)
	}
	return asker, state
}
