package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"flightdeck/domain"
)

// story is something that happens step by step, and who can ask about it.
type story struct {
	*harness
	ids    object // what queries name: ids of a content, deck, slide and user
	tokens map[string]string
	steps  []func()
}

// newStory returns a story in which everything the read model shows changes.
func newStory(t *testing.T) *story {
	s := &story{harness: start(t), ids: object{}}
	admin, adminToken := s.user(domain.Admin)
	author, token := s.user(domain.Author)
	_, viewer := s.user(domain.Viewer)
	s.tokens = map[string]string{"ADMIN": adminToken, "AUTHOR": token, "VIEWER": viewer, "visitor": ""}
	s.ids["user"] = author
	id := s.content(token, object{"title": "Alpha page", "slug": "alpha", "tags": []string{"go", "old"}, "content": "first words"})
	deck, slides := s.presentation(token, object{"title": "Alpha deck", "markdown": threeSlides})
	s.ids["content"], s.ids["deck"], s.ids["slide"] = id, deck, slides[1]
	step := func(mutation string, input object) func() { return func() { s.do(token, mutation, input) } }
	target := object{"id": id}
	s.steps = []func(){
		step("publishContent", target),
		step("updatePresentation", object{"id": deck, "isPublic": true}),
		func() {
			s.content(adminToken, object{"title": "Beta page", "slug": "beta", "status": "PUBLISHED", "tags": []string{"go"}})
		},
		step("updateContent", object{"id": id, "title": "Alpha page, changed", "content": "second words", "tags": []string{"new"}}),
		step("updateContent", object{"id": id, "slug": "alpha-moved", "description": "about"}),
		step("updateSlide", object{"presentationId": deck, "slideId": slides[1], "content": "changed slide", "notes": "n"}),
		step("moveSlide", object{"presentationId": deck, "slideId": slides[1], "to": object{"order": 1}}),
		step("updateUser", object{"id": author, "displayName": "Renamed"}),
		func() {
			s.do(adminToken, "changeRole", object{"id": author, "role": "EDITOR"})
			token = s.session(author)
			s.tokens["AUTHOR"] = token
		},
		step("archiveContent", target),
		step("restoreContent", object{"id": id, "toVersion": 1}),
		step("publishContent", target),
		step("removeSlide", object{"presentationId": deck, "slideId": slides[1]}),
		step("restorePresentation", object{"id": deck, "toVersion": 4}),
		step("deleteContent", target),
		func() {
			s.content(token, object{"title": "Alpha again", "slug": "alpha", "status": "PUBLISHED", "tags": []string{"old"}})
		},
		step("deletePresentation", object{"id": deck}),
		func() {
			s.do(adminToken, "changeRole", object{"id": author, "role": "AUTHOR"})
			token = s.session(author)
			s.tokens["AUTHOR"] = token
		},
		step("restorePresentation", object{"id": deck, "toVersion": 4}),
		func() { s.do(adminToken, "updateUser", object{"id": admin, "email": "new@example.org"}) },
	}
	return s
}

// everything reads each query field that takes asOf, and what hangs on it. $at is
// declared by whoever asks.
const everything = `{
	content(id: $content, asOf: $at) { ...content author { ...user } history { totalCount nodes { ...event } } revision(version: 2) { ...content } last: revision(version: 5) { ...content } }
	alpha: contentBySlug(slug: "alpha", asOf: $at) { ...content } moved: contentBySlug(slug: "alpha-moved", asOf: $at) { ...content }
	contents(asOf: $at) { totalCount position nodes { ...content author { ...user } } pageInfo { endCursor hasNextPage } }
	titles: contents(asOf: $at, orderBy: {field: TITLE, direction: ASC}, filter: {tagsAny: ["go", "new"]}) { totalCount nodes { id } }
	found: contents(asOf: $at, search: "alpha words") { totalCount nodes { ...content } }
	presentation(id: $deck, asOf: $at) { ...deck author { ...user } history { nodes { ...event } } revision(version: 4) { ...deck } }
	presentations(asOf: $at) { totalCount nodes { ...deck } }
	decks: presentations(asOf: $at, search: "slide") { totalCount nodes { id } }
	node(id: $slide, asOf: $at) { ... on Slide { ...slide presentation { ...deck } } }
	nodes(ids: [$content, $deck, $slide, $user], asOf: $at) { __typename id ... on Content { ...content } ... on User { ...user } }
	user(id: $user, asOf: $at) { ...user }
	tags(asOf: $at) { totalCount nodes { name count } }
}
fragment user on User { id version displayName role lastLoginAt email }
fragment content on Content { id version title slug description content html format status tags createdAt updatedAt publishedAt }
fragment slide on Slide { id title content notes order }
fragment deck on Presentation { id version title description theme isPublic createdAt updatedAt markdown slides { ...slide } }
fragment event on Event { position type data recordedAt actor { ...user } subject { id ... on Content { ...content } ... on Presentation { ...deck } } }`

