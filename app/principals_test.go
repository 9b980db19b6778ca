package app

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
)

// TestAnEndedTokenIsRefusedAtOnce: once the command that ends a session or a key is answered, the
// token is refused, however often it was accepted meanwhile.
func TestAnEndedTokenIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	system := auth.WithActor(t.Context(), domain.System)
	for i := range 40 {
		id, token := h.user(domain.Author)
		machine, keyID, _, err := h.Commands.CreateKey(system, command.CreateAPIKey{Name: "M", Role: domain.Viewer})
		if err != nil {
			t.Fatal(err)
		}
		ended := token
		end := func() error { return nil }
		switch i % 4 {
		case 0:
			end = func() error {
				_, err := h.Commands.Do(system, command.ChangeRole{ID: id, Role: domain.Viewer})
				return err
			}
		case 1:
			end = func() error {
				_, err := h.Commands.Do(system, command.ForgetUser{ID: id})
				return err
			}
		case 2:
			ended = machine
			end = func() error {
				_, err := h.Commands.Do(system, command.RevokeAPIKey{ID: keyID})
				return err
			}
		case 3:
			end = func() error {
				h.must(token, `mutation { logOut { __typename } }`)
				return nil
			}
		}
		valid := func() bool {
			return h.authenticate(ended) == nil
		}
		for range 2 {
			if !valid() {
				t.Fatal("the token is refused")
			}
		}
		done := make(chan struct{})
		var askers sync.WaitGroup
		for range 2 {
			askers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						valid()
					}
				}
			})
		}
		err = end()
		still := valid()
		close(done)
		askers.Wait()
		if err != nil || still || valid() {
			t.Fatalf("%d: the token is still valid (%t), %v", i%4, still, err)
		}
	}
}

// TestACachedTokenExpires: the cache does not outlast the token.
func TestACachedTokenExpires(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	h := start(t, func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	_, token := h.user(domain.Author)
	valid := func() bool {
		return h.authenticate(token) == nil
	}
	for range 2 {
		if !valid() {
			t.Fatal("the token is refused")
		}
	}
	later.Store(int64(31 * 24 * time.Hour))
	if valid() {
		t.Error("a month later the token is still valid")
	}
}

// TestATokenIsLookedUpOnce, whatever is written, until a session or a role changes.
func TestATokenIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	id, token := h.user(domain.Author)
	known := func() bool {
		t.Helper()
		known, ok := h.principals.get(auth.HashToken(token), tableEpoch{}, time.Now())
		if ok && known.actor.UserID != id {
			t.Errorf("the cached principal is %s", known.actor.UserID)
		}
		return ok
	}
	ask := func() {
		t.Helper()
		if err := h.authenticate(token); err != nil {
			t.Fatal(err)
		}
	}
	if ask(); !known() {
		t.Error("the principal is not cached")
	}
	h.must(token, `mutation { createContent(input: {title: "T", content: ""}) { errors { message } } }`)
	if !known() {
		t.Error("after a content was written the principal is not cached")
	}
	if h.user(domain.Viewer); known() {
		t.Error("after a user changed the principal is still cached")
	}
	if ask(); !known() {
		t.Error("the principal is not cached again")
	}
	if err := h.Rebuilder.Start(); err != nil {
		t.Fatal(err)
	}
	h.Rebuilder.Wait()
	at, _ := h.readPoint()
	if _, ok := h.principals.get(auth.HashToken(token), at.epoch, time.Now()); ok {
		t.Error("after a rebuild the principal is still cached")
	}
}
