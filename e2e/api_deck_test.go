package e2e

import (
	"fmt"
	"strings"
	"testing"

	"flightdeck/domain"
)

const threeSlides = `---
theme: seriph
title: In the file
description: About decks
---

# One

First.

<!-- secret one -->

---

# Two

---

# Three

<!--
secret three
-->
`

func TestDeckComesInAndGoesOutAsMarkdown(t *testing.T) {
	t.Parallel()
	h := start(t)
	author, token := h.user(domain.Author)
	a := h.do(token, "createPresentation", object{"title": "Deck", "markdown": threeSlides})
	wantText(t, "theme", a.text("done", "presentation", "theme"), "seriph")
	wantText(t, "description", a.text("done", "presentation", "description"), "About decks")
	wantText(t, "author", a.text("done", "presentation", "author", "id"), author)
	wantList(t, "order", a.texts("order", "done", "presentation", "slides"), "1", "2", "3")
	wantList(t, "notes", a.texts("notes", "done", "presentation", "slides"), "secret one", "<nil>", "secret three")
	wantList(t, "events", a.texts("type", "done", "events"), "PresentationCreated", "SlideAdded", "SlideAdded", "SlideAdded")
	wantNull(t, "slide", a.at("done", "slide"))
	out := a.text("done", "presentation", "markdown")
	again := h.do(token, "createPresentation", object{"title": "Deck", "markdown": out})
	wantText(t, "out, in and out again", again.text("done", "presentation", "markdown"), out)
	for _, field := range []string{"title", "content", "notes"} {
		wantList(t, field, again.texts(field, "done", "presentation", "slides"), a.texts(field, "done", "presentation", "slides")...)
	}
	given := h.do(token, "createPresentation", object{"title": "Deck", "theme": "mine", "description": "My own", "isPublic": true, "markdown": threeSlides})
	wantText(t, "what is given counts", given.text("done", "presentation", "theme")+given.text("done", "presentation", "description"), "mineMy own")
	empty := h.do(token, "createPresentation", object{"title": "Deck"})
	wantText(t, "theme", empty.text("done", "presentation", "theme"), "default")
	wantList(t, "slides", empty.texts("id", "done", "presentation", "slides"))
}

func TestSlidesGoWhereTheyArePlaced(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	deck, _ := h.presentation(token, nil)
	ids := map[string]string{}
	add := func(name string, at object) answer {
		a := h.do(token, "addSlide", object{"presentationId": deck, "content": name, "at": at})
		ids[name] = a.text("done", "slide", "id")
		wantList(t, "addSlide", a.texts("type", "done", "events"), "SlideAdded")
		return a
	}
	order := func(what string, a answer, want string) {
		t.Helper()
		wantText(t, what, strings.Join(a.texts("content", "done", "presentation", "slides"), ""), want)
	}
	order("at the end", add("a", nil), "a")
	order("at the end", add("b", nil), "ab")
	order("first", add("c", object{"order": 1}), "cab")
	order("after", add("d", object{"after": ids["c"]}), "cdab")
	order("before", add("e", object{"before": ids["c"]}), "ecdab")
	order("one behind the last", add("f", object{"order": 6}), "ecdabf")
	move := func(name string, to object) answer {
		return h.do(token, "moveSlide", object{"presentationId": deck, "slideId": ids[name], "to": to})
	}
	a := move("f", object{"before": ids["e"]})
	order("to the front", a, "fecdab")
	wantText(t, "the moved slide", fmt.Sprint(a.number("done", "slide", "order")), "1")
	order("to its own place", move("e", object{"order": 2}), "fecdab")
	wantList(t, "no event", move("e", object{"after": ids["f"]}).texts("type", "done", "events"))
	order("to the end", move("f", object{"order": 6}), "ecdabf")
	order("behind the last", move("e", object{"after": ids["f"]}), "cdabfe")
	a = h.do(token, "removeSlide", object{"presentationId": deck, "slideId": ids["d"]})
	order("removed", a, "cabfe")
	wantNull(t, "the removed slide", a.at("done", "slide"))
	for path, to := range map[string]object{"input to order": {"order": 7}, "input to after": {"after": ids["d"]}, "input to before": {"before": ids["d"]}} {
		e := h.refused(map[bool]string{true: "ValidationError", false: "NotFoundError"}[to["order"] != nil], token, "moveSlide",
			object{"presentationId": deck, "slideId": ids["a"], "to": to})
		wantText(t, "path", e.Path, path)
	}
	h.refused("ValidationError", token, "moveSlide", object{"presentationId": deck, "slideId": ids["a"], "to": object{"after": ids["a"]}})
	h.refused("NotFoundError", token, "removeSlide", object{"presentationId": deck, "slideId": ids["d"]})
}

