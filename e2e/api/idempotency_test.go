package api

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// keyed returns commands of every kind, in an order in which each is valid.
func keyed(h *harness.Harness, admin, token string) []struct {
	mutation string
	input    harness.Object
} {
	content := h.CreateContent(token, harness.Object{"title": "Other"})
	deck, slides := h.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides})
	user, _ := h.User(domain.Viewer)
	slide := harness.Object{"presentationId": deck, "slideId": slides[0]}
	return []struct {
		mutation string
		input    harness.Object
	}{
		{"createContent", harness.Object{"title": "Title", "content": "x", "tags": []string{"a"}}},
		{"updateContent", harness.Object{"id": content, "title": "New", "description": nil}},
		{"publishContent", harness.Object{"id": content}},
		{"publishContent", harness.Object{"id": content, "expectedVersion": 3}}, // leads to nothing
		{"unpublishContent", harness.Object{"id": content}},
		{"archiveContent", harness.Object{"id": content}},
		{"deleteContent", harness.Object{"id": content}},
		{"restoreContent", harness.Object{"id": content, "toVersion": 1}},
		{"createPresentation", harness.Object{"title": "Deck", "markdown": harness.ThreeSlides}},
		{"updatePresentation", harness.Object{"id": deck, "isPublic": true}},
		{"addSlide", harness.Object{"presentationId": deck, "content": "new", "at": harness.Object{"after": slides[0]}}},
		{"updateSlide", slide.With("notes", nil)},
		{"moveSlide", slide.With("to", harness.Object{"order": 3})},
		{"removeSlide", slide},
		{"deletePresentation", harness.Object{"id": deck}},
		{"restorePresentation", harness.Object{"id": deck, "toVersion": 4}},
		{"updateUser", harness.Object{"id": user, "displayName": "New"}},
		{"changeRole", harness.Object{"id": user, "role": "AUTHOR"}},
		{"applyBatch", harness.Object{"commands": []harness.Object{
			{"createContent": harness.Object{"title": "Batch", "content": "x"}},
			{"addSlide": harness.Object{"presentationId": deck, "content": "in a batch"}},
			{"createPresentation": harness.Object{"title": "Batch", "markdown": harness.ThreeSlides}},
			{"updateContent": harness.Object{"id": content, "title": "Batch"}},
			{"addSlide": harness.Object{"presentationId": deck, "content": "another"}},
			{"removeSlide": harness.Object{"presentationId": deck, "slideId": slides[1]}},
		}}},
		{"applyBatch", harness.Object{"commands": []harness.Object{{"archiveContent": harness.Object{"id": content}}, {"archiveContent": harness.Object{"id": content}}}}},
	}
}

// TestSameKeyGivesTheSameAnswerOnce sends every command again, at once and after a restart: the
// payload is the same, byte for byte, and no event is written.
func TestSameKeyGivesTheSameAnswerOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	h := harness.StartOn(t, path)
	_, admin := h.User(domain.Admin)
	token := admin
	commands := keyed(h, admin, token)
	answers := make([]string, len(commands))
	send := func(h *harness.Harness, i int) string {
		c := commands[i]
		return string(h.Mutate(token, c.mutation, c.input.With("idempotencyKey", fmt.Sprint("key ", i))).Raw)
	}
	for i := range commands {
		answers[i] = send(h, i)
		head := h.Head().String()
		if again := send(h, i); again != answers[i] {
			t.Errorf("%s, at once: %s", commands[i].mutation, harness.FirstDifference(again, answers[i]))
		}
		harness.WantText(t, "head", h.Head().String(), head)
	}
	head := h.Head().String()
	again := func(h *harness.Harness, when string) {
		for i := range commands {
			if got := send(h, i); got != answers[i] {
				t.Errorf("%s, %s: %s", commands[i].mutation, when, harness.FirstDifference(got, answers[i]))
			}
		}
		harness.WantText(t, "head", h.Head().String(), head)
	}
	again(h, "later")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again(harness.StartOn(t, path), "after a restart")
}

func TestKeySentByManyAtOnceIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	answers := make([]string, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = string(h.Mutate(token, "createContent", harness.Object{"title": "One", "content": "x", "idempotencyKey": "k"}).Raw)
		})
	}
	all.Wait()
	if got := slices.Compact(slices.Clone(answers)); len(got) != 1 {
		t.Errorf("the same command is answered in %d ways: %q", len(got), got)
	}
	if n := h.Must(token, `{ contents { totalCount } }`, nil).Number("contents", "totalCount"); n != 1 {
		t.Errorf("it was done %d times", n)
	}
}

