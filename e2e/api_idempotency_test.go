package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
)

// keyed are commands of every kind, in an order in which each can be done.
func keyed(h *harness, admin, token string) []struct {
	mutation string
	input    object
} {
	content := h.content(token, object{"title": "Other"})
	deck, slides := h.presentation(token, object{"markdown": threeSlides})
	user, _ := h.user(domain.Viewer)
	slide := object{"presentationId": deck, "slideId": slides[0]}
	return []struct {
		mutation string
		input    object
	}{
		{"createContent", object{"title": "Title", "content": "x", "tags": []string{"a"}}},
		{"updateContent", object{"id": content, "title": "New", "description": nil}},
		{"publishContent", object{"id": content}},
		{"publishContent", object{"id": content, "expectedVersion": 3}}, // leads to nothing
		{"unpublishContent", object{"id": content}},
		{"archiveContent", object{"id": content}},
		{"deleteContent", object{"id": content}},
		{"restoreContent", object{"id": content, "toVersion": 1}},
		{"createPresentation", object{"title": "Deck", "markdown": threeSlides}},
		{"updatePresentation", object{"id": deck, "isPublic": true}},
		{"addSlide", object{"presentationId": deck, "content": "new", "at": object{"after": slides[0]}}},
		{"updateSlide", slide.with("notes", nil)},
		{"moveSlide", slide.with("to", object{"order": 3})},
		{"removeSlide", slide},
		{"deletePresentation", object{"id": deck}},
		{"restorePresentation", object{"id": deck, "toVersion": 4}},
		{"updateUser", object{"id": user, "displayName": "New"}},
		{"changeRole", object{"id": user, "role": "AUTHOR"}},
		{"applyBatch", object{"commands": []object{
			{"createContent": object{"title": "Batch", "content": "x"}},
			{"addSlide": object{"presentationId": deck, "content": "in a batch"}},
			{"createPresentation": object{"title": "Batch", "markdown": threeSlides}},
			{"updateContent": object{"id": content, "title": "Batch"}},
			{"addSlide": object{"presentationId": deck, "content": "another"}},
			{"removeSlide": object{"presentationId": deck, "slideId": slides[1]}},
		}}},
		{"applyBatch", object{"commands": []object{{"archiveContent": object{"id": content}}, {"archiveContent": object{"id": content}}}}},
	}
}

// TestSameKeyGivesTheSameAnswerOnce sends every command again, at once and after a
// restart: the payload is the same, byte for byte, and nothing is written.
func TestSameKeyGivesTheSameAnswerOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	h := startOn(t, path)
	_, admin := h.user(domain.Admin)
	token := admin
	commands := keyed(h, admin, token)
	answers := make([]string, len(commands))
	send := func(h *harness, i int) string {
		c := commands[i]
		return string(h.do(token, c.mutation, c.input.with("idempotencyKey", fmt.Sprint("key ", i))).raw)
	}
	for i := range commands {
		answers[i] = send(h, i)
		head := h.head()
		if again := send(h, i); again != answers[i] {
			t.Errorf("%s, at once: %s", commands[i].mutation, firstDifference(again, answers[i]))
		}
		wantText(t, "head", h.head(), head)
	}
	head := h.head()
	again := func(h *harness, when string) {
		for i := range commands {
			if got := send(h, i); got != answers[i] {
				t.Errorf("%s, %s: %s", commands[i].mutation, when, firstDifference(got, answers[i]))
			}
		}
		wantText(t, "head", h.head(), head)
	}
	again(h, "later")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again(startOn(t, path), "after a restart")
}

func TestKeySentByManyAtOnceIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	answers := make([]string, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = string(h.do(token, "createContent", object{"title": "One", "content": "x", "idempotencyKey": "k"}).raw)
		})
	}
	all.Wait()
	if got := slices.Compact(slices.Clone(answers)); len(got) != 1 {
		t.Errorf("the same command is answered in %d ways: %q", len(got), got)
	}
	if n := h.must(token, `{ contents { totalCount } }`, nil).number("contents", "totalCount"); n != 1 {
		t.Errorf("it was done %d times", n)
	}
}

