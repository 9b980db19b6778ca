package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// object is a JSON object: an input.
type object map[string]any

// with is the object with one more member.
func (o object) with(name string, value any) object {
	more := maps.Clone(o)
	more[name] = value
	return more
}

// Selections of the payloads that the tests look at.
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

// mutations are the mutations that take an input: its type, and what is selected.
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

// try sends a mutation. Its payload is in the answer under "done".
func (h *harness) try(token, mutation string, input object) answer {
	h.t.Helper()
	m, ok := mutations[mutation]
	if !ok {
		h.t.Fatalf("the mutation %s is not in the table", mutation)
	}
	query := fmt.Sprintf("mutation($input: %s!) { done: %s(input: $input) {%s} }", m.input, mutation, m.selection)
	return h.ask(token, query, object{"input": input})
}

// do is try where no error is expected.
func (h *harness) do(token, mutation string, input object) answer {
	h.t.Helper()
	a := h.try(token, mutation, input)
	if list, ok := a.at("done", "errors").([]any); !ok || len(a.Errors)+len(list) > 0 {
		h.t.Fatalf("%s(%v) was refused: %s", mutation, input, a.raw)
	}
	return a
}

// fault is an error as data.
type fault struct {
	Type, Message, Path string
	raw                 answer
}

// at follows a path into the error.
func (f fault) at(path ...any) any { return f.raw.at(append([]any{"done", "errors", 0}, path...)...) }

// refused sends a mutation that has to lead to exactly one error as data, of this
// type, and to no event.
func (h *harness) refused(typename, token, mutation string, input object) fault {
	h.t.Helper()
	before := h.head()
	a := h.try(token, mutation, input)
	list, _ := a.at("done", "errors").([]any)
	if len(a.Errors) > 0 || len(list) != 1 {
		h.t.Fatalf("%s(%v) answered %s instead of one error", mutation, input, a.raw)
	}
	f := fault{Type: a.text("done", "errors", 0, "__typename"), Message: a.text("done", "errors", 0, "message"), raw: a}
	path, _ := f.at("path").([]any)
	f.Path = strings.Trim(fmt.Sprint(path), "[]")
	if f.Type != typename || f.Message == "" {
		h.t.Errorf("%s(%v) was refused with %s, not with a %s", mutation, input, a.raw, typename)
	}
	if a.at("done", "position") != nil {
		h.t.Errorf("%s was refused at a position: %s", mutation, a.raw)
	}
	if after := h.head(); after != before {
		h.t.Errorf("%s was refused, but the log grew from %s to %s", mutation, before, after)
	}
	return f
}

// head is the end of the log.
func (h *harness) head() string { return h.Log.Head().Position.String() }

// content creates a content and returns its id.
func (h *harness) content(token string, input object) string {
	h.t.Helper()
	whole := object{"title": "Title", "content": "Text"}
	for k, v := range input {
		whole[k] = v
	}
	return h.do(token, "createContent", whole).text("done", "content", "id")
}

// presentation creates a presentation and returns its id and those of its slides.
func (h *harness) presentation(token string, input object) (id string, slides []string) {
	h.t.Helper()
	whole := object{"title": "Deck"}
	for k, v := range input {
		whole[k] = v
	}
	a := h.do(token, "createPresentation", whole)
	return a.text("done", "presentation", "id"), a.texts("id", "done", "presentation", "slides")
}

// texts collects the field of each object in the list at a path.
func (a answer) texts(field string, path ...any) []string {
	list, _ := a.at(path...).([]any)
	out := []string{}
	for _, one := range list {
		m, _ := one.(map[string]any)
		out = append(out, fmt.Sprint(m[field]))
	}
	return out
}

// number is at for a number.
func (a answer) number(path ...any) int {
	f, _ := a.at(path...).(float64)
	return int(f)
}

// code is extensions.code of the only top-level error.
func (a answer) code() string {
	if len(a.Errors) != 1 {
		return fmt.Sprintf("%d errors: %s", len(a.Errors), a.raw)
	}
	return fmt.Sprint(a.Errors[0].Extensions["code"])
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func wantNull(t *testing.T, what string, got any) {
	t.Helper()
	if got != nil {
		t.Errorf("%s: got %v, want null", what, got)
	}
}
