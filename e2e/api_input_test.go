package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// Codes of top-level errors about what was sent.
const (
	badInput   = "BAD_USER_INPUT"
	badRequest = "BAD_REQUEST"
	invalid    = "GRAPHQL_VALIDATION_FAILED"
	unparsable = "GRAPHQL_PARSE_FAILED"
)

// inputs is a database with one of each, and the ids that queries need.
type inputs struct {
	*harness
	token string
	vars  object
}

func newInputs(t *testing.T) *inputs {
	s := &inputs{harness: start(t)}
	user, token := s.user(domain.Admin)
	deck, slides := s.presentation(token, object{"markdown": threeSlides})
	s.token, s.vars = token, object{"content": s.harness.content(token, object{"tags": []string{"tag"}}), "deck": deck, "slide": slides[0], "user": user}
	return s
}

// wrong sends a request that has to be refused with one of the codes: never as a
// fault of the server's, with a message, and without a trace in the log.
func (s *inputs) wrong(query string, vars object, codes ...string) {
	s.t.Helper()
	before := s.head()
	a := s.ask(s.token, query, vars)
	name := fmt.Sprintf("%.150s with %.150s", strings.Join(strings.Fields(query), " "), fmt.Sprint(vars))
	if len(a.Errors) == 0 {
		s.t.Errorf("%s is answered %.300s", name, a.raw)
	}
	for _, e := range a.Errors {
		if code, _ := e.Extensions["code"].(string); !slices.Contains(codes, code) || e.Message == "" || len(e.Message) > 1000 {
			s.t.Errorf("%s is refused with %s %.300q, not with %s", name, code, e.Message, codes)
		}
	}
	if after := s.head(); after != before {
		s.t.Errorf("%s is refused, but the log grew", name)
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	for query, code := range map[string]string{
		"": unparsable, "{": unparsable, "}": unparsable, "{ viewer { id }": unparsable, "nonsense": unparsable, "{ viewer { id } } x": unparsable,
		"{ viewer }": invalid, "{ nothing }": invalid, "{ viewer { nothing } }": invalid, `{ content { id } }`: invalid,
		`{ content(id: "x", other: 1) { id } }`: invalid, `{ contents(first: "1") { totalCount } }`: invalid, `{ contents(first: 1.5) { totalCount } }`: invalid,
		`{ contents(orderBy: {field: title}) { totalCount } }`: invalid, `{ contents(orderBy: {field: SIZE}) { totalCount } }`: invalid,
		`{ presentations(orderBy: {field: PUBLISHED_AT}) { totalCount } }`: invalid,
		`{ contents(filter: {status: "DRAFT"}) { totalCount } }`:           invalid, `{ contents(filter: {state: DRAFT}) { totalCount } }`: invalid,
		`mutation { createContent(input: {content: "x"}) { position } }`: invalid, `mutation { createContent(input: {title: null, content: "x"}) { position } }`: invalid,
		`mutation { createContent(input: {title: 5, content: "x"}) { position } }`: invalid, `mutation { createContent { position } }`: invalid,
		`mutation { createContent(input: {title: "t", content: "x", status: PUBLIC}) { position } }`: invalid,
		`query($x: Int) { viewer { id } }`: invalid, `query($x: Strin) { content(id: $x) { id } }`: invalid, `{ content(id: $x) { id } }`: invalid,
		`query($id: ID) { content(id: $id) { id } }`: invalid, `{ ...f } fragment f on Query { ...f }`: invalid,
		`query a { viewer { id } } query b { viewer { id } }`:      invalid,
		`{ contents(first: 99999999999999999999) { totalCount } }`: badInput, `{ content(id: 99999999999999999999) { id } }`: badInput,
		`{ content(id: "x", asOf: 99999999999999999999) { id } }`: badInput, `{ contents(asOf: 1e999) { totalCount } }`: badInput,
		`{ contents(search: "a\u0000b") { totalCount } }`: invalid, `{ contents(search: """a` + "\x00" + `b""") { totalCount } }`: badRequest,
	} {
		codes := []string{code}
		if code == badInput || code == unparsable {
			codes = append(codes, invalid)
		}
		s.wrong(query, nil, codes...)
	}
	for body, want := range map[string]int{
		"": 400, "{": 400, "[]": 400, "null": 400, `"x"`: 400, `{"query": 5}`: 400, `{"query": "{ viewer { id } }", "variables": []}`: 400,
		"{\"query\": \"{ contents(search: \\\"\xff\\\") { totalCount } }\"}": 400, `{"query":"{ viewer { id } }"} x`: 400,
		`{"query":"` + strings.Repeat(" ", 10_000_000) + `{ viewer { id } }"}`: 413,
	} {
		status, raw := s.post(s.token, []byte(body))
		if status != want || !json.Valid(raw) || strings.Contains(string(raw), "INTERNAL") || !strings.Contains(string(raw), `"message"`) {
			t.Errorf("%.60q is answered %d %.200s, want %d", body, status, raw, want)
		}
	}
}

func TestVariablesOfTheWrongTypeAreRefused(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	for _, c := range []struct {
		argument, typename string
		values             []any
	}{
		{"contents(first: $x) { totalCount }", "Int", []any{"5", "x", 1.5, true, []int{1, 2}, object{}, json.Number("99999999999999999999"), json.Number("1e3")}},
		{"contents(filter: {status: [$x]}) { totalCount }", "ContentStatus!", []any{"draft", "Draft", "NONE", 1, true, ""}},
		{"contents(orderBy: $x) { totalCount }", "ContentOrder", []any{
			object{"field": "title"}, object{"field": "TITLE", "direction": "asc"}, object{}, object{"field": "TITLE", "more": 1}, "TITLE", object{"field": nil},
		}},
		{"presentations(orderBy: $x) { totalCount }", "PresentationOrder", []any{object{"field": "PUBLISHED_AT"}}},
		{"contents(filter: $x) { totalCount }", "ContentFilter", []any{
			object{"createdFrom": "yesterday"},
			object{"createdFrom": "2026-01-31T12:00:00"},
			object{"createdTo": "2026-01-31"},
			object{"updatedTo": 5},
			object{"tagsAny": []any{nil}},
			object{"tagsAny": 5},
			object{"none": 1},
			object{"updatedFrom": true},
			object{"createdTo": "2026-13-31T12:00:00Z"},
			object{"status": []string{"draft"}},
		}},
		{"contents(search: $x) { totalCount }", "String", []any{5, true, object{}}},
		{"contents(asOf: $x) { totalCount }", "AsOf", []any{
			"", "nonsense", "-1", "1.5", 1.5, true,
			object{},
			[]int{1},
			"2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "12:00:00Z",
			"9999-12-31T23:59:59Z", "9223372036854775807", "9223372036854775808", 1 << 40, "0x10", " 1", "1 ", "٣",
		}},
		{"node(id: $x) { id }", "ID!", []any{"", "x", "content-", "CONTENT-0190a8c2-7b1e-7000-8000-000000000000", strings.Repeat("x", 100_000), true, object{}, 1.5, nil}},
		{"events(filter: $x) { totalCount }", "EventFilter", []any{object{"kinds": []string{"content"}}, object{"kinds": []string{"SLIDE"}}, object{"from": "now"}}},
		{"events(after: $x) { totalCount }", "String", []any{5, ""}},
		{"nodes(ids: $x) { id }", "[ID!]!", []any{slices.Repeat([]any{s.vars["content"]}, 101), []any{"x"}, []any{nil}, nil, []any{s.vars["content"], "garbage"}}},
	} {
		for _, value := range c.values {
			s.wrong(fmt.Sprintf("query($x: %s) { %s }", c.typename, c.argument), object{"x": value}, badInput, invalid)
		}
	}
}

func TestIdsOfAnotherKindAreRefused(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	for field, kind := range map[string]string{"content": "content", "presentation": "deck", "user": "user"} {
		query := fmt.Sprintf("query($id: ID!) { %s(id: $id) { id } }", field)
		for other, id := range s.vars {
			if other != kind {
				s.wrong(query, object{"id": id}, badInput)
			}
		}
		for _, garbage := range []string{"", "x", "content-x", "'; DROP TABLE events; --", "?0", strings.Repeat("content-", 10_000)} {
			s.wrong(query, object{"id": garbage}, badInput)
		}
	}
	unknown := "0190a8c2-7b1e-7000-8000-000000000000"
	for mutation, input := range map[string]object{
		"updateContent": {}, "publishContent": {}, "unpublishContent": {}, "archiveContent": {}, "deleteContent": {}, "restoreContent": {"toVersion": 1},
		"updatePresentation": {}, "deletePresentation": {}, "restorePresentation": {"toVersion": 1}, "updateUser": {}, "changeRole": {"role": "EDITOR"},
	} {
		kind := "content"
		if strings.HasSuffix(mutation, "Presentation") {
			kind = "presentation"
		} else if strings.Contains(mutation, "User") || strings.Contains(mutation, "Role") {
			kind = "user"
		}
		wantText(t, mutation, s.refused("NotFoundError", s.token, mutation, input.with("id", kind+"-"+unknown)).Path, "input id")
		for _, id := range []any{s.vars["slide"], "", "garbage", strings.Repeat("x", 50_000)} {
			wantText(t, mutation, s.refused("ValidationError", s.token, mutation, input.with("id", id)).Path, "input id")
		}
	}
	for mutation, input := range map[string]object{
		"updateSlide": {}, "moveSlide": {"to": object{"order": 1}}, "removeSlide": {},
	} {
		wantText(t, mutation, s.refused("NotFoundError", s.token, mutation, input.with("presentationId", s.vars["deck"]).with("slideId", "slide-"+unknown)).Path, "input slideId")
		wantText(t, mutation, s.refused("ValidationError", s.token, mutation, input.with("presentationId", s.vars["deck"]).with("slideId", s.vars["deck"])).Path, "input slideId")
		wantText(t, mutation, s.refused("ValidationError", s.token, mutation, input.with("presentationId", s.vars["content"]).with("slideId", s.vars["slide"])).Path, "input presentationId")
		wantText(t, mutation, s.refused("NotFoundError", s.token, mutation, input.with("presentationId", "presentation-"+unknown).with("slideId", s.vars["slide"])).Path, "input presentationId")
	}
}

func TestExactlyOnePlaceForASlide(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	for _, at := range []object{{}, {"after": s.vars["slide"], "order": 1}, {"after": nil}, {"order": 0}, {"order": -1}, {"after": s.vars["deck"]}, {"before": ""}, {"order": 9}} {
		for mutation, input := range map[string]object{
			"addSlide":  {"presentationId": s.vars["deck"], "content": "x", "at": at},
			"moveSlide": {"presentationId": s.vars["deck"], "slideId": s.vars["slide"], "to": at},
		} {
			before := s.head()
			a := s.try(s.token, mutation, input)
			asData := a.text("done", "errors", 0, "__typename") == "ValidationError" && strings.HasPrefix(fmt.Sprint(a.at("done", "errors", 0, "path")), "[input ")
			if asTop := len(a.Errors) == 1 && (a.code() == invalid || a.code() == badInput); asTop == asData || s.head() != before {
				t.Errorf("%s at %v is answered %s", mutation, at, a.raw)
			}
		}
	}
	for _, at := range []string{"{}", `{after: "x", order: 1}`, "{after: null}", "{order: null, after: null}"} {
		s.wrong(fmt.Sprintf(`mutation($deck: ID!) { addSlide(input: {presentationId: $deck, content: "x", at: %s}) { position } }`, at), object{"deck": s.vars["deck"]}, invalid)
	}
}

func TestTextsHaveLimitsAndKeepThem(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	long := func(n int) string { return strings.Repeat("ä", n) }
	tags := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprint("tag", i)
		}
		return list
	}
	create := object{"title": "t", "content": "c"}
	for _, c := range []struct {
		mutation     string
		input        object
		field        string
		fits, breaks any
	}{
		{"createContent", create, "title", long(300), long(301)},
		{"createContent", create, "title", "x", " \t\n"},
		{"createContent", create, "description", long(2000), long(2001)},
		{"createContent", create, "slug", strings.Repeat("s", 200), strings.Repeat("s", 201)},
		{"createContent", create, "slug", "a/b-c.d_e", "Not A Slug"},
		{"createContent", create, "slug", "a1", "-a"},
		{"createContent", create, "slug", "a2", ""},
		{"createContent", create, "tags", tags(50), tags(51)},
		{"createContent", create, "tags", []string{long(64)}, []string{long(65)}},
		{"createContent", create, "tags", []string{}, []string{" "}},
		{"createContent", create, "content", strings.Repeat("x", domain.MaxContentBytes), strings.Repeat("x", domain.MaxContentBytes+1)},
		{"createContent", create, "idempotencyKey", strings.Repeat("k", 200), strings.Repeat("k", 201)},
		{"createContent", create, "idempotencyKey", "k", ""},
		{"updateContent", object{"id": s.vars["content"]}, "title", long(300), long(301)},
		{"updateContent", object{"id": s.vars["content"]}, "slug", "fine", "not fine"},
		{"updateContent", object{"id": s.vars["content"]}, "tags", tags(50), tags(51)},
		{"createPresentation", object{"title": "t"}, "title", long(300), long(301)},
		{"createPresentation", object{"title": "t"}, "theme", long(100), long(101)},
		{"createPresentation", object{"title": "t"}, "description", long(2000), long(2001)},
		{"updatePresentation", object{"id": s.vars["deck"]}, "theme", "x", ""},
		{"addSlide", object{"presentationId": s.vars["deck"], "content": "c"}, "title", long(300), long(301)},
		{"addSlide", object{"presentationId": s.vars["deck"], "content": "c"}, "notes", long(32 << 10), long(32<<10 + 1)},
		{"updateSlide", object{"presentationId": s.vars["deck"], "slideId": s.vars["slide"]}, "notes", long(32 << 10), long(32<<10 + 1)},
		{"updateUser", object{"id": s.vars["user"]}, "displayName", long(100), long(101)},
		{"updateUser", object{"id": s.vars["user"]}, "displayName", "x", ""},
		{"updateUser", object{"id": s.vars["user"]}, "email", "a@example.org", "a@"},
		{"updateUser", object{"id": s.vars["user"]}, "email", "b@example.org", "B <b@example.org>"},
		{"updateUser", object{"id": s.vars["user"]}, "email", strings.Repeat("x", 242) + "@example.org", strings.Repeat("x", 243) + "@example.org"},
	} {
		e := s.refused("ValidationError", s.token, c.mutation, c.input.with(c.field, c.breaks))
		wantText(t, c.mutation, e.Path, "input "+c.field)
		if len(e.Message) > 500 {
			t.Errorf("%s: the message repeats the input: %.100s…", c.mutation, e.Message)
		}
		s.do(s.token, c.mutation, c.input.with(c.field, c.fits))
	}
	h := object{"email": "c@example.org", "displayName": "C"}
	for _, password := range []string{"", "1234567", strings.Repeat("p", 1025)} {
		wantText(t, "password", s.refused("ValidationError", "", "registerUser", h.with("password", password)).Path, "input password")
	}
	several := s.try(s.token, "createContent", object{"title": "", "content": "", "slug": "Not", "description": long(3000)})
	wantList(t, "all that is wrong", several.texts("__typename", "done", "errors"), "ValidationError", "ValidationError", "ValidationError")
}