// ask reads everything, as of a point or, when it is nil, now.
func (s *story) everything(token string, at any) string {
	s.t.Helper()
	vars := object{"at": at}
	for k, v := range s.ids {
		vars[k] = v
	}
	const declare = `query($content: ID!, $deck: ID!, $slide: ID!, $user: ID!, $at: AsOf) `
	a := s.must(token, declare+everything, vars)
	return string(a.raw)
}

// TestAnswersStayWhatTheyWere records answers while a story is told, and asks the
// same of the past afterwards: by position and by instant, byte for byte. The rights
// of the asker are those of today, so it compares for an ADMIN, whose rights never
// change.
func TestAnswersStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	type moment struct{ position, instant, answer string }
	var told []moment
	record := func() {
		head := s.Log.Head()
		told = append(told, moment{
			head.Position.String(), domain.InstantOf(head.RecordedAt).String(), s.everything(s.tokens["ADMIN"], nil),
		})
	}
	record()
	for _, step := range s.steps {
		step()
		record()
	}
	seen := map[string]bool{}
	for _, m := range told {
		seen[m.answer] = true
		for _, at := range []string{m.position, m.instant} {
			if got := s.everything(s.tokens["ADMIN"], at); got != m.answer {
				t.Errorf("as of %s: %s", at, firstDifference(got, m.answer))
			}
		}
	}
	if len(seen) != len(told) {
		t.Errorf("%d moments have only %d answers: the story shows too little", len(told), len(seen))
	}
	before := s.everything(s.tokens["ADMIN"], "2001-01-01T00:00:00+01:00")
	wantText(t, "before the first event", before, s.everything(s.tokens["ADMIN"], "0"))
}

// firstDifference shows where two long texts part.
func firstDifference(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	around := func(s string) string { return s[max(0, i-100):min(len(s), i+100)] }
	return fmt.Sprintf("at byte %d: got …%s…, want …%s…", i, around(got), around(want))
}

// TestPastShowsNothingThatIsHiddenNow asks for every moment as those whose rights
// are few, and looks for what is deleted, a draft or private by now.
func TestPastShowsNothingThatIsHiddenNow(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	for _, step := range s.steps {
		step()
	}
	for position := range int(s.Log.Head().Position) + 1 {
		for _, name := range []string{"visitor", "VIEWER"} {
			raw := s.everything(s.tokens[name], fmt.Sprint(position))
			for _, hidden := range []string{"first words", "second words", "Alpha page", "Alpha deck", "example.org"} {
				if strings.Contains(raw, hidden) {
					t.Fatalf("as of %d a %s is shown %q: %s", position, name, hidden, raw)
				}
			}
		}
	}
	raw := s.everything(s.tokens["AUTHOR"], "9")
	if !strings.Contains(raw, "first words") || !strings.Contains(raw, "Alpha deck") {
		t.Errorf("the author does not see the past of what they deleted: %s", raw)
	}
}