func TestAnIdempotencyKeyBelongsToOneCommandOfOneActor(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, one := h.User(domain.Editor)
	_, two := h.User(domain.Editor)
	input := harness.Object{"title": "A", "content": "x", "idempotencyKey": "k"}
	id := h.Mutate(one, "createContent", input).Text("done", "content", "id")
	for _, other := range []harness.Object{
		input.With("title", "B"), input.With("content", "y"), input.With("description", ""), input.With("slug", "a-2"), input.With("tags", []string{}),
		input.With("status", "PUBLISHED"), input.With("format", "HTML"),
	} {
		harness.WantText(t, "path", h.Refused("IdempotencyKeyReusedError", one, "createContent", other).Path, "input idempotencyKey")
	}
	target := harness.Object{"id": id, "idempotencyKey": "k"}
	for _, mutation := range []string{"publishContent", "archiveContent", "unpublishContent", "deleteContent", "updateContent"} {
		h.Refused("IdempotencyKeyReusedError", one, mutation, target)
	}
	other := h.Mutate(two, "createContent", input).Text("done", "content", "id")
	if other == id || other == "" {
		t.Errorf("another actor's key led to %q", other)
	}
	h.Mutate(one, "createContent", harness.Object{"title": "A", "content": "x"})
	h.Mutate(one, "archiveContent", target.With("idempotencyKey", "another"))
	for _, mutation := range []string{"publishContent", "unpublishContent", "deleteContent"} {
		h.Refused("IdempotencyKeyReusedError", one, mutation, target.With("idempotencyKey", "another"))
	}
	h.Mutate(one, "updateContent", target.With("idempotencyKey", "third"))
	for _, input := range []harness.Object{{"description": nil}, {"tags": nil}, {"tags": []string{}}, {"title": "A"}, {"expectedVersion": 2}} {
		for name, value := range input {
			h.Refused("IdempotencyKeyReusedError", one, "updateContent", target.With("idempotencyKey", "third").With(name, value))
		}
	}
	e := h.Refused("ValidationError", one, "createContent", harness.Object{"title": "", "content": "x", "idempotencyKey": "refused"})
	harness.WantText(t, "path", e.Path, "input title")
	h.Mutate(one, "createContent", harness.Object{"title": "now good", "content": "x", "idempotencyKey": "refused"})
}

// TestKeyOfABatchTellsItsCommandsApart: two commands that differ in nothing but their name are
// different.
func TestKeyOfABatchTellsItsCommandsApart(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, nil)
	deck, _ := h.CreatePresentation(token, nil)
	batch := func(command string, id string) harness.Object {
		return harness.Object{"idempotencyKey": "k", "commands": []harness.Object{{command: harness.Object{"id": id}}}}
	}
	h.Mutate(token, "applyBatch", batch("publishContent", id))
	for _, command := range []string{"archiveContent", "unpublishContent", "deleteContent"} {
		h.Refused("IdempotencyKeyReusedError", token, "applyBatch", batch(command, id))
	}
	h.Refused("IdempotencyKeyReusedError", token, "applyBatch", batch("deletePresentation", deck))
	h.Mutate(token, "applyBatch", batch("publishContent", id))
}

func TestRegisteringAgainLogsIn(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	input := harness.Object{"email": "a@example.org", "displayName": "A", "password": "correct horse", "idempotencyKey": "k"}
	first := h.Mutate("", "registerUser", input)
	again := h.Mutate("", "registerUser", input)
	harness.WantText(t, "user", again.Text("done", "user", "id"), first.Text("done", "user", "id"))
	if again.Text("done", "token") == first.Text("done", "token") {
		t.Error("both sessions have the same token")
	}
	for _, a := range []harness.Answer{first, again} {
		harness.WantText(t, "viewer", h.Must(a.Text("done", "token"), `{ viewer { role } }`, nil).Text("viewer", "role"), "ADMIN")
	}
	h.Refused("ValidationError", "", "registerUser", input.With("password", "wrong horse"))
	h.Refused("IdempotencyKeyReusedError", "", "registerUser", input.With("displayName", "B"))
	h.Refused("AlreadyTakenError", "", "registerUser", input.With("idempotencyKey", "other"))
}

func TestBatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, harness.Object{"slug": "taken"})
	deck, slides := h.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides})
	create := func(title, slug string) harness.Object {
		return harness.Object{"createContent": harness.Object{"title": title, "content": "x", "slug": slug}}
	}
	a := h.Mutate(token, "applyBatch", harness.Object{"commands": []harness.Object{
		{"updateContent": harness.Object{"id": id, "slug": "free"}},
		create("B", "taken"),
		{"publishContent": harness.Object{"id": id, "expectedVersion": 2}},
		{"moveSlide": harness.Object{"presentationId": deck, "slideId": slides[0], "to": harness.Object{"order": 3}}},
		{"removeSlide": harness.Object{"presentationId": deck, "slideId": slides[1]}},
		{"deleteContent": harness.Object{"id": id}},
		{"restoreContent": harness.Object{"id": id, "toVersion": 1, "expectedVersion": 4}},
	}[:6]})
	harness.WantList(t, "events", a.Texts("type", "done", "events"), "ContentUpdated", "ContentCreated", "ContentPublished", "SlideMoved", "SlideRemoved", "ContentDeleted")
	harness.WantList(t, "ids", a.Texts("id", "done", "results"), id, a.Text("done", "results", 1, "id"), id, deck, deck, id)
	harness.WantNull(t, "the deleted content", a.At("done", "results", 0, "node"))
	harness.WantList(t, "slides", a.Texts("slideId", "done", "results"), "<nil>", "<nil>", "<nil>", slides[0], "<nil>", "<nil>")
	good := create("Good", "good")
	for _, c := range []struct {
		typename, path string
		commands       []harness.Object
	}{
		{"AlreadyTakenError", "input commands 1 slug", []harness.Object{good, create("Bad", "taken")}},
		{"AlreadyTakenError", "input commands 1 slug", []harness.Object{good, create("Bad", "good")}},
		{"ValidationError", "input commands 2 title", []harness.Object{good, {"addSlide": harness.Object{"presentationId": deck, "content": "x"}}, create(" ", "fine")}},
		{"ValidationError", "input commands 0 id", []harness.Object{{"publishContent": harness.Object{"id": deck}}, good}},
		{"NotFoundError", "input commands 1 id", []harness.Object{good, {"publishContent": harness.Object{"id": id}}}},
		{"VersionConflictError", "input commands 1 expectedVersion", []harness.Object{good, {"updatePresentation": harness.Object{"id": deck, "expectedVersion": 99}}}},
		{"ValidationError", "input commands 1", []harness.Object{good, {"deletePresentation": harness.Object{"id": deck, "idempotencyKey": "own"}}}},
		{"ValidationError", "input commands", []harness.Object{}},
		{"ValidationError", "input commands", slices.Repeat([]harness.Object{{"publishContent": harness.Object{"id": id}}}, 101)},
	} {
		e := h.Refused(c.typename, token, "applyBatch", harness.Object{"commands": c.commands, "idempotencyKey": "batch"})
		harness.WantText(t, c.typename, e.Path, c.path)
		harness.WantList(t, "results", e.Answer.Texts("id", "done", "results"))
	}
	for _, command := range []harness.Object{{}, {"createContent": nil}, {"publishContent": harness.Object{"id": id}, "archiveContent": harness.Object{"id": id}}} {
		before := h.Head().String()
		a := h.Try(token, "applyBatch", harness.Object{"commands": []harness.Object{good, command}})
		asData := a.Text("done", "errors", 0, "__typename") == "ValidationError" && strings.HasPrefix(fmt.Sprint(a.At("done", "errors", 0, "path")), "[input commands 1")
		if asTop := len(a.Errors) == 1 && (a.Code() == invalid || a.Code() == badInput); asTop == asData || h.Head().String() != before {
			t.Errorf("the command %v is answered %s", command, a.Raw)
		}
	}
	e := h.Refused("ForbiddenError", "", "applyBatch", harness.Object{"commands": []harness.Object{good}})
	harness.WantText(t, "path", e.Path, "input commands 0")
	hundred := make([]harness.Object, 100)
	for i := range hundred {
		hundred[i] = create("Many", fmt.Sprint("many-", i))
	}
	a = h.Mutate(token, "applyBatch", harness.Object{"commands": hundred, "idempotencyKey": "batch"})
	if n := len(a.Texts("type", "done", "events")); n != 100 {
		t.Errorf("a hundred commands led to %d events", n)
	}
	several := h.Try(token, "applyBatch", harness.Object{"commands": []harness.Object{{"createContent": harness.Object{"title": "", "content": "", "slug": "Not"}}}})
	harness.WantList(t, "all that is wrong", several.Texts("path", "done", "errors"), "[input commands 0 title]", "[input commands 0 slug]")
}