func TestKeyIsOneCommandsOfOneActor(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, one := h.user(domain.Editor)
	_, two := h.user(domain.Editor)
	input := object{"title": "A", "content": "x", "idempotencyKey": "k"}
	id := h.do(one, "createContent", input).text("done", "content", "id")
	for _, other := range []object{
		input.with("title", "B"), input.with("content", "y"), input.with("description", ""), input.with("slug", "a-2"), input.with("tags", []string{}),
		input.with("status", "PUBLISHED"), input.with("format", "HTML"),
	} {
		wantText(t, "path", h.refused("IdempotencyKeyReusedError", one, "createContent", other).Path, "input idempotencyKey")
	}
	target := object{"id": id, "idempotencyKey": "k"}
	for _, mutation := range []string{"publishContent", "archiveContent", "unpublishContent", "deleteContent", "updateContent"} {
		h.refused("IdempotencyKeyReusedError", one, mutation, target)
	}
	other := h.do(two, "createContent", input).text("done", "content", "id")
	if other == id || other == "" {
		t.Errorf("another actor's key led to %q", other)
	}
	h.do(one, "createContent", object{"title": "A", "content": "x"})
	h.do(one, "archiveContent", target.with("idempotencyKey", "another"))
	for _, mutation := range []string{"publishContent", "unpublishContent", "deleteContent"} {
		h.refused("IdempotencyKeyReusedError", one, mutation, target.with("idempotencyKey", "another"))
	}
	h.do(one, "updateContent", target.with("idempotencyKey", "third"))
	for _, input := range []object{{"description": nil}, {"tags": nil}, {"tags": []string{}}, {"title": "A"}, {"expectedVersion": 2}} {
		for name, value := range input {
			h.refused("IdempotencyKeyReusedError", one, "updateContent", target.with("idempotencyKey", "third").with(name, value))
		}
	}
	e := h.refused("ValidationError", one, "createContent", object{"title": "", "content": "x", "idempotencyKey": "refused"})
	wantText(t, "path", e.Path, "input title")
	h.do(one, "createContent", object{"title": "now good", "content": "x", "idempotencyKey": "refused"})
}

// TestKeyOfABatchTellsItsCommandsApart: commands that look alike but for their name
// are not the same.
func TestKeyOfABatchTellsItsCommandsApart(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	id := h.content(token, nil)
	deck, _ := h.presentation(token, nil)
	batch := func(command string, id string) object {
		return object{"idempotencyKey": "k", "commands": []object{{command: object{"id": id}}}}
	}
	h.do(token, "applyBatch", batch("publishContent", id))
	for _, command := range []string{"archiveContent", "unpublishContent", "deleteContent"} {
		h.refused("IdempotencyKeyReusedError", token, "applyBatch", batch(command, id))
	}
	h.refused("IdempotencyKeyReusedError", token, "applyBatch", batch("deletePresentation", deck))
	h.do(token, "applyBatch", batch("publishContent", id))
}

func TestRegisteringAgainLogsIn(t *testing.T) {
	t.Parallel()
	h := start(t)
	input := object{"email": "a@example.org", "displayName": "A", "password": "correct horse", "idempotencyKey": "k"}
	first := h.do("", "registerUser", input)
	again := h.do("", "registerUser", input)
	wantText(t, "user", again.text("done", "user", "id"), first.text("done", "user", "id"))
	if again.text("done", "token") == first.text("done", "token") {
		t.Error("both sessions have the same token")
	}
	for _, a := range []answer{first, again} {
		wantText(t, "viewer", h.must(a.text("done", "token"), `{ viewer { role } }`, nil).text("viewer", "role"), "ADMIN")
	}
	h.refused("ValidationError", "", "registerUser", input.with("password", "wrong horse"))
	h.refused("IdempotencyKeyReusedError", "", "registerUser", input.with("displayName", "B"))
	h.refused("AlreadyTakenError", "", "registerUser", input.with("idempotencyKey", "other"))
}

func TestBatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	id := h.content(token, object{"slug": "taken"})
	deck, slides := h.presentation(token, object{"markdown": threeSlides})
	create := func(title, slug string) object {
		return object{"createContent": object{"title": title, "content": "x", "slug": slug}}
	}
	a := h.do(token, "applyBatch", object{"commands": []object{
		{"updateContent": object{"id": id, "slug": "free"}},
		create("B", "taken"),
		{"publishContent": object{"id": id, "expectedVersion": 2}},
		{"moveSlide": object{"presentationId": deck, "slideId": slides[0], "to": object{"order": 3}}},
		{"removeSlide": object{"presentationId": deck, "slideId": slides[1]}},
		{"deleteContent": object{"id": id}},
		{"restoreContent": object{"id": id, "toVersion": 1, "expectedVersion": 4}},
	}[:6]})
	wantList(t, "events", a.texts("type", "done", "events"), "ContentUpdated", "ContentCreated", "ContentPublished", "SlideMoved", "SlideRemoved", "ContentDeleted")
	wantList(t, "ids", a.texts("id", "done", "results"), id, a.text("done", "results", 1, "id"), id, deck, deck, id)
	wantNull(t, "the deleted content", a.at("done", "results", 0, "node"))
	wantList(t, "slides", a.texts("slideId", "done", "results"), "<nil>", "<nil>", "<nil>", slides[0], "<nil>", "<nil>")
	good := create("Good", "good")
	for _, c := range []struct {
		typename, path string
		commands       []object
	}{
		{"AlreadyTakenError", "input commands 1 slug", []object{good, create("Bad", "taken")}},
		{"AlreadyTakenError", "input commands 1 slug", []object{good, create("Bad", "good")}},
		{"ValidationError", "input commands 2 title", []object{good, {"addSlide": object{"presentationId": deck, "content": "x"}}, create(" ", "fine")}},
		{"ValidationError", "input commands 0 id", []object{{"publishContent": object{"id": deck}}, good}},
		{"NotFoundError", "input commands 1 id", []object{good, {"publishContent": object{"id": id}}}},
		{"VersionConflictError", "input commands 1 expectedVersion", []object{good, {"updatePresentation": object{"id": deck, "expectedVersion": 99}}}},
		{"ValidationError", "input commands 1", []object{good, {"deletePresentation": object{"id": deck, "idempotencyKey": "own"}}}},
		{"ValidationError", "input commands", []object{}},
		{"ValidationError", "input commands", slices.Repeat([]object{{"publishContent": object{"id": id}}}, 101)},
		{"ValidationError", "input commands 0 to", []object{{"moveSlide": object{"presentationId": deck, "slideId": slides[0], "to": object{}}}}},
	} {
		e := h.refused(c.typename, token, "applyBatch", object{"commands": c.commands, "idempotencyKey": "batch"})
		wantText(t, c.typename, e.Path, c.path)
		wantList(t, "results", e.raw.texts("id", "done", "results"))
	}
	for _, command := range []object{{}, {"createContent": nil}, {"publishContent": object{"id": id}, "archiveContent": object{"id": id}}} {
		before := h.head()
		a := h.try(token, "applyBatch", object{"commands": []object{good, command}})
		asData := a.text("done", "errors", 0, "__typename") == "ValidationError" && strings.HasPrefix(fmt.Sprint(a.at("done", "errors", 0, "path")), "[input commands 1")
		if asTop := len(a.Errors) == 1 && (a.code() == invalid || a.code() == badInput); asTop == asData || h.head() != before {
			t.Errorf("the command %v is answered %s", command, a.raw)
		}
	}
	e := h.refused("ForbiddenError", "", "applyBatch", object{"commands": []object{good}})
	wantText(t, "path", e.Path, "input commands 0")
	hundred := make([]object, 100)
	for i := range hundred {
		hundred[i] = create("Many", fmt.Sprint("many-", i))
	}
	a = h.do(token, "applyBatch", object{"commands": hundred, "idempotencyKey": "batch"})
	if n := len(a.texts("type", "done", "events")); n != 100 {
		t.Errorf("a hundred commands led to %d events", n)
	}
	several := h.try(token, "applyBatch", object{"commands": []object{{"createContent": object{"title": "", "content": "", "slug": "Not"}}}})
	wantList(t, "all that is wrong", several.texts("path", "done", "errors"), "[input commands 0 title]", "[input commands 0 slug]")
}
