package app

import (
	"context"
	"hash/maphash"
	"strconv"
	"sync/atomic"

	"flightdeck/auth"
	"flightdeck/eventstore"

	"github.com/99designs/gqlgen/graphql"
)

// This file says for how long an answer stays right, for the cache of answers in package web.

// changeIndex knows the position of the last event that changed each dependency, or a later
// position: several dependencies share a slot.
type changeIndex struct {
	seed  maphash.Seed
	slots [1 << 16]atomic.Int64 // only the writer's goroutine stores
}

func newChangeIndex() *changeIndex { return &changeIndex{seed: maphash.MakeSeed()} }

func (c *changeIndex) slot(d dependency) uint16 { return uint16(maphash.Comparable(c.seed, d)) }

// Record records the dependencies that an event changes.
func (c *changeIndex) Record(e eventstore.Event) {
	for _, d := range changedBy(e) {
		c.slots[c.slot(d)].Store(int64(e.Position))
	}
}

// unchangedSince returns a function that reports whether no event after a position has changed one
// of the dependencies.
func (c *changeIndex) unchangedSince(p eventstore.Position, on []dependency) func() bool {
	slots := make([]uint16, len(on))
	for i, d := range on {
		slots[i] = c.slot(d)
	}
	return func() bool {
		for _, slot := range slots {
			if c.slots[slot].Load() > int64(p) {
				return false
			}
		}
		return true
	}
}

// stillFresh returns a function that reports whether the answer to a query is still right, as far
// as the log decides. It is called before the query reads anything.
func (a *App) stillFresh(op *graphql.OperationContext) func() bool {
	head := a.Log.Head().Position
	return a.changes.unchangedSince(head, dependenciesOf(op))
}

// cacheScope names the asker, and the state outside the log that answers depend on: the table
// epoch, and the number of forgotten people, whose keys are dropped a moment after the log says so.
// state is "" while a rebuild is running: answers must not be cached then, because the tables are
// exchanged at a moment that the log does not know.
func (a *App) cacheScope(ctx context.Context) (asker, state string) {
	actor := auth.ActorFrom(ctx)
	asker = string(actor.Role) + " " + actor.UserID
	state = strconv.Itoa(a.Commands.Vault.Forgotten())
	epoch, steady := a.tableEpoch()
	if !steady {
		return asker, ""
	}
	if epoch != (tableEpoch{}) {
		state += " " + epoch.begun.String() + " " + string(epoch.state)
	}
	return asker, state
}
