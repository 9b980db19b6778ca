package api

import (
	"fmt"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

func TestDeckComesInAndGoesOutAsMarkdown(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	author, token := h.User(domain.Author)
	a := h.Mutate(token, "createPresentation", harness.Object{"title": "Deck", "markdown": harness.ThreeSlides})
	harness.WantText(t, "theme", a.Text("done", "presentation", "theme"), "seriph")
	harness.WantText(t, "description", a.Text("done", "presentation", "description"), "About decks")
	harness.WantText(t, "author", a.Text("done", "presentation", "author", "id"), author)
	harness.WantList(t, "order", a.Texts("order", "done", "presentation", "slides"), "1", "2", "3")
	harness.WantList(t, "notes", a.Texts("notes", "done", "presentation", "slides"), "secret one", "<nil>", "secret three")
	harness.WantList(t, "events", a.Texts("type", "done", "events"), "PresentationCreated", "SlideAdded", "SlideAdded", "SlideAdded")
	harness.WantNull(t, "slide", a.At("done", "slide"))
	out := a.Text("done", "presentation", "markdown")
	again := h.Mutate(token, "createPresentation", harness.Object{"title": "Deck", "markdown": out})
	harness.WantText(t, "out, in and out again", again.Text("done", "presentation", "markdown"), out)
	for _, field := range []string{"title", "content", "notes"} {
		harness.WantList(t, field, again.Texts(field, "done", "presentation", "slides"), a.Texts(field, "done", "presentation", "slides")...)
	}
	given := h.Mutate(token, "createPresentation", harness.Object{"title": "Deck", "theme": "mine", "description": "My own", "isPublic": true, "markdown": harness.ThreeSlides})
	harness.WantText(t, "given fields come before those of the file", given.Text("done", "presentation", "theme")+given.Text("done", "presentation", "description"), "mineMy own")
	empty := h.Mutate(token, "createPresentation", harness.Object{"title": "Deck"})
	harness.WantText(t, "theme", empty.Text("done", "presentation", "theme"), "default")
	harness.WantList(t, "slides", empty.Texts("id", "done", "presentation", "slides"))
}

func TestCommentsInSlidesAreForTheAuthorAndEditors(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	a := h.Mutate(token, "createPresentation", harness.Object{
		"title": "Deck", "isPublic": true, "markdown": "# A\n\n<!-- zebra -->\n\ntext <!-- .element: class=\"x\" -->",
	})
	deck := a.Text("done", "presentation", "id")
	add := h.Mutate(token, "addSlide", harness.Object{"presentationId": deck, "content": "b <!-- zebra --> c", "notes": "own"})
	harness.WantText(t, "added", add.Text("done", "slide", "content")+"|"+add.Text("done", "slide", "notes"), "b c|own\n\nzebra")
	update := h.Mutate(token, "updateSlide", harness.Object{
		"presentationId": deck, "slideId": add.Text("done", "slide", "id"), "content": "d\n\n<!-- zebra again -->",
	})
	harness.WantText(t, "updated", update.Text("done", "slide", "content")+"|"+update.Text("done", "slide", "notes"), "d|own\n\nzebra\n\nzebra again")

	shown := h.Ask("", `query($id: ID!) {
		presentation(id: $id) { markdown slides { content notes } history { nodes { data } } }
		presentations(search: "zebra") { totalCount }
	}`, harness.Object{"id": deck})
	harness.WantText(t, "found", fmt.Sprint(shown.At("presentations", "totalCount")), "0")
	if all := fmt.Sprint(shown); strings.Contains(all, "zebra") || !strings.Contains(all, ".element") {
		t.Errorf("a visitor sees %s", all)
	}
}

func TestSlidesGoWhereTheyArePlaced(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	deck, _ := h.CreatePresentation(token, nil)
	ids := map[string]string{}
	add := func(name string, at harness.Object) harness.Answer {
		a := h.Mutate(token, "addSlide", harness.Object{"presentationId": deck, "content": name, "at": at})
		ids[name] = a.Text("done", "slide", "id")
		harness.WantList(t, "addSlide", a.Texts("type", "done", "events"), "SlideAdded")
		return a
	}
	order := func(what string, a harness.Answer, want string) {
		t.Helper()
		harness.WantText(t, what, strings.Join(a.Texts("content", "done", "presentation", "slides"), ""), want)
	}
	order("at the end", add("a", nil), "a")
	order("at the end", add("b", nil), "ab")
	order("first", add("c", harness.Object{"order": 1}), "cab")
	order("after", add("d", harness.Object{"after": ids["c"]}), "cdab")
	order("before", add("e", harness.Object{"before": ids["c"]}), "ecdab")
	order("one behind the last", add("f", harness.Object{"order": 6}), "ecdabf")
	move := func(name string, to harness.Object) harness.Answer {
		return h.Mutate(token, "moveSlide", harness.Object{"presentationId": deck, "slideId": ids[name], "to": to})
	}
	a := move("f", harness.Object{"before": ids["e"]})
	order("to the front", a, "fecdab")
	harness.WantText(t, "the moved slide", fmt.Sprint(a.Number("done", "slide", "order")), "1")
	order("to its own place", move("e", harness.Object{"order": 2}), "fecdab")
	harness.WantList(t, "no event", move("e", harness.Object{"after": ids["f"]}).Texts("type", "done", "events"))
	order("to the end", move("f", harness.Object{"order": 6}), "ecdabf")
	order("behind the last", move("e", harness.Object{"after": ids["f"]}), "cdabfe")
	a = h.Mutate(token, "removeSlide", harness.Object{"presentationId": deck, "slideId": ids["d"]})
	order("removed", a, "cabfe")
	harness.WantNull(t, "the removed slide", a.At("done", "slide"))
	for path, to := range map[string]harness.Object{"input to order": {"order": 7}, "input to after": {"after": ids["d"]}, "input to before": {"before": ids["d"]}} {
		e := h.Refused(map[bool]string{true: "ValidationError", false: "NotFoundError"}[to["order"] != nil], token, "moveSlide",
			harness.Object{"presentationId": deck, "slideId": ids["a"], "to": to})
		harness.WantText(t, "path", e.Path, path)
	}
	h.Refused("ValidationError", token, "moveSlide", harness.Object{"presentationId": deck, "slideId": ids["a"], "to": harness.Object{"after": ids["a"]}})
	h.Refused("NotFoundError", token, "removeSlide", harness.Object{"presentationId": deck, "slideId": ids["d"]})
}

func TestSlideFieldsAreKeptClearedAndSet(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	deck, _ := h.CreatePresentation(token, nil)
	slide := h.Mutate(token, "addSlide", harness.Object{"presentationId": deck, "title": "T", "content": "c", "notes": "n"}).Text("done", "slide", "id")
	update := func(fields harness.Object) harness.Answer {
		fields["presentationId"], fields["slideId"] = deck, slide
		return h.Mutate(token, "updateSlide", fields)
	}
	a := update(harness.Object{"content": "d"})
	harness.WantText(t, "slide", fmt.Sprintln(a.At("done", "slide", "title"), a.At("done", "slide", "content"), a.At("done", "slide", "notes")), "T d n\n")
	a = update(harness.Object{"title": nil, "notes": nil})
	harness.WantText(t, "slide", fmt.Sprintln(a.At("done", "slide", "title"), a.At("done", "slide", "content"), a.At("done", "slide", "notes")), "<nil> d <nil>\n")
	harness.WantList(t, "no event", update(harness.Object{"title": nil, "content": "d"}).Texts("type", "done", "events"))
	e := h.Refused("ValidationError", token, "updateSlide", harness.Object{"presentationId": deck, "slideId": slide, "content": nil})
	harness.WantText(t, "path", e.Path, "input content")
	a = h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "title": "New", "description": "d", "theme": "t", "isPublic": true})
	harness.WantList(t, "events", a.Texts("type", "done", "events"), "PresentationUpdated")
	a = h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "description": nil})
	harness.WantNull(t, "description", a.At("done", "presentation", "description"))
	harness.WantText(t, "title", a.Text("done", "presentation", "title"), "New")
	harness.WantList(t, "no event", h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "title": "New"}).Texts("type", "done", "events"))
	for _, field := range []string{"title", "theme", "isPublic"} {
		h.Refused("ValidationError", token, "updatePresentation", harness.Object{"id": deck, field: nil})
	}
}

