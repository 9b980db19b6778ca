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

// TestASessionEndsForWhoeverAsks: once a command that ends a session is answered its
// token lets nobody in, however often it was asked about meanwhile.
func TestASessionEndsForWhoeverAsks(t *testing.T) {
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
		lets := func() bool {
			return h.authenticate(ended) == nil
		}
		for range 2 {
			if !lets() {
				t.Fatal("the token lets nobody in")
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
						lets()
					}
				}
			})
		}
		err = end()
		still := lets()
		close(done)
		askers.Wait()
		if err != nil || still || lets() {
			t.Fatalf("%d: the token still lets somebody in (%t), %v", i%4, still, err)
		}
	}
}

// What is known of a token ends with it.
func TestATokenExpiresThoughItIsKnown(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	h := start(t, func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	_, token := h.user(domain.Author)
	lets := func() bool {
		return h.authenticate(token) == nil
	}
	for range 2 {
		if !lets() {
			t.Fatal("the token lets nobody in")
		}
	}
	later.Store(int64(31 * 24 * time.Hour))
	if lets() {
		t.Error("a month later it still does")
	}
}

// A token is looked up once, whatever is written, until somebody's session or role
// changes.
func TestATokenIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	id, token := h.user(domain.Author)
	known := func() bool {
		t.Helper()
		known, ok := h.principals.get(auth.HashToken(token), tableEpoch{}, time.Now())
		if ok && known.actor.UserID != id {
			t.Errorf("the token is said to be that of %s", known.actor.UserID)
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
		t.Error("whom the token lets in is not known")
	}
	h.must(token, `mutation { createContent(input: {title: "T", content: ""}) { errors { message } } }`)
	if !known() {
		t.Error("it is not known any more after a content was written")
	}
	if h.user(domain.Viewer); known() {
		t.Error("it is known though users have changed")
	}
	if ask(); !known() {
		t.Error("it is not known again")
	}
	if err := h.Rebuilder.Start(); err != nil {
		t.Fatal(err)
	}
	h.Rebuilder.Wait()
	at, _ := h.readPoint()
	if _, ok := h.principals.get(auth.HashToken(token), at.epoch, time.Now()); ok {
		t.Error("it is known though the rows are others")
	}
}
