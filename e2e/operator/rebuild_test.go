package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
	"flightdeck/projection"
)

const (
	askRebuild   = `mutation { done: rebuildReadModel { rebuild { state phase done total } errors { __typename message path } query { log { rebuild { startedAt } } } } }`
	watchRebuild = `{ log { rebuild { state phase done total eventsPerSecond secondsLeft startedAt error tables { name rows rowsBefore hash hashBefore same } } } }`
)

// TestRebuiltAnswersAreThoseOfBefore compares every answer of a story after a rebuild through the
// API, and after one by the command line.
func TestRebuiltAnswersAreThoseOfBefore(t *testing.T) {
	t.Parallel()
	s := harness.ToldStory(t)
	admin := s.Tokens["ADMIN"]
	harness.WantNull(t, "a rebuild that was not begun", s.Must(admin, watchRebuild, nil).At("log", "rebuild"))
	want := s.Answers()
	begun := s.Must(admin, askRebuild, nil)
	if begun.At("done", "rebuild", "total") != s.Log.Head().Position.String() || begun.At("done", "query", "log", "rebuild") == nil {
		t.Errorf("a rebuild that was begun: %s", begun.Raw)
	}
	s.Rebuilder.Wait()
	wantRebuilt(s, 5)
	harness.WantAnswers(t, "after rebuildReadModel", s.Answers(), want)
	s.Reopen(func(db string) {
		harness.WantCLI(t, 0, []string{"rebuild", "--db", db}, "rebuilt from", "contents", "same")
		harness.WantCLI(t, 0, []string{"rebuild", "--db", db, "--json"}, `"progress":"events"`, `"state":"DONE"`, `"same":true`)
		harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
	})
	harness.WantAnswers(t, "after flightdeck rebuild", s.Answers(), want)
}

// wantRebuilt fails unless the rebuild has ended and all tables are the same as before.
func wantRebuilt(s *harness.Story, tables int) {
	s.T.Helper()
	a := s.Must(s.Tokens["ADMIN"], watchRebuild, nil)
	p := []any{"log", "rebuild"}
	if a.Text(append(p, "state")...) != "DONE" || a.At("log", "rebuild", "done") != a.At("log", "rebuild", "total") || a.At("log", "rebuild", "error") != nil {
		s.T.Errorf("the rebuild has not ended well: %s", a.Raw)
	}
	for i := range tables {
		if a.At("log", "rebuild", "tables", i, "same") != true {
			s.T.Errorf("table %d: %s", i, a.Raw)
		}
	}
}

// TestOnlyAdminsRebuild, and one rebuild at a time.
func TestOnlyAdminsRebuild(t *testing.T) {
	t.Parallel()
	s := harness.ToldStory(t)
	for role, token := range s.Tokens {
		if role == "ADMIN" {
			continue
		}
		a := s.Ask(token, askRebuild, nil)
		if a.Text("done", "errors", 0, "__typename") != "ForbiddenError" || a.At("done", "rebuild") != nil {
			t.Errorf("%s: %s", role, a.Raw)
		}
	}
	s.Must(s.Tokens["ADMIN"], askRebuild, nil)
	s.Rebuilder.Wait()
	for role, token := range s.Tokens {
		if role != "ADMIN" {
			harness.WantNull(t, role+"'s view of the rebuild", s.Must(token, watchRebuild, nil).At("log", "rebuild"))
		}
	}
	release := hold(s.Harness)
	s.Must(s.Tokens["ADMIN"], askRebuild, nil)
	a := s.Ask(s.Tokens["ADMIN"], askRebuild, nil)
	if a.Text("done", "errors", 0, "__typename") != "ValidationError" || !strings.Contains(a.Text("done", "errors", 0, "message"), "a rebuild is under way, at event 0 of") {
		t.Errorf("a second rebuild: %s", a.Raw)
	}
	if a := s.Must(s.Tokens["ADMIN"], watchRebuild, nil); a.Text("log", "rebuild", "state") != "RUNNING" {
		t.Errorf("while it is under way: %s", a.Raw)
	}
	release()
	s.Rebuilder.Wait()
	wantRebuilt(s, 5)
}

// TestRebuildCommandNeedsTheDatabaseForItself: the error names the process of a running server.
func TestRebuildCommandNeedsTheDatabaseForItself(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	harness.WantCLI(t, 1, []string{"rebuild", "--db", h.AppOptions.DB}, "in use by process")
}

// hold keeps the writer busy until release is called.
func hold(h *harness.Harness) (release func()) {
	h.T.Helper()
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
		h.T.Helper()
		close(end)
		if err := <-done; err != nil {
			h.T.Error(err)
		}
	}
}

// TestSubscriptionsHearEverythingWhileTablesAreSwapped: subscribers receive every event once, with
// its subject, while a user writes and the tables are rebuilt and swapped twice. So does a
// subscriber that comes afterwards.
func TestSubscriptionsHearEverythingWhileTablesAreSwapped(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	editor, token := h.Actor(domain.Editor)
	h.AppendContents(editor, 300)
	const query = `subscription { eventAppended(after: "0") { position type subject { id } } }`
	listeners := []*harness.Listener{h.Listen(token, query, nil), h.ListenBy(harness.LegacyWS, token, query, nil)}
	rebuilt := make(chan error, 1)
	go func() {
		var failed error
		for range 2 {
			failed = errors.Join(failed, h.Rebuilder.Start())
			h.Rebuilder.Wait()
			if p := h.Rebuilder.Progress(); p == nil || p.State != projection.RebuildDone {
				failed = errors.Join(failed, fmt.Errorf("a rebuild has come to %+v", p))
			}
		}
		rebuilt <- failed
	}()
	for range 200 { // no more: a rebuild gives way to writers
		h.AppendContent(editor, "while it is rebuilt", domain.Draft)
	}
	if err := <-rebuilt; err != nil {
		t.Fatal(err)
	}
	last := h.AppendContent(editor, "the last", domain.Draft).Position
	for i, l := range append(listeners, h.Listen(token, query, nil)) {
		if err := l.Conn.SetReadDeadline(time.Now().Add(harness.Patience)); err != nil {
			t.Fatal(err)
		}
		var heard []eventstore.Position
		for len(heard) == 0 || heard[len(heard)-1] < last {
			a := l.Next()
			heard = append(heard, a.Position())
			if a.Text("eventAppended", "type") == "ContentCreated" && a.At("eventAppended", "subject") == nil {
				t.Fatalf("listener %d heard %s", i, a.Raw)
			}
		}
		harness.WantPositions(t, fmt.Sprintf("listener %d", i), heard, harness.Span(1, last))
	}
}
