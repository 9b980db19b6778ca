package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// TestAnswersStayWhatTheyWere records answers after each step of a story, and reads the same
// moments afterwards: by position and by instant, byte for byte. It compares for an ADMIN, whose
// rights never change, because today's rights decide.
func TestAnswersStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	s := harness.NewStory(t)
	type moment struct{ position, instant, answer string }
	var told []moment
	record := func() {
		head := s.Log.Head()
		told = append(told, moment{
			head.Position.String(), domain.InstantOf(head.RecordedAt).String(), s.Everything(s.Tokens["ADMIN"], nil),
		})
	}
	record()
	for _, step := range s.Steps {
		step()
		record()
	}
	seen := map[string]bool{}
	for _, m := range told {
		seen[m.answer] = true
		for _, at := range []string{m.position, m.instant} {
			if got := s.Everything(s.Tokens["ADMIN"], at); got != m.answer {
				t.Errorf("as of %s: %s", at, harness.FirstDifference(got, m.answer))
			}
		}
	}
	if len(seen) != len(told) {
		t.Errorf("%d moments have only %d answers: the story shows too little", len(told), len(seen))
	}
	before := s.Everything(s.Tokens["ADMIN"], "2001-01-01T00:00:00+01:00")
	harness.WantText(t, "before the first event", before, s.Everything(s.Tokens["ADMIN"], "0"))
}

// TestPastShowsNothingThatIsHiddenNow reads every moment with few rights, and looks for the texts
// of objects that are deleted, drafts or private now.
func TestPastShowsNothingThatIsHiddenNow(t *testing.T) {
	t.Parallel()
	s := harness.NewStory(t)
	for _, step := range s.Steps {
		step()
	}
	for position := range int(s.Log.Head().Position) + 1 {
		for _, name := range []string{"visitor", "VIEWER"} {
			raw := s.Everything(s.Tokens[name], fmt.Sprint(position))
			for _, hidden := range []string{"first words", "second words", "Alpha page", "Alpha deck", "example.org"} {
				if strings.Contains(raw, hidden) {
					t.Fatalf("as of %d a %s is shown %q: %s", position, name, hidden, raw)
				}
			}
		}
	}
	raw := s.Everything(s.Tokens["AUTHOR"], "9")
	if !strings.Contains(raw, "first words") || !strings.Contains(raw, "Alpha deck") {
		t.Errorf("the author does not see the past of deleted objects: %s", raw)
	}
}

func TestChildrenInheritThePointInTime(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	author, token := h.User(domain.Author)
	id := h.CreateContent(token, harness.Object{"title": "One"})
	deck, slides := h.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides})
	then := h.Head().String()
	h.Mutate(token, "updateUser", harness.Object{"id": author, "displayName": "Later"})
	h.Mutate(token, "updateContent", harness.Object{"id": id, "title": "Two"})
	h.Mutate(token, "updateSlide", harness.Object{"presentationId": deck, "slideId": slides[0], "content": "later"})
	a := h.Must(token, `query($id: ID!, $deck: ID!, $slide: ID!, $at: AsOf) {
		content(id: $id, asOf: $at) { author { displayName } history { totalCount nodes { actor { displayName } subject { ... on Content { title author { displayName } } } } }
			two: revision(version: 2) { title } one: revision(version: 1) { author { displayName } } }
		presentation(id: $deck, asOf: $at) { slides { content presentation { version author { displayName } } } }
		node(id: $slide, asOf: $at) { ... on Slide { content presentation { slides { content } } } } }`,
		harness.Object{"id": id, "deck": deck, "slide": slides[0], "at": then})
	if raw := string(a.Raw); strings.Contains(strings.ToLower(raw), "later") || strings.Contains(raw, `"Two"`) {
		t.Errorf("as of %s something of later is shown: %s", then, raw)
	}
	harness.WantText(t, "history", fmt.Sprint(a.Number("content", "history", "totalCount")), "1")
	harness.WantNull(t, "a version of later", a.At("content", "two"))
	diff := h.Ask(token, `query($id: ID!, $at: AsOf) { content(id: $id, asOf: $at) { diff(from: 1, to: 2) { to } } }`, harness.Object{"id": id, "at": then})
	harness.WantText(t, "a diff with a version of later", diff.Code(), "NOT_FOUND")
}

func TestOneOperationReadsOnePosition(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Admin)
	id := h.CreateContent(token, nil)
	created := h.Head().String()
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				h.Mutate(token, "updateContent", harness.Object{"id": id, "title": fmt.Sprint("Title ", n)})
			}
		}
	})
	for range 50 {
		a := h.Must(token, `query($id: ID!) { log { head recordedAt } a: contents { position } events(last: 1) { position nodes { position recordedAt } }
			content(id: $id) { version history(last: 1) { position nodes { position streamVersion } } revision(version: 1) { history { position } } }
			presentations { position } users { position } tags { position } }`, harness.Object{"id": id})
		head := a.Text("log", "head")
		for _, path := range [][]any{
			{"a", "position"},
			{"events", "position"},
			{"events", "nodes", 0, "position"},
			{"content", "history", "position"},
			{"content", "history", "nodes", 0, "position"},
			{"presentations", "position"},
			{"users", "position"},
			{"tags", "position"},
		} {
			harness.WantText(t, fmt.Sprint(path), a.Text(path...), head)
		}
		harness.WantText(t, "the moment of a version", a.Text("content", "revision", "history", "position"), created)
		harness.WantText(t, "recordedAt", a.Text("log", "recordedAt"), a.Text("events", "nodes", 0, "recordedAt"))
		if v, last := a.Number("content", "version"), a.Number("content", "history", "nodes", 0, "streamVersion"); v != last {
			t.Errorf("version %d is shown with a history up to %d", v, last)
		}
	}
	close(done)
	writer.Wait()
}