func TestChildrenInheritThePointInTime(t *testing.T) {
	t.Parallel()
	h := start(t)
	author, token := h.user(domain.Author)
	id := h.content(token, object{"title": "One"})
	deck, slides := h.presentation(token, object{"markdown": threeSlides})
	then := h.head()
	h.do(token, "updateUser", object{"id": author, "displayName": "Later"})
	h.do(token, "updateContent", object{"id": id, "title": "Two"})
	h.do(token, "updateSlide", object{"presentationId": deck, "slideId": slides[0], "content": "later"})
	a := h.must(token, `query($id: ID!, $deck: ID!, $slide: ID!, $at: AsOf) {
		content(id: $id, asOf: $at) { author { displayName } history { totalCount nodes { actor { displayName } subject { ... on Content { title author { displayName } } } } }
			two: revision(version: 2) { title } one: revision(version: 1) { author { displayName } } }
		presentation(id: $deck, asOf: $at) { slides { content presentation { version author { displayName } } } }
		node(id: $slide, asOf: $at) { ... on Slide { content presentation { slides { content } } } } }`,
		object{"id": id, "deck": deck, "slide": slides[0], "at": then})
	if raw := string(a.raw); strings.Contains(strings.ToLower(raw), "later") || strings.Contains(raw, `"Two"`) {
		t.Errorf("as of %s something of later is shown: %s", then, raw)
	}
	wantText(t, "history", fmt.Sprint(a.number("content", "history", "totalCount")), "1")
	wantNull(t, "a version of later", a.at("content", "two"))
	diff := h.ask(token, `query($id: ID!, $at: AsOf) { content(id: $id, asOf: $at) { diff(from: 1, to: 2) { to } } }`, object{"id": id, "at": then})
	wantText(t, "a diff with a version of later", diff.code(), "NOT_FOUND")
}

func TestOneOperationReadsOnePosition(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Admin)
	id := h.content(token, nil)
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				h.do(token, "updateContent", object{"id": id, "title": fmt.Sprint("Title ", n)})
			}
		}
	})
	for range 50 {
		a := h.must(token, `query($id: ID!) { log { head recordedAt } a: contents { position } events(last: 1) { position nodes { position recordedAt } }
			content(id: $id) { version history(last: 1) { position nodes { position streamVersion } } revision(version: 1) { history { position } } }
			presentations { position } users { position } tags { position } }`, object{"id": id})
		head := a.text("log", "head")
		for _, path := range [][]any{
			{"a", "position"},
			{"events", "position"},
			{"events", "nodes", 0, "position"},
			{"content", "history", "position"},
			{"content", "history", "nodes", 0, "position"},
			{"presentations", "position"},
			{"users", "position"},
			{"tags", "position"},
			{"content", "revision", "history", "position"},
		} {
			wantText(t, fmt.Sprint(path), a.text(path...), head)
		}
		wantText(t, "recordedAt", a.text("log", "recordedAt"), a.text("events", "nodes", 0, "recordedAt"))
		if v, last := a.number("content", "version"), a.number("content", "history", "nodes", 0, "streamVersion"); v != last {
			t.Errorf("version %d is shown with a history up to %d", v, last)
		}
	}
	close(done)
	writer.Wait()
}

// TestInstantHasOnePositionForEver asks for now while many write, and for the same
// instants again when all is quiet: what was recorded by then counts, committed or not.
func TestInstantHasOnePositionForEver(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	done := make(chan struct{})
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					h.content(token, nil)
				}
			}
		})
	}
	position := func(at string) string {
		return h.must(token, `query($at: AsOf) { contents(first: 1, asOf: $at) { position } }`, object{"at": at}).text("contents", "position")
	}
	told := map[string]string{}
	for range 100 {
		at := time.Now().UTC().Format(time.RFC3339Nano)
		told[at] = position(at)
	}
	close(done)
	writers.Wait()
	for at, was := range told {
		wantText(t, "as of "+at, position(at), was)
	}
}

