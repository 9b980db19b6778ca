package main

import (
	"context"
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

// moment is the transactions of the writer that had begun and ended, as Store.Writes
// counts them, and which rebuild the rows were of, or had come to its end without.
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
	writes, _ := h.log.Writes()
	h.touched.Store(writes)
}

// moment returns the moment from which on something is read, and false while the rows of
// users may be exchanged.
func (d *deck) moment() (m moment, ok bool) {
	m.writes, _ = d.log.Writes()
	if p := d.rebuilder.Progress(); p != nil {
		m.rebuilt = rebuilt{p.StartedAt, p.State}
		return m, p.State != readmodel.RebuildRunning
	}
	return m, true
}

// tables are those of the read model, watched by holders.
type tables struct {
	readmodel.Tables
	holders *holders
}

func (t tables) EndSession(tx *eventstore.Tx, token []byte) (bool, error) {
	t.holders.touch()
	return t.Tables.EndSession(tx, token)
}

func (t tables) EndSessions(tx *eventstore.Tx, userID string) error {
	t.holders.touch()
	return t.Tables.EndSessions(tx, userID)
}

func (t tables) RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error) {
	t.holders.touch()
	return t.Tables.RevokeKey(tx, id, by)
}

func (t tables) Forget(tx *eventstore.Tx, userID string) error {
	t.holders.touch()
	return t.Tables.Forget(tx, userID)
}

// model is the model of the log, watched by who remembers answers and holders.
type model struct {
	readmodel.Model
	latest  *latest
	holders *holders
}

// Project notes an event before anybody can read it. When it is taken back after all,
// what was kept is computed once more than it had to be.
func (m model) Project(ctx context.Context, rows eventstore.Rows, e eventstore.Event, before, after any) error {
	m.latest.note(e)
	if e.Stream.Type == string(domain.KindUser) {
		m.holders.touch()
	}
	return m.Model.Project(ctx, rows, e, before, after)
}