func TestOnlyChangesOfTheSameSlideConflict(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, one := h.User(domain.Editor)
	_, two := h.User(domain.Editor)
	deck, slides := h.CreatePresentation(one, harness.Object{"markdown": harness.ThreeSlides}) // version 4
	change := func(slide, content string) harness.Object {
		return harness.Object{"presentationId": deck, "slideId": slide, "content": content, "expectedVersion": 4}
	}
	h.Mutate(one, "updateSlide", change(slides[0], "by one"))
	h.Mutate(two, "updateSlide", change(slides[1], "by two"))
	h.Mutate(one, "updatePresentation", harness.Object{"id": deck, "title": "Header", "expectedVersion": 4})
	h.Mutate(two, "addSlide", harness.Object{"presentationId": deck, "content": "new", "expectedVersion": 7})
	e := h.Refused("VersionConflictError", two, "updateSlide", change(slides[0], "too late"))
	harness.WantText(t, "conflict", fmt.Sprintln(e.At("expected"), e.At("actual"), e.At("current", "id")), fmt.Sprintln(4, 8, deck))
	harness.WantList(t, "since", e.Answer.Texts("type", "done", "errors", 0, "eventsSince"), "SlideUpdated", "SlideUpdated", "PresentationUpdated", "SlideAdded")
	h.Refused("VersionConflictError", two, "moveSlide", harness.Object{"presentationId": deck, "slideId": slides[1], "to": harness.Object{"order": 1}, "expectedVersion": 4})
	h.Refused("VersionConflictError", two, "removeSlide", harness.Object{"presentationId": deck, "slideId": slides[1], "expectedVersion": 5})
	h.Refused("VersionConflictError", two, "updatePresentation", harness.Object{"id": deck, "title": "x", "expectedVersion": 6})
	h.Refused("VersionConflictError", two, "updateSlide", harness.Object{"presentationId": deck, "slideId": slides[2], "content": "x", "expectedVersion": 9})
	h.Refused("VersionConflictError", two, "deletePresentation", harness.Object{"id": deck, "expectedVersion": 7})
	h.Mutate(two, "removeSlide", harness.Object{"presentationId": deck, "slideId": slides[2], "expectedVersion": 4})
	h.Mutate(two, "deletePresentation", harness.Object{"id": deck, "expectedVersion": 9})
}