func TestMutationsReadTheirOwnWrites(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	a := h.must(token, `mutation {
		a: createContent(input: {title: "A", content: "x", tags: ["t"]}) { position content { slug } query { contents { totalCount position } log { head } tags { nodes { name } } contents2: contents(search: "A") { totalCount } } }
		b: createContent(input: {title: "A", content: "y"}) { position content { slug } query { contents { totalCount position } log { head } } } }`, nil)
	wantText(t, "slugs", a.text("a", "content", "slug")+" "+a.text("b", "content", "slug"), "a a-2")
	for name, total := range map[string]int{"a": 1, "b": 2} {
		position := a.text(name, "position")
		wantText(t, "position", a.text(name, "query", "contents", "position"), position)
		wantText(t, "head", a.text(name, "query", "log", "head"), position)
		if got := a.number(name, "query", "contents", "totalCount"); got != total {
			t.Errorf("after %s there are %d contents, want %d", name, got, total)
		}
	}
}

func TestRevisionAndDiffTellWhatChanged(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	id := h.content(token, object{"title": "One", "content": "a\nb\nc\n", "tags": []string{"x"}})
	then := h.head()
	h.do(token, "updateContent", object{"id": id, "title": "Two", "content": "a\nB\nc\n", "tags": []string{}, "description": "d"})
	h.do(token, "publishContent", object{"id": id})
	a := h.must(token, `query($id: ID!, $at: AsOf) { content(id: $id) {
		first: revision(version: 1) { title version } then: revision(asOf: $at) { title } never: revision(asOf: "1") { title } none: revision(version: 9) { title }
		diff(from: 1) { from to changes { path before after patch } } same: diff(from: 3, to: 3) { changes { path } } back: diff(from: 2, to: 1) { changes { path after } } } }`,
		object{"id": id, "at": then})
	wantText(t, "revision", a.text("content", "first", "title")+a.text("content", "then", "title"), "OneOne")
	wantNull(t, "before it was", a.at("content", "never"))
	wantNull(t, "no such version", a.at("content", "none"))
	wantList(t, "changed", a.texts("path", "content", "diff", "changes"), "/title", "/description", "/content", "/status", "/tags")
	wantText(t, "range", fmt.Sprint(a.number("content", "diff", "from"), a.number("content", "diff", "to")), "1 3")
	wantText(t, "patch", a.text("content", "diff", "changes", 2, "patch"), "--- before\n+++ after\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n")
	wantNull(t, "description before", a.at("content", "diff", "changes", 1, "before"))
	tags, err := json.Marshal(a.at("content", "diff", "changes", 4))
	wantText(t, "tags", fmt.Sprint(string(tags), err), `{"after":[],"before":["x"],"patch":null,"path":"/tags"}<nil>`)
	wantList(t, "same", a.texts("path", "content", "same", "changes"))
	wantText(t, "back", a.text("content", "back", "changes", 0, "after"), "One")
	for _, bad := range []string{"diff(from: 0) { to }", "diff(from: 1, to: 9) { to }", "revision { id }", `revision(version: 1, asOf: "1") { id }`, "revision(version: 0) { id }"} {
		a := h.ask(token, `query($id: ID!) { content(id: $id) { `+bad+` } }`, object{"id": id})
		if code := a.code(); code != "BAD_USER_INPUT" && code != "NOT_FOUND" {
			t.Errorf("%s is answered %s", bad, code)
		}
	}
}

func TestDeckDiffTellsSlideBySlide(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	deck, slides := h.presentation(token, object{"markdown": threeSlides})
	h.do(token, "updateSlide", object{"presentationId": deck, "slideId": slides[0], "content": "new", "notes": nil})
	h.do(token, "removeSlide", object{"presentationId": deck, "slideId": slides[1]})
	h.do(token, "updatePresentation", object{"id": deck, "isPublic": true})
	a := h.must(token, `query($id: ID!) { presentation(id: $id) { diff(from: 4) { changes { path before after } } } }`, object{"id": deck})
	wantList(t, "changed", a.texts("path", "presentation", "diff", "changes"), "/isPublic", "/order",
		"/slides/"+slides[0]+"/content", "/slides/"+slides[0]+"/notes", "/slides/"+slides[1])
}