// TestInstantHasOnePositionForEver reads as of now while many write, and as of the same instants
// when no writer is left: an instant includes the events that were recorded by then, committed or
// not.
func TestInstantHasOnePositionForEver(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	done := make(chan struct{})
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					h.CreateContent(token, nil)
				}
			}
		})
	}
	position := func(at string) string {
		return h.Must(token, `query($at: AsOf) { contents(first: 1, asOf: $at) { position } }`, harness.Object{"at": at}).Text("contents", "position")
	}
	told := map[string]string{}
	for range 100 {
		at := time.Now().UTC().Format(time.RFC3339Nano)
		told[at] = position(at)
	}
	close(done)
	writers.Wait()
	for at, was := range told {
		harness.WantText(t, "as of "+at, position(at), was)
	}
}

func TestMutationsReadTheirOwnWrites(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	a := h.Must(token, `mutation {
		a: createContent(input: {title: "A", content: "x", tags: ["t"]}) { position content { slug } query { contents { totalCount position } log { head } tags { nodes { name } } contents2: contents(search: "A") { totalCount } } }
		b: createContent(input: {title: "A", content: "y"}) { position content { slug } query { contents { totalCount position } log { head } } } }`, nil)
	harness.WantText(t, "slugs", a.Text("a", "content", "slug")+" "+a.Text("b", "content", "slug"), "a a-2")
	for name, total := range map[string]int{"a": 1, "b": 2} {
		position := a.Text(name, "position")
		harness.WantText(t, "position", a.Text(name, "query", "contents", "position"), position)
		harness.WantText(t, "head", a.Text(name, "query", "log", "head"), position)
		if got := a.Number(name, "query", "contents", "totalCount"); got != total {
			t.Errorf("after %s there are %d contents, want %d", name, got, total)
		}
	}
}

func TestRevisionAndDiffTellTheChanges(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, harness.Object{"title": "One", "content": "a\nb\nc\n", "tags": []string{"x"}})
	then := h.Head().String()
	h.Mutate(token, "updateContent", harness.Object{"id": id, "title": "Two", "content": "a\nB\nc\n", "tags": []string{}, "description": "d"})
	h.Mutate(token, "publishContent", harness.Object{"id": id})
	a := h.Must(token, `query($id: ID!, $at: AsOf) { content(id: $id) {
		first: revision(version: 1) { title version } then: revision(asOf: $at) { title } never: revision(asOf: "1") { title } none: revision(version: 9) { title }
		diff(from: 1) { from to changes { path before after patch } } same: diff(from: 3, to: 3) { changes { path } } back: diff(from: 2, to: 1) { changes { path after } } } }`,
		harness.Object{"id": id, "at": then})
	harness.WantText(t, "revision", a.Text("content", "first", "title")+a.Text("content", "then", "title"), "OneOne")
	harness.WantNull(t, "before it was", a.At("content", "never"))
	harness.WantNull(t, "no such version", a.At("content", "none"))
	harness.WantList(t, "changed", a.Texts("path", "content", "diff", "changes"), "/title", "/description", "/content", "/status", "/tags")
	harness.WantText(t, "range", fmt.Sprint(a.Number("content", "diff", "from"), a.Number("content", "diff", "to")), "1 3")
	harness.WantText(t, "patch", a.Text("content", "diff", "changes", 2, "patch"), "--- before\n+++ after\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n")
	harness.WantNull(t, "description before", a.At("content", "diff", "changes", 1, "before"))
	tags, err := json.Marshal(a.At("content", "diff", "changes", 4))
	harness.WantText(t, "tags", fmt.Sprint(string(tags), err), `{"after":[],"before":["x"],"patch":null,"path":"/tags"}<nil>`)
	harness.WantList(t, "same", a.Texts("path", "content", "same", "changes"))
	harness.WantText(t, "back", a.Text("content", "back", "changes", 0, "after"), "One")
	for _, bad := range []string{"diff(from: 0) { to }", "diff(from: 1, to: 9) { to }", "revision { id }", `revision(version: 1, asOf: "1") { id }`, "revision(version: 0) { id }"} {
		a := h.Ask(token, `query($id: ID!) { content(id: $id) { `+bad+` } }`, harness.Object{"id": id})
		if code := a.Code(); code != "BAD_USER_INPUT" && code != "NOT_FOUND" {
			t.Errorf("%s is answered %s", bad, code)
		}
	}
}

func TestDeckDiffTellsSlideBySlide(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	deck, slides := h.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides})
	h.Mutate(token, "updateSlide", harness.Object{"presentationId": deck, "slideId": slides[0], "content": "new", "notes": nil})
	h.Mutate(token, "removeSlide", harness.Object{"presentationId": deck, "slideId": slides[1]})
	h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "isPublic": true})
	a := h.Must(token, `query($id: ID!) { presentation(id: $id) { diff(from: 4) { changes { path before after } } } }`, harness.Object{"id": deck})
	harness.WantList(t, "changed", a.Texts("path", "presentation", "diff", "changes"), "/isPublic", "/order",
		"/slides/"+slides[0]+"/content", "/slides/"+slides[0]+"/notes", "/slides/"+slides[1])
}
