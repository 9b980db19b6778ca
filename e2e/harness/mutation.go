package harness

import (
	"fmt"
	"maps"
	"strings"
)

// ThreeSlides is a presentation in Markdown.
const ThreeSlides = `---
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

// Object is a JSON object, such as an input.
type Object map[string]any

// With returns a copy of the object with one more member.
func (o Object) With(name string, value any) Object {
	more := maps.Clone(o)
	more[name] = value
	return more
}

// The selections of the payloads.
const (
	selectErrors = ` errors { __typename message path
		... on AlreadyTakenError { existing { id } }
		... on VersionConflictError { expected actual current { id } eventsSince { type streamVersion } } } `
	selectEvents       = ` events { id type position streamId streamVersion data subject { id } } position `
	selectContent      = ` id version title slug description content format status html author { id } tags createdAt updatedAt publishedAt `
	selectPresentation = ` id version title description author { id } theme isPublic slides { id title content notes order } markdown `

	contentPayload      = ` content {` + selectContent + `}` + selectErrors + selectEvents
	presentationPayload = ` presentation {` + selectPresentation + `} slide { id title content notes order }` + selectErrors + selectEvents
	deletePayload       = ` deletedId` + selectErrors + selectEvents
	userPayload         = ` user { id version displayName email role }` + selectErrors + selectEvents
	batchPayload        = ` results { id slideId node { id } }` + selectErrors + selectEvents
)

// MutationDocument returns the document that sends a mutation with the variable $input. It panics
// if the mutation is not in the table of mutations.
func MutationDocument(mutation string) string {
	m, ok := mutations[mutation]
	if !ok {
		panic("the mutation " + mutation + " is not in the table")
	}
	return fmt.Sprintf("mutation($input: %s!) { done: %s(input: $input) {%s} }", m.input, mutation, m.selection)
}

// mutations lists the mutations that take an input, each with the input's type and a selection.
var mutations = map[string]struct{ input, selection string }{
	"createContent":       {"CreateContentInput", contentPayload},
	"updateContent":       {"UpdateContentInput", contentPayload},
	"publishContent":      {"ContentCommandInput", contentPayload},
	"unpublishContent":    {"ContentCommandInput", contentPayload},
	"archiveContent":      {"ContentCommandInput", contentPayload},
	"deleteContent":       {"ContentCommandInput", deletePayload},
	"restoreContent":      {"RestoreInput", contentPayload},
	"createPresentation":  {"CreatePresentationInput", presentationPayload},
	"updatePresentation":  {"UpdatePresentationInput", presentationPayload},
	"deletePresentation":  {"PresentationCommandInput", deletePayload},
	"restorePresentation": {"RestoreInput", presentationPayload},
	"addSlide":            {"AddSlideInput", presentationPayload},
	"updateSlide":         {"UpdateSlideInput", presentationPayload},
	"moveSlide":           {"MoveSlideInput", presentationPayload},
	"removeSlide":         {"RemoveSlideInput", presentationPayload},
	"updateUser":          {"UpdateUserInput", userPayload},
	"changeRole":          {"ChangeRoleInput", userPayload},
	"forgetUser":          {"ForgetUserInput", deletePayload},
	"applyBatch":          {"ApplyBatchInput", batchPayload},
	"registerUser":        {"RegisterUserInput", ` token expiresAt user { id email role }` + selectErrors},
	"logIn":               {"LogInInput", ` token expiresAt user { id email role }` + selectErrors},
}

// Try sends a mutation. The answer has the payload under "done".
func (h *Harness) Try(token, mutation string, input Object) Answer {
	h.T.Helper()
	return h.Ask(token, MutationDocument(mutation), Object{"input": input})
}

// Mutate is Try for a payload without errors.
func (h *Harness) Mutate(token, mutation string, input Object) Answer {
	h.T.Helper()
	a := h.Try(token, mutation, input)
	if list, ok := a.At("done", "errors").([]any); !ok || len(a.Errors)+len(list) > 0 {
		h.T.Fatalf("%s(%v) was refused: %s", mutation, input, a.Raw)
	}
	return a
}

// Fault is an error in a payload.
type Fault struct {
	Type, Message, Path string
	// Answer is the whole answer.
	Answer Answer
}

// At follows a path into the error.
func (f Fault) At(path ...any) any {
	return f.Answer.At(append([]any{"done", "errors", 0}, path...)...)
}

// Refused sends a mutation that has to fail with exactly one error in its payload, of one type, and
// must append no event.
func (h *Harness) Refused(typename, token, mutation string, input Object) Fault {
	h.T.Helper()
	before := h.Head().String()
	a := h.Try(token, mutation, input)
	list, _ := a.At("done", "errors").([]any)
	if len(a.Errors) > 0 || len(list) != 1 {
		h.T.Fatalf("%s(%v) answered %s instead of one error", mutation, input, a.Raw)
	}
	f := Fault{Type: a.Text("done", "errors", 0, "__typename"), Message: a.Text("done", "errors", 0, "message"), Answer: a}
	path, _ := f.At("path").([]any)
	f.Path = strings.Trim(fmt.Sprint(path), "[]")
	if f.Type != typename || f.Message == "" {
		h.T.Errorf("%s(%v) was refused with %s, not with a %s", mutation, input, a.Raw, typename)
	}
	if a.At("done", "position") != nil {
		h.T.Errorf("%s was refused at a position: %s", mutation, a.Raw)
	}
	if after := h.Head().String(); after != before {
		h.T.Errorf("%s was refused, but the log grew from %s to %s", mutation, before, after)
	}
	return f
}

// CreateContent creates a content and returns its id. input may leave out the title and the text.
func (h *Harness) CreateContent(token string, input Object) string {
	h.T.Helper()
	whole := Object{"title": "Title", "content": "Text"}
	for k, v := range input {
		whole[k] = v
	}
	return h.Mutate(token, "createContent", whole).Text("done", "content", "id")
}

// CreatePresentation creates a presentation and returns its id and the ids of its slides. input may
// leave out the title.
func (h *Harness) CreatePresentation(token string, input Object) (id string, slides []string) {
	h.T.Helper()
	whole := Object{"title": "Deck"}
	for k, v := range input {
		whole[k] = v
	}
	a := h.Mutate(token, "createPresentation", whole)
	return a.Text("done", "presentation", "id"), a.Texts("id", "done", "presentation", "slides")
}
