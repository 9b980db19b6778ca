package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"
)

const (
	askRebuild   = `mutation { done: rebuildReadModel { rebuild { state phase done total } errors { __typename message path } query { log { rebuild { startedAt } } } } }`
	watchRebuild = `{ log { rebuild { state phase done total eventsPerSecond secondsLeft startedAt error tables { name rows rowsBefore hash hashBefore same } } } }`
)

// TestRebuiltAnswersAreThoseOfBefore asks a story everything, rebuilds it on a running
// server as an admin does, then by the command line, and asks again after each.
func TestRebuiltAnswersAreThoseOfBefore(t *testing.T) {
	t.Parallel()
	s := told(t)
	admin := s.tokens["ADMIN"]
	wantNull(t, "a rebuild that nobody began", s.must(admin, watchRebuild, nil).at("log", "rebuild"))
	want := s.answers()
	begun := s.must(admin, askRebuild, nil)
	if begun.at("done", "rebuild", "total") != s.Log.Head().Position.String() || begun.at("done", "query", "log", "rebuild") == nil {
		t.Errorf("a rebuild that was begun: %s", begun.raw)
	}
	s.Rebuilder.Wait()
	s.wantRebuilt(5)
	mustAnswer(t, "after rebuildReadModel", s.answers(), want)
	s.reopen(func(db string) {
		wantCLI(t, 0, []string{"rebuild", "--db", db}, "rebuilt from", "contents", "same")
		wantCLI(t, 0, []string{"rebuild", "--db", db, "--json"}, `"progress":"events"`, `"state":"DONE"`, `"same":true`)
		wantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
	})
	mustAnswer(t, "after flightdeck rebuild", s.answers(), want)
}

// wantRebuilt fails unless the rebuild has ended with so many tables, all as before.
func (s *story) wantRebuilt(tables int) {
	s.t.Helper()
	a := s.must(s.tokens["ADMIN"], watchRebuild, nil)
	p := []any{"log", "rebuild"}
	if a.text(append(p, "state")...) != "DONE" || a.at("log", "rebuild", "done") != a.at("log", "rebuild", "total") || a.at("log", "rebuild", "error") != nil {
		s.t.Errorf("the rebuild has not ended well: %s", a.raw)
	}
	for i := range tables {
		if a.at("log", "rebuild", "tables", i, "same") != true {
			s.t.Errorf("table %d: %s", i, a.raw)
		}
	}
}

// TestOnlyAdminsRebuild, and one at a time.
func TestOnlyAdminsRebuild(t *testing.T) {
	t.Parallel()
	s := told(t)
	for role, token := range s.tokens {
		if role == "ADMIN" {
			continue
		}
		a := s.ask(token, askRebuild, nil)
		if a.text("done", "errors", 0, "__typename") != "ForbiddenError" || a.at("done", "rebuild") != nil {
			t.Errorf("%s: %s", role, a.raw)
		}
	}
	s.must(s.tokens["ADMIN"], askRebuild, nil)
	s.Rebuilder.Wait()
	for role, token := range s.tokens {
		if role != "ADMIN" {
			wantNull(t, role+"'s view of the rebuild", s.must(token, watchRebuild, nil).at("log", "rebuild"))
		}
	}
	release := s.hold()
	s.must(s.tokens["ADMIN"], askRebuild, nil)
	a := s.ask(s.tokens["ADMIN"], askRebuild, nil)
	if a.text("done", "errors", 0, "__typename") != "ValidationError" || !strings.Contains(a.text("done", "errors", 0, "message"), "a rebuild is under way, at event 0 of") {
		t.Errorf("a second rebuild: %s", a.raw)
	}
	if a := s.must(s.tokens["ADMIN"], watchRebuild, nil); a.text("log", "rebuild", "state") != "RUNNING" {
		t.Errorf("while it is under way: %s", a.raw)
	}
	release()
	s.Rebuilder.Wait()
	s.wantRebuilt(5)
}

// A server on the same database is named.
func TestRebuildCommandNeedsTheDatabaseForItself(t *testing.T) {
	t.Parallel()
	h := start(t)
	wantCLI(t, 1, []string{"rebuild", "--db", h.options.DB}, "in use by process")
}

// hold keeps the writer busy until release is called.
func (h *harness) hold() (release func()) {
	h.t.Helper()
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := h.Log.Update(context.Background(), eventstore.Command{}, func(*eventstore.Tx) error {
			close(begun)
			<-end
			return nil
		})
		done <- err
	}()
	<-begun
	return func() {
		h.t.Helper()
		close(end)
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	}
}

// TestSubscriptionsHearEverythingWhileTablesAreSwapped: who listens while somebody
// writes and the tables are rebuilt and swapped, twice, hears every event once, with
// what is read from the tables for it; so does who comes when it is over.
func TestSubscriptionsHearEverythingWhileTablesAreSwapped(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	editor, token := h.actor(domain.Editor)
	h.contents(editor, 300)
	const query = `subscription { eventAppended(after: "0") { position type subject { id } } }`
	listeners := []*listener{h.listen(token, query, nil), h.listenBy(legacyWS, token, query, nil)}
	rebuilt := make(chan error, 1)
	go func() {
		var failed error
		for range 2 {
			failed = errors.Join(failed, h.Rebuilder.Start())
			h.Rebuilder.Wait()
			if p := h.Rebuilder.Progress(); p == nil || p.State != readmodel.RebuildDone {
				failed = errors.Join(failed, fmt.Errorf("a rebuild has come to %+v", p))
			}
		}
		rebuilt <- failed
	}()
	for range 200 { // no more: a rebuild gives way to who writes
		h.content(editor, "while it is rebuilt", domain.Draft)
	}
	if err := <-rebuilt; err != nil {
		t.Fatal(err)
	}
	last := h.content(editor, "the last", domain.Draft).Position
	for i, l := range append(listeners, h.listen(token, query, nil)) {
		if err := l.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		var heard []eventstore.Position
		for len(heard) == 0 || heard[len(heard)-1] < last {
			a := l.next()
			heard = append(heard, a.position())
			if a.text("eventAppended", "type") == "ContentCreated" && a.at("eventAppended", "subject") == nil {
				t.Fatalf("listener %d heard %s", i, a.raw)
			}
		}
		wantPositions(t, fmt.Sprintf("listener %d", i), heard, span(1, last))
	}
}