func TestRestoredDeckHasItsSlidesAndNoMoreReaders(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	deck, slides := h.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides, "isPublic": true})
	before := h.Must(token, `query($id: ID!) { presentation(id: $id) { markdown slides { id notes } } }`, harness.Object{"id": deck})
	h.Mutate(token, "removeSlide", harness.Object{"presentationId": deck, "slideId": slides[1]})
	h.Mutate(token, "moveSlide", harness.Object{"presentationId": deck, "slideId": slides[2], "to": harness.Object{"order": 1}})
	h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "title": "Private now", "isPublic": false})
	a := h.Mutate(token, "restorePresentation", harness.Object{"id": deck, "toVersion": 4})
	harness.WantText(t, "markdown", a.Text("done", "presentation", "markdown"), before.Text("presentation", "markdown"))
	harness.WantList(t, "slides", a.Texts("id", "done", "presentation", "slides"), slides...)
	harness.WantText(t, "isPublic of a deck that was public then", fmt.Sprint(a.At("done", "presentation", "isPublic")), "false")
	harness.WantList(t, "the same once more", h.Mutate(token, "restorePresentation", harness.Object{"id": deck, "toVersion": 4}).Texts("type", "done", "events"))
	h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "isPublic": true})
	h.Mutate(token, "deletePresentation", harness.Object{"id": deck})
	h.Refused("NotFoundError", token, "addSlide", harness.Object{"presentationId": deck, "content": "x"})
	e := h.Refused("ValidationError", token, "restorePresentation", harness.Object{"id": deck, "toVersion": 10})
	harness.WantText(t, "path", e.Path, "input toVersion")
	h.Refused("NotFoundError", token, "restorePresentation", harness.Object{"id": deck, "toVersion": 11})
	a = h.Mutate(token, "restorePresentation", harness.Object{"id": deck, "toVersion": 7})
	harness.WantText(t, "isPublic of a deck that was deleted", fmt.Sprint(a.At("done", "presentation", "isPublic")), "false")
	harness.WantList(t, "slides", a.Texts("id", "done", "presentation", "slides"), slides[2], slides[0])
}

