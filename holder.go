package main

import (
	"sync/atomic"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxHolders is of how many tokens it is known whom they let in.
const maxHolders = 4096

// holder is whom a token lets in, as it was read from some moment on.
type holder struct {
	actor   domain.Actor
	expires time.Time // zero for never
	since   moment
}

// moment is the transactions of the writer that had begun and ended, as Store.TxCount
// counts them, and the rebuild that the rows were of.
type moment struct {
	writes  int64
	rebuilt rebuilt
}

// rebuilt is a rebuild, and how it has ended: one that failed may be gone on with.
type rebuilt struct {
	begun domain.Instant
	state readmodel.RebuildState
}

// holders remembers whom tokens let in, by their digests, until somebody's session, key or
// role may be another one.
type holders struct {
	byDigest *lru.Cache[string, holder]
	log      *eventstore.Store // nil until it is open
	// touched is the latest transaction in which that was so. Who has read before it
	// began, or meanwhile, may have read what was before.
	touched atomic.Int64
}

func newHolders() *holders {
	byDigest, err := lru.New[string, holder](maxHolders)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &holders{byDigest: byDigest}
}

// get returns whom a token lets in at an instant, if that is known.
func (h *holders) get(digest []byte, of rebuilt, now time.Time) (known holder, ok bool) {
	known, ok = h.byDigest.Get(string(digest))
	return known, ok && known.since.writes > h.touched.Load() && known.since.rebuilt == of &&
		(known.expires.IsZero() || known.expires.After(now))
}

func (h *holders) add(digest []byte, known holder) { h.byDigest.Add(string(digest), known) }

// touch says that the transaction that is under way, whose command calls it, may change
// whom a token lets in.
func (h *holders) touch() {
	h.touched.Store(h.log.TxCount())
}

// moment returns the moment from which on something is read, and false while the rows of
// users may be exchanged.
func (d *deck) moment() (m moment, steady bool) {
	m.writes = d.log.TxCount()
	m.rebuilt, steady = d.rebuilt()
	return m, steady
}

// rebuilt returns the rebuild that the rows are of, the zero value for none since the
// database was opened, and false while one goes on, which exchanges them at any time.
func (d *deck) rebuilt() (r rebuilt, steady bool) {
	p := d.rebuilder.Progress()
	if p == nil {
		return r, true
	}
	return rebuilt{p.StartedAt, p.State}, p.State != readmodel.RebuildRunning
}