func TestNoTextReachesTheDatabaseAsAFault(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	for _, text := range []string{"\x00", "a\x00b"} {
		for field, query := range map[string]string{
			"search": "contents(search: $x) { totalCount }", "slug": "contentBySlug(slug: $x) { id }", "id": "content(id: $x) { id }",
			"tags": "contents(filter: {tagsAny: [$x]}) { totalCount }", "cursor": "contents(after: $x) { totalCount }", "prefix": "tags(prefix: $x) { totalCount }",
		} {
			typename := map[bool]string{true: "ID!", false: "String!"}[field == "id"]
			s.wrong(fmt.Sprintf("query($x: %s) { %s }", typename, query), object{"x": text}, badRequest)
		}
		s.wrong(`mutation($x: String!) { createContent(input: {title: $x, content: "c"}) { position } }`, object{"x": text}, badRequest)
	}
	for _, text := range []string{"'", `"`, "%", `\`, "?", "?0", "?TableName", "'; DROP TABLE contents; --", "\ufffd", "😀", strings.Repeat("x", 100_000), strings.Repeat("%_", 40_000), ""} {
		a := s.must(s.token, `query($x: String!, $id: ID!) { contentBySlug(slug: $x) { id } tags(prefix: $x) { totalCount } contents(filter: {tagsAny: [$x], tagsAll: [$x], authorId: $id}) { totalCount }
			events(filter: {types: [$x], streamIds: [$id], actorIds: [$id]}) { totalCount } presentations(filter: {authorId: $id}) { totalCount } }`, object{"x": text, "id": text})
		if text != "" && a.number("tags", "totalCount")+a.number("contents", "totalCount")+a.number("events", "totalCount") != 0 {
			t.Errorf("%.50q finds something: %s", text, a.raw)
		}
	}
	many := slices.Repeat([]string{"x"}, 101)
	for _, filter := range []object{{"tagsAll": many}, {"tagsAny": many}} {
		s.wrong("query($f: ContentFilter) { contents(filter: $f) { totalCount } }", object{"f": filter}, badInput)
	}
	for _, empty := range []object{{"tagsAny": []string{}}, {"status": []string{}}} {
		if n := s.must(s.token, "query($f: ContentFilter) { contents(filter: $f) { totalCount } }", object{"f": empty}).number("contents", "totalCount"); n != 0 {
			t.Errorf("any of none selects %d contents", n)
		}
	}
	for _, filter := range []object{{"types": []string{}}, {"kinds": []string{}}, {"streamIds": []string{}}, {"actorIds": []string{}}} {
		if n := s.must(s.token, "query($f: EventFilter) { events(filter: $f) { totalCount } }", object{"f": filter}).number("events", "totalCount"); n != 0 {
			t.Errorf("any of none selects %d events", n)
		}
	}
}

func TestFutureIsAnErrorUntilItHasCome(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	next := (s.Log.Head().Position + 1).String()
	const query = "query($at: AsOf) { contents(asOf: $at) { position } }"
	s.wrong(query, object{"at": next}, badInput)
	s.harness.content(s.token, nil)
	wantText(t, "position", s.must(s.token, query, object{"at": next}).text("contents", "position"), next)
	at := domain.InstantOf(s.Log.Head().RecordedAt)
	wantText(t, "at its instant", s.must(s.token, query, object{"at": at.String()}).text("contents", "position"), next)
	before := (at - 1).String()
	wantText(t, "a microsecond before", s.must(s.token, query, object{"at": before}).text("contents", "position"), (eventstore.Position(s.Log.Head().Position) - 1).String())
	s.wrong("query($id: ID!) { content(id: $id) { revision(asOf: \"99999\") { id } } }", object{"id": s.vars["content"]}, badInput)
}
