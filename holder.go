package main

import (
	"time"

	"flightdeck/domain"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxHolders is of how many tokens it is known whom they let in.
const maxHolders = 4096

// holder is whom a token lets in, as it was read when so many transactions of the writer
// had begun and ended: see Store.Writes.
type holder struct {
	actor   domain.Actor
	expires time.Time // zero for never
	writes  int64
}

// holders remembers whom tokens let in, by their digests, until anything is written: then
// it may be that a session has ended, or that a role is another one.
type holders struct{ byDigest *lru.Cache[string, holder] }

func newHolders() holders {
	byDigest, err := lru.New[string, holder](maxHolders)
	if err != nil {
		panic(err) // the size is a constant
	}
	return holders{byDigest}
}

// get returns whom a token lets in at an instant, if that is known.
func (h holders) get(digest []byte, writes int64, now time.Time) (known holder, ok bool) {
	known, ok = h.byDigest.Get(string(digest))
	return known, ok && known.writes == writes && (known.expires.IsZero() || known.expires.After(now))
}

func (h holders) add(digest []byte, known holder) { h.byDigest.Add(string(digest), known) }