func TestSlideFieldsAreKeptClearedAndSet(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	deck, _ := h.presentation(token, nil)
	slide := h.do(token, "addSlide", object{"presentationId": deck, "title": "T", "content": "c", "notes": "n"}).text("done", "slide", "id")
	update := func(fields object) answer {
		fields["presentationId"], fields["slideId"] = deck, slide
		return h.do(token, "updateSlide", fields)
	}
	a := update(object{"content": "d"})
	wantText(t, "slide", fmt.Sprintln(a.at("done", "slide", "title"), a.at("done", "slide", "content"), a.at("done", "slide", "notes")), "T d n\n")
	a = update(object{"title": nil, "notes": nil})
	wantText(t, "slide", fmt.Sprintln(a.at("done", "slide", "title"), a.at("done", "slide", "content"), a.at("done", "slide", "notes")), "<nil> d <nil>\n")
	wantList(t, "no event", update(object{"title": nil, "content": "d"}).texts("type", "done", "events"))
	e := h.refused("ValidationError", token, "updateSlide", object{"presentationId": deck, "slideId": slide, "content": nil})
	wantText(t, "path", e.Path, "input content")
	a = h.do(token, "updatePresentation", object{"id": deck, "title": "New", "description": "d", "theme": "t", "isPublic": true})
	wantList(t, "events", a.texts("type", "done", "events"), "PresentationUpdated")
	a = h.do(token, "updatePresentation", object{"id": deck, "description": nil})
	wantNull(t, "description", a.at("done", "presentation", "description"))
	wantText(t, "title", a.text("done", "presentation", "title"), "New")
	wantList(t, "no event", h.do(token, "updatePresentation", object{"id": deck, "title": "New"}).texts("type", "done", "events"))
	for _, field := range []string{"title", "theme", "isPublic"} {
		h.refused("ValidationError", token, "updatePresentation", object{"id": deck, field: nil})
	}
}

func TestOnlyChangesOfTheSameSlideConflict(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, one := h.user(domain.Editor)
	_, two := h.user(domain.Editor)
	deck, slides := h.presentation(one, object{"markdown": threeSlides}) // version 4
	change := func(slide, content string) object {
		return object{"presentationId": deck, "slideId": slide, "content": content, "expectedVersion": 4}
	}
	h.do(one, "updateSlide", change(slides[0], "by one"))
	h.do(two, "updateSlide", change(slides[1], "by two"))
	h.do(one, "updatePresentation", object{"id": deck, "title": "Header", "expectedVersion": 4})
	h.do(two, "addSlide", object{"presentationId": deck, "content": "new", "expectedVersion": 7})
	e := h.refused("VersionConflictError", two, "updateSlide", change(slides[0], "too late"))
	wantText(t, "conflict", fmt.Sprintln(e.at("expected"), e.at("actual"), e.at("current", "id")), fmt.Sprintln(4, 8, deck))
	wantList(t, "since", e.raw.texts("type", "done", "errors", 0, "eventsSince"), "SlideUpdated", "SlideUpdated", "PresentationUpdated", "SlideAdded")
	h.refused("VersionConflictError", two, "moveSlide", object{"presentationId": deck, "slideId": slides[1], "to": object{"order": 1}, "expectedVersion": 4})
	h.refused("VersionConflictError", two, "removeSlide", object{"presentationId": deck, "slideId": slides[1], "expectedVersion": 5})
	h.refused("VersionConflictError", two, "updatePresentation", object{"id": deck, "title": "x", "expectedVersion": 6})
	h.refused("VersionConflictError", two, "updateSlide", object{"presentationId": deck, "slideId": slides[2], "content": "x", "expectedVersion": 9})
	h.refused("VersionConflictError", two, "deletePresentation", object{"id": deck, "expectedVersion": 7})
	h.do(two, "removeSlide", object{"presentationId": deck, "slideId": slides[2], "expectedVersion": 4})
	h.do(two, "deletePresentation", object{"id": deck, "expectedVersion": 9})
}

