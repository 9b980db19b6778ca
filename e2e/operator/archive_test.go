package operator

import (
	"fmt"
	"strings"
	"testing"

	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// TestArchivedEventsAnswerAsBefore archives a story stream by stream through the API, then by the
// command line, then compacts the file, and compares every answer after each.
func TestArchivedEventsAnswerAsBefore(t *testing.T) {
	t.Parallel()
	s := harness.ToldStory(t)
	admin := s.Tokens["ADMIN"]
	s.Must(admin, `{ contents(search: "alpha") { totalCount } }`, nil) // the index has caught up then
	want := s.Answers()
	moved := 0
	err := s.Log.EachStream(t.Context(), func(stream eventstore.StreamStatus) error {
		taken := s.Must(admin, `mutation($id: ID!) { done: snapshotStream(streamId: $id) { stream { id kind version archivedThrough } errors { message } } }`, harness.Object{"id": stream.ID})
		harness.WantText(t, "the stream", fmt.Sprint(taken.At("done", "stream")), fmt.Sprintf("map[archivedThrough:0 id:%s kind:%s version:%d]", stream.ID, stream.Type, stream.Version))
		if stream.Version == 1 {
			return nil
		}
		a := s.Must(admin, `mutation($id: ID!, $v: Int!) { done: archiveStream(streamId: $id, throughVersion: $v) { stream { archivedThrough } errors { message } } }`,
			harness.Object{"id": stream.ID, "v": stream.Version / 2})
		if got := a.Number("done", "stream", "archivedThrough"); got != stream.Version/2 {
			t.Errorf("%s is archived through %d: %s", stream.ID, got, a.Raw)
		}
		moved += stream.Version / 2
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	harness.WantAnswers(t, "after archiveStream", s.Answers(), want)
	size := s.Must(admin, `{ log { size { events archivedEvents streams databaseBytes } } }`, nil)
	if size.Number("log", "size", "archivedEvents") != moved || size.Number("log", "size", "events") != int(s.Log.Head().Position)-moved || size.Number("log", "size", "databaseBytes") == 0 {
		t.Errorf("%d events were moved, the log says %s", moved, size.Raw)
	}
	s.Reopen(func(db string) {
		harness.WantCLI(t, 0, []string{"archive", "--db", db, "--older-than", "0s", "--keep", "1", "--vacuum"}, "archived", "the file has")
		harness.WantCLI(t, 0, []string{"snapshot", "--db", db}, "made")
		harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
		harness.WantCLI(t, 0, []string{"status", "--db", db}, "in the archive", "lineage")
	})
	harness.WantAnswers(t, "after flightdeck archive", s.Answers(), want)
	s.Reopen(func(db string) {
		harness.WantCLI(t, 0, []string{"rebuild", "--db", db}, "rebuilt from", "same")
		harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
	})
	harness.WantAnswers(t, "after flightdeck rebuild", s.Answers(), want)
	s.Mutate(admin, "restoreContent", harness.Object{"id": s.IDs["content"], "toVersion": 4})
	s.Mutate(admin, "updateUser", harness.Object{"id": s.IDs["user"], "displayName": "Once more"})
	harness.WantCLI(t, 0, []string{"verify", "--db", s.AppOptions.DB}, "all follow from the log", "as they should be")
}

// TestOnlyAdminsLookAfterTheLog, and a refusal says its reason.
func TestOnlyAdminsLookAfterTheLog(t *testing.T) {
	t.Parallel()
	s := harness.ToldStory(t)
	archive := func(token string, id any, through int) harness.Answer {
		return s.Ask(token, `mutation($id: ID!, $v: Int!) { done: archiveStream(streamId: $id, throughVersion: $v) { stream { id } errors { __typename message path } } }`, harness.Object{"id": id, "v": through})
	}
	for role, token := range s.Tokens {
		if role == "ADMIN" {
			continue
		}
		for _, a := range []harness.Answer{
			archive(token, s.IDs["content"], 1),
			s.Ask(token, `mutation($id: ID!) { done: snapshotStream(streamId: $id) { stream { id } errors { __typename message } } }`, harness.Object{"id": s.IDs["content"]}),
		} {
			if a.Text("done", "errors", 0, "__typename") != "ForbiddenError" || a.At("done", "stream") != nil {
				t.Errorf("%s: %s", role, a.Raw)
			}
		}
		harness.WantNull(t, role+"'s size of the log", s.Must(token, `{ log { size { events } } }`, nil).At("log", "size"))
	}
	for what, c := range map[string]struct {
		id      any
		through int
		kind    string
		said    string
	}{
		"the head":        {s.IDs["user"], 4, "ValidationError", "version 4, and its latest event is not archived: choose a version up to 3"},
		"above the head":  {s.IDs["user"], 99, "ValidationError", "choose a version up to 3"},
		"no version":      {s.IDs["user"], 0, "ValidationError", "versions begin with 1"},
		"no such stream":  {"content-0", 1, "NotFoundError", "there is no content-0"},
		"another's event": {s.IDs["slide"], 1, "NotFoundError", "give the id of a content, a deck or a user"},
	} {
		a := archive(s.Tokens["ADMIN"], c.id, c.through)
		if a.Text("done", "errors", 0, "__typename") != c.kind || !strings.Contains(a.Text("done", "errors", 0, "message"), c.said) {
			t.Errorf("%s: %s", what, a.Raw)
		}
	}
}

func TestArchiveRefusesBadFlags(t *testing.T) {
	t.Parallel()
	db := harness.Written(t)
	for said, args := range map[string][]string{
		"is not an age": {"--older-than", "soon"}, "\"-1d\" is not an age": {"--older-than=-1d"}, "\"1w\" is not an age": {"--older-than", "1w"},
	} {
		harness.WantCLI(t, 2, append([]string{"archive", "--db", db}, args...), said)
	}
	harness.WantCLI(t, 1, []string{"archive", "--db", db, "--keep", "0"}, "keep 1 or more")
	harness.WantCLI(t, 0, []string{"archive", "--db", db}, "archived 0 events")
	harness.WantCLI(t, 0, []string{"archive", "--db", db, "--json", "--older-than", "0s", "--keep", "1"}, `"moved":`)
	harness.WantCLI(t, 0, []string{"status", "--db", db, "--json"}, `"archivedEvents":`)
	harness.WantCLI(t, 0, []string{"snapshot", "--db", db, "--json"}, `"snapshots":`)
	running := harness.StartOn(t, db)
	harness.WantCLI(t, 0, []string{"status", "--db", running.AppOptions.DB}, "head")
	for _, command := range []string{"archive", "snapshot"} {
		harness.WantCLI(t, 1, []string{command, "--db", running.AppOptions.DB}, "in use by process")
	}
}
