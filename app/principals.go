package app

import (
	"sync/atomic"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/projection"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxPrincipals bounds the cache of principals, in tokens.
const maxPrincipals = 4096

// principal is the actor of a token, as the tables said at a read point.
type principal struct {
	actor   domain.Actor
	expires time.Time // zero for never
	at      readPoint
}

// readPoint is the moment before a read from the tables.
type readPoint struct {
	writes int64 // the writer's transactions until then, by Store.TxCount
	epoch  tableEpoch
}

// tableEpoch identifies the tables that are read: the latest rebuild, which exchanged them, and its
// state. A failed rebuild may be resumed. The zero value stands for no rebuild since the database
// was opened.
type tableEpoch struct {
	begun domain.Instant
	state projection.RebuildState
}

// principalCache keeps principals by the digests of their tokens, until a command may have changed
// a session, a key or a role.
type principalCache struct {
	byDigest *lru.Cache[string, principal]
	log      *eventstore.Store // nil until it is open
	// invalidated is the writer's latest transaction that may have changed a principal. A read
	// before that transaction's end may have seen the old rows.
	invalidated atomic.Int64
}

func newPrincipalCache() *principalCache {
	byDigest, err := lru.New[string, principal](maxPrincipals)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &principalCache{byDigest: byDigest}
}

// get returns the principal of a token, if the cache has one that is still right in a table epoch
// at an instant.
func (c *principalCache) get(digest []byte, epoch tableEpoch, now time.Time) (known principal, ok bool) {
	known, ok = c.byDigest.Get(string(digest))
	return known, ok && known.at.writes > c.invalidated.Load() && known.at.epoch == epoch &&
		(known.expires.IsZero() || known.expires.After(now))
}

func (c *principalCache) add(digest []byte, p principal) { c.byDigest.Add(string(digest), p) }

// invalidate drops all principals. A command calls it within the writer's transaction in which it
// may change a session, a key or a role.
func (c *principalCache) invalidate() {
	c.invalidated.Store(c.log.TxCount())
}

// readPoint returns the read point of the reads that follow. steady is false while a rebuild may
// exchange the tables.
func (a *App) readPoint() (at readPoint, steady bool) {
	at.writes = a.Log.TxCount()
	at.epoch, steady = a.tableEpoch()
	return at, steady
}

// tableEpoch returns the current epoch. steady is false while a rebuild is running, which may
// exchange the tables at any time.
func (a *App) tableEpoch() (epoch tableEpoch, steady bool) {
	p := a.Rebuilder.Progress()
	if p == nil {
		return epoch, true
	}
	return tableEpoch{p.StartedAt, p.State}, p.State != projection.RebuildRunning
}