func TestRestoredDeckHasItsSlidesAndNoMoreReaders(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	deck, slides := h.presentation(token, object{"markdown": threeSlides, "isPublic": true})
	before := h.must(token, `query($id: ID!) { presentation(id: $id) { markdown slides { id notes } } }`, object{"id": deck})
	h.do(token, "removeSlide", object{"presentationId": deck, "slideId": slides[1]})
	h.do(token, "moveSlide", object{"presentationId": deck, "slideId": slides[2], "to": object{"order": 1}})
	h.do(token, "updatePresentation", object{"id": deck, "title": "Private now", "isPublic": false})
	a := h.do(token, "restorePresentation", object{"id": deck, "toVersion": 4})
	wantText(t, "markdown", a.text("done", "presentation", "markdown"), before.text("presentation", "markdown"))
	wantList(t, "slides", a.texts("id", "done", "presentation", "slides"), slides...)
	wantText(t, "isPublic of what was public then", fmt.Sprint(a.at("done", "presentation", "isPublic")), "false")
	wantList(t, "the same once more", h.do(token, "restorePresentation", object{"id": deck, "toVersion": 4}).texts("type", "done", "events"))
	h.do(token, "updatePresentation", object{"id": deck, "isPublic": true})
	h.do(token, "deletePresentation", object{"id": deck})
	h.refused("NotFoundError", token, "addSlide", object{"presentationId": deck, "content": "x"})
	e := h.refused("ValidationError", token, "restorePresentation", object{"id": deck, "toVersion": 10})
	wantText(t, "path", e.Path, "input toVersion")
	h.refused("NotFoundError", token, "restorePresentation", object{"id": deck, "toVersion": 11})
	a = h.do(token, "restorePresentation", object{"id": deck, "toVersion": 7})
	wantText(t, "isPublic of what was deleted", fmt.Sprint(a.at("done", "presentation", "isPublic")), "false")
	wantList(t, "slides", a.texts("id", "done", "presentation", "slides"), slides[2], slides[0])
}

func TestSlideIsANodeOfItsDeck(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	deck, slides := h.presentation(token, object{"markdown": threeSlides})
	const look = `query($id: ID!) { node(id: $id) { __typename id ... on Slide { order notes presentation { id slides { id } } } } }`
	a := h.must(token, look, object{"id": slides[2]})
	wantText(t, "slide", fmt.Sprintln(a.at("node", "__typename"), a.at("node", "order"), a.at("node", "notes"), a.at("node", "presentation", "id")),
		fmt.Sprintln("Slide", 3, "secret three", deck))
	wantList(t, "its deck", a.texts("id", "node", "presentation", "slides"), slides...)
	wantNull(t, "a visitor sees", h.must("", look, object{"id": slides[2]}).at("node"))
	h.do(token, "removeSlide", object{"presentationId": deck, "slideId": slides[2]})
	wantNull(t, "a removed slide", h.must(token, look, object{"id": slides[2]}).at("node"))
}

// TestSpeakerNotesAreForTheAuthorAndEditors asks for everything that is reached from
// a public deck whose notes were written, changed, restored and diffed.
func TestSpeakerNotesAreForTheAuthorAndEditors(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, owner := h.user(domain.Author)
	deck, slides := h.presentation(owner, object{"markdown": threeSlides, "isPublic": true})
	h.do(owner, "updateSlide", object{"presentationId": deck, "slideId": slides[1], "notes": "secret two"})
	h.do(owner, "addSlide", object{"presentationId": deck, "content": "four", "notes": "secret four"})
	h.do(owner, "restorePresentation", object{"id": deck, "toVersion": 4})
	h.do(owner, "restorePresentation", object{"id": deck, "toVersion": 6})
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
	vars := object{"id": deck, "slide": slides[0]}
	_, viewer := h.user(domain.Viewer)
	_, other := h.user(domain.Author)
	for name, token := range map[string]string{"visitor": "", "VIEWER": viewer, "another AUTHOR": other} {
		a := h.must(token, everything, vars)
		if raw := string(a.raw); strings.Contains(raw, "secret") || !strings.Contains(raw, "First.") {
			t.Errorf("a %s is shown notes, or nothing: %s", name, raw)
		}
	}
	_, editor := h.user(domain.Editor)
	_, admin := h.user(domain.Admin)
	for name, token := range map[string]string{"the author": owner, "EDITOR": editor, "ADMIN": admin} {
		a := h.must(token, everything, vars)
		if n := strings.Count(string(a.raw), "secret"); n < 20 {
			t.Errorf("%s finds notes only %d times: %s", name, n, a.raw)
		}
		if n := a.number("search", "totalCount"); n != 0 {
			t.Errorf("notes are searched: %s finds %d decks", name, n)
		}
	}
}