func TestSlideIsANodeOfItsDeck(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	deck, slides := h.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides})
	const look = `query($id: ID!) { node(id: $id) { __typename id ... on Slide { order notes presentation { id slides { id } } } } }`
	a := h.Must(token, look, harness.Object{"id": slides[2]})
	harness.WantText(t, "slide", fmt.Sprintln(a.At("node", "__typename"), a.At("node", "order"), a.At("node", "notes"), a.At("node", "presentation", "id")),
		fmt.Sprintln("Slide", 3, "secret three", deck))
	harness.WantList(t, "its deck", a.Texts("id", "node", "presentation", "slides"), slides...)
	harness.WantNull(t, "a visitor sees", h.Must("", look, harness.Object{"id": slides[2]}).At("node"))
	h.Mutate(token, "removeSlide", harness.Object{"presentationId": deck, "slideId": slides[2]})
	harness.WantNull(t, "a removed slide", h.Must(token, look, harness.Object{"id": slides[2]}).At("node"))
}

// TestSpeakerNotesAreForTheAuthorAndEditors asks for everything that is reached from a public deck
// whose notes were written, changed, restored and diffed.
func TestSpeakerNotesAreForTheAuthorAndEditors(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, owner := h.User(domain.Author)
	deck, slides := h.CreatePresentation(owner, harness.Object{"markdown": harness.ThreeSlides, "isPublic": true})
	h.Mutate(owner, "updateSlide", harness.Object{"presentationId": deck, "slideId": slides[1], "notes": "secret two"})
	h.Mutate(owner, "addSlide", harness.Object{"presentationId": deck, "content": "four", "notes": "secret four"})
	h.Mutate(owner, "restorePresentation", harness.Object{"id": deck, "toVersion": 4})
	h.Mutate(owner, "restorePresentation", harness.Object{"id": deck, "toVersion": 6})
	const everything = `query($id: ID!, $slide: ID!) {
		presentation(id: $id) { ...deck revision(version: 6) { ...deck } diff(from: 1) { ...changes } back: diff(from: 6, to: 4) { ...changes }
			history { nodes { ...event } } }
		presentations { nodes { ...deck } } node(id: $slide) { ... on Slide { ...slide presentation { ...deck } } }
		then: presentation(id: $id, asOf: "6") { ...deck }
		events { nodes { ...event } } search: presentations(search: "secret") { totalCount } }
		fragment slide on Slide { id content notes }
		fragment deck on Presentation { markdown slides { ...slide } }
		fragment changes on Diff { changes { path before after patch } }
		fragment event on Event { type data subject { ... on Presentation { ...deck } } ... on SlideAdded { notes } ... on SlideUpdated { notes changes } }`
	vars := harness.Object{"id": deck, "slide": slides[0]}
	_, viewer := h.User(domain.Viewer)
	_, other := h.User(domain.Author)
	for name, token := range map[string]string{"visitor": "", "VIEWER": viewer, "another AUTHOR": other} {
		a := h.Must(token, everything, vars)
		if raw := string(a.Raw); strings.Contains(raw, "secret") || !strings.Contains(raw, "First.") {
			t.Errorf("a %s is shown notes, or nothing: %s", name, raw)
		}
	}
	_, editor := h.User(domain.Editor)
	_, admin := h.User(domain.Admin)
	for name, token := range map[string]string{"the author": owner, "EDITOR": editor, "ADMIN": admin} {
		a := h.Must(token, everything, vars)
		if n := strings.Count(string(a.Raw), "secret"); n < 20 {
			t.Errorf("%s finds notes only %d times: %s", name, n, a.Raw)
		}
		if n := a.Number("search", "totalCount"); n != 0 {
			t.Errorf("notes are searched: %s finds %d decks", name, n)
		}
	}
}
