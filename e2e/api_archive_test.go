package e2e

import (
	"fmt"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// told is a story to its end.
func told(t *testing.T) *story {
	s := newStory(t)
	for _, step := range s.steps {
		step()
	}
	return s
}

// answers asks about every moment, as everybody, and lists and streams the events in
// many ways. Whatever keeps a log small, or makes it anew, changes none of them.
func (s *story) answers() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for role, token := range s.tokens {
		for position := range int(s.Log.Head().Position) + 1 {
			all[fmt.Sprintf("%s as of %d", role, position)] = s.everything(token, fmt.Sprint(position))
		}
		for name, filter := range map[string]object{
			"all": nil, "of one": {"streamIds": []any{s.ids["content"], s.ids["deck"]}}, "of a type": {"types": []string{"ContentUpdated", "SlideAdded"}},
			"of a kind": {"kinds": []string{"PRESENTATION"}}, "by one": {"actorIds": []any{s.ids["user"]}},
		} {
			for _, way := range []string{"first", "last"} {
				a := s.must(token, `query($f: EventFilter) { events(`+way+`: 500, filter: $f) { totalCount nodes { position id type data streamVersion recordedAt correlationId
					actor { displayName } subject { id } } } }`, object{"f": filter})
				all[role+" events "+name+" "+way] = string(a.raw)
			}
		}
		d := &desk{s.harness}
		l := d.listen(token, `subscription { eventStream(after: "0") { __typename ... on EventReceived { position event { id type data subject { id } } } ... on CaughtUp { position } ... on Checkpoint { position } } }`, nil)
		var heard []string
		for len(heard) == 0 || !strings.Contains(heard[len(heard)-1], "CaughtUp") {
			if raw := string(l.next().raw); !strings.Contains(raw, "Checkpoint") { // whose number is not promised
				heard = append(heard, raw)
			}
		}
		l.close()
		all[role+" listening"] = strings.Join(heard, "\n")
	}
	events, err := s.Log.Read(s.t.Context(), 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	last := domain.InstantOf(events[len(events)-1].RecordedAt)
	for _, e := range events {
		at := domain.InstantOf(e.RecordedAt)
		all["as of "+at.String()] = s.everything(s.tokens["ADMIN"], at.String())
		between := object{"from": at.String(), "to": last.String()}
		all["events from "+at.String()] = string(s.must(s.tokens["ADMIN"],
			`query($f: EventFilter) { events(first: 500, filter: $f) { totalCount nodes { position } } }`, object{"f": between}).raw)
	}
	return all
}

// mustAnswer compares answers with those of before.
func mustAnswer(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for question, answer := range want {
		if got[question] != answer {
			t.Errorf("%s, %s: %s", what, question, firstDifference(got[question], answer))
		}
	}
}

// TestArchivedEventsAnswerAsBefore archives a story stream by stream, as an admin does
// on a running server, then by the command line, then compacts the file, and asks
// everything again after each.
func TestArchivedEventsAnswerAsBefore(t *testing.T) {
	t.Parallel()
	s := told(t)
	admin := s.tokens["ADMIN"]
	s.must(admin, `{ contents(search: "alpha") { totalCount } }`, nil) // the index has caught up then
	want := s.answers()
	moved := 0
	err := s.Log.EachStream(t.Context(), func(stream eventstore.StreamStatus) error {
		taken := s.must(admin, `mutation($id: ID!) { done: snapshotStream(streamId: $id) { stream { id kind version archivedThrough } errors { message } } }`, object{"id": stream.ID})
		wantText(t, "the stream", fmt.Sprint(taken.at("done", "stream")), fmt.Sprintf("map[archivedThrough:0 id:%s kind:%s version:%d]", stream.ID, stream.Type, stream.Version))
		if stream.Version == 1 {
			return nil
		}
		a := s.must(admin, `mutation($id: ID!, $v: Int!) { done: archiveStream(streamId: $id, throughVersion: $v) { stream { archivedThrough } errors { message } } }`,
			object{"id": stream.ID, "v": stream.Version / 2})
		if got := a.number("done", "stream", "archivedThrough"); got != stream.Version/2 {
			t.Errorf("%s is archived through %d: %s", stream.ID, got, a.raw)
		}
		moved += stream.Version / 2
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, "after archiveStream", s.answers(), want)
	size := s.must(admin, `{ log { size { events archivedEvents streams databaseBytes } } }`, nil)
	if size.number("log", "size", "archivedEvents") != moved || size.number("log", "size", "events") != int(s.Log.Head().Position)-moved || size.number("log", "size", "databaseBytes") == 0 {
		t.Errorf("%d events were moved, the log says %s", moved, size.raw)
	}
	s.reopen(func(db string) {
		wantCLI(t, 0, []string{"archive", "--db", db, "--older-than", "0s", "--keep", "1", "--vacuum"}, "archived", "the file has")
		wantCLI(t, 0, []string{"snapshot", "--db", db}, "made")
		wantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
		wantCLI(t, 0, []string{"status", "--db", db}, "in the archive", "lineage")
	})
	mustAnswer(t, "after flightdeck archive", s.answers(), want)
	s.reopen(func(db string) {
		wantCLI(t, 0, []string{"rebuild", "--db", db}, "rebuilt from", "same")
		wantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
	})
	mustAnswer(t, "after flightdeck rebuild", s.answers(), want)
	s.do(admin, "restoreContent", object{"id": s.ids["content"], "toVersion": 4})
	s.do(admin, "updateUser", object{"id": s.ids["user"], "displayName": "Once more"})
	wantCLI(t, 0, []string{"verify", "--db", s.options.DB}, "all follow from the log", "as they should be")
}

// TestOnlyAdminsLookAfterTheLog, and what cannot be done says why.
func TestOnlyAdminsLookAfterTheLog(t *testing.T) {
	t.Parallel()
	s := told(t)
	archive := func(token string, id any, through int) answer {
		return s.ask(token, `mutation($id: ID!, $v: Int!) { done: archiveStream(streamId: $id, throughVersion: $v) { stream { id } errors { __typename message path } } }`, object{"id": id, "v": through})
	}
	for role, token := range s.tokens {
		if role == "ADMIN" {
			continue
		}
		for _, a := range []answer{
			archive(token, s.ids["content"], 1),
			s.ask(token, `mutation($id: ID!) { done: snapshotStream(streamId: $id) { stream { id } errors { __typename message } } }`, object{"id": s.ids["content"]}),
		} {
			if a.text("done", "errors", 0, "__typename") != "ForbiddenError" || a.at("done", "stream") != nil {
				t.Errorf("%s: %s", role, a.raw)
			}
		}
		wantNull(t, role+"'s size of the log", s.must(token, `{ log { size { events } } }`, nil).at("log", "size"))
	}
	for what, c := range map[string]struct {
		id      any
		through int
		kind    string
		said    string
	}{
		"the head":        {s.ids["user"], 4, "ValidationError", "version 4, and its latest event is not archived: choose a version up to 3"},
		"above the head":  {s.ids["user"], 99, "ValidationError", "choose a version up to 3"},
		"no version":      {s.ids["user"], 0, "ValidationError", "versions begin with 1"},
		"no such stream":  {"content-0", 1, "NotFoundError", "there is no content-0"},
		"another's event": {s.ids["slide"], 1, "NotFoundError", "give the id of a content, a deck or a user"},
	} {
		a := archive(s.tokens["ADMIN"], c.id, c.through)
		if a.text("done", "errors", 0, "__typename") != c.kind || !strings.Contains(a.text("done", "errors", 0, "message"), c.said) {
			t.Errorf("%s: %s", what, a.raw)
		}
	}
}

func TestArchiveCommandSaysWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	db := written(t)
	for said, args := range map[string][]string{
		"is not an age": {"--older-than", "soon"}, "\"-1d\" is not an age": {"--older-than=-1d"}, "\"1w\" is not an age": {"--older-than", "1w"},
	} {
		wantCLI(t, 2, append([]string{"archive", "--db", db}, args...), said)
	}
	wantCLI(t, 1, []string{"archive", "--db", db, "--keep", "0"}, "keep 1 or more")
	wantCLI(t, 0, []string{"archive", "--db", db}, "archived 0 events")
	wantCLI(t, 0, []string{"archive", "--db", db, "--json", "--older-than", "0s", "--keep", "1"}, `"moved":`)
	wantCLI(t, 0, []string{"status", "--db", db, "--json"}, `"archivedEvents":`)
	wantCLI(t, 0, []string{"snapshot", "--db", db, "--json"}, `"snapshots":`)
	running := startOn(t, db)
	wantCLI(t, 0, []string{"status", "--db", running.options.DB}, "head")
	for _, command := range []string{"archive", "snapshot"} {
		wantCLI(t, 1, []string{command, "--db", running.options.DB}, "in use by process")
	}
}
