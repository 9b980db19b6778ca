package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// The codes of top-level errors about requests.
const (
	badInput   = "BAD_USER_INPUT"
	badRequest = "BAD_REQUEST"
	invalid    = "GRAPHQL_VALIDATION_FAILED"
	unparsable = "GRAPHQL_PARSE_FAILED"
)

// inputs is a database with one object of each kind, and the variables of queries for them.
type inputs struct {
	*harness.Harness
	token string
	vars  harness.Object
}

func newInputs(t *testing.T) *inputs {
	s := &inputs{Harness: harness.Start(t)}
	user, token := s.User(domain.Admin)
	deck, slides := s.CreatePresentation(token, harness.Object{"markdown": harness.ThreeSlides})
	s.token, s.vars = token, harness.Object{"content": s.Harness.CreateContent(token, harness.Object{"tags": []string{"tag"}}), "deck": deck, "slide": slides[0], "user": user}
	return s
}

// wrong sends a request that must be refused with one of the codes, with a message, and without an
// event.
func (s *inputs) wrong(query string, vars harness.Object, codes ...string) {
	s.T.Helper()
	before := s.Head().String()
	a := s.Ask(s.token, query, vars)
	name := fmt.Sprintf("%.150s with %.150s", strings.Join(strings.Fields(query), " "), fmt.Sprint(vars))
	if len(a.Errors) == 0 {
		s.T.Errorf("%s is answered %.300s", name, a.Raw)
	}
	for _, e := range a.Errors {
		if code, _ := e.Extensions["code"].(string); !slices.Contains(codes, code) || e.Message == "" || len(e.Message) > 1000 {
			s.T.Errorf("%s is refused with %s %.300q, not with %s", name, code, e.Message, codes)
		}
	}
	if after := s.Head().String(); after != before {
		s.T.Errorf("%s is refused, but the log grew", name)
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
		status, raw := s.Post(s.token, []byte(body))
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
		{"contents(first: $x) { totalCount }", "Int", []any{"5", "x", 1.5, true, []int{1, 2}, harness.Object{}, json.Number("99999999999999999999"), json.Number("1e3")}},
		{"contents(filter: {status: [$x]}) { totalCount }", "ContentStatus!", []any{"draft", "Draft", "NONE", 1, true, ""}},
		{"contents(orderBy: $x) { totalCount }", "ContentOrder", []any{
			harness.Object{"field": "title"}, harness.Object{"field": "TITLE", "direction": "asc"}, harness.Object{}, harness.Object{"field": "TITLE", "more": 1}, "TITLE", harness.Object{"field": nil},
		}},
		{"presentations(orderBy: $x) { totalCount }", "PresentationOrder", []any{harness.Object{"field": "PUBLISHED_AT"}}},
		{"contents(filter: $x) { totalCount }", "ContentFilter", []any{
			harness.Object{"createdFrom": "yesterday"},
			harness.Object{"createdFrom": "2026-01-31T12:00:00"},
			harness.Object{"createdTo": "2026-01-31"},
			harness.Object{"updatedTo": 5},
			harness.Object{"tagsAny": []any{nil}},
			harness.Object{"tagsAny": 5},
			harness.Object{"none": 1},
			harness.Object{"updatedFrom": true},
			harness.Object{"createdTo": "2026-13-31T12:00:00Z"},
			harness.Object{"status": []string{"draft"}},
		}},
		{"contents(search: $x) { totalCount }", "String", []any{5, true, harness.Object{}}},
		{"contents(asOf: $x) { totalCount }", "AsOf", []any{
			"", "nonsense", "-1", "1.5", 1.5, true,
			harness.Object{},
			[]int{1},
			"2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "12:00:00Z",
			"9999-12-31T23:59:59Z", "9223372036854775807", "9223372036854775808", 1 << 40, "0x10", " 1", "1 ", "٣",
		}},
		{"node(id: $x) { id }", "ID!", []any{"", "x", "content-", "CONTENT-0190a8c2-7b1e-7000-8000-000000000000", strings.Repeat("x", 100_000), true, harness.Object{}, 1.5, nil}},
		{"events(filter: $x) { totalCount }", "EventFilter", []any{harness.Object{"kinds": []string{"content"}}, harness.Object{"kinds": []string{"SLIDE"}}, harness.Object{"from": "now"}}},
		{"events(after: $x) { totalCount }", "String", []any{5, ""}},
		{"nodes(ids: $x) { id }", "[ID!]!", []any{slices.Repeat([]any{s.vars["content"]}, 101), []any{"x"}, []any{nil}, nil, []any{s.vars["content"], "garbage"}}},
	} {
		for _, value := range c.values {
			s.wrong(fmt.Sprintf("query($x: %s) { %s }", c.typename, c.argument), harness.Object{"x": value}, badInput, invalid)
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
				s.wrong(query, harness.Object{"id": id}, badInput)
			}
		}
		for _, garbage := range []string{"", "x", "content-x", "'; DROP TABLE events; --", "?0", strings.Repeat("content-", 10_000)} {
			s.wrong(query, harness.Object{"id": garbage}, badInput)
		}
	}
	unknown := "0190a8c2-7b1e-7000-8000-000000000000"
	for mutation, input := range map[string]harness.Object{
		"updateContent": {}, "publishContent": {}, "unpublishContent": {}, "archiveContent": {}, "deleteContent": {}, "restoreContent": {"toVersion": 1},
		"updatePresentation": {}, "deletePresentation": {}, "restorePresentation": {"toVersion": 1}, "updateUser": {}, "changeRole": {"role": "EDITOR"},
	} {
		kind := "content"
		if strings.HasSuffix(mutation, "Presentation") {
			kind = "presentation"
		} else if strings.Contains(mutation, "User") || strings.Contains(mutation, "Role") {
			kind = "user"
		}
		harness.WantText(t, mutation, s.Refused("NotFoundError", s.token, mutation, input.With("id", kind+"-"+unknown)).Path, "input id")
		for _, id := range []any{s.vars["slide"], "", "garbage", strings.Repeat("x", 50_000)} {
			harness.WantText(t, mutation, s.Refused("ValidationError", s.token, mutation, input.With("id", id)).Path, "input id")
		}
	}
	for mutation, input := range map[string]harness.Object{
		"updateSlide": {}, "moveSlide": {"to": harness.Object{"order": 1}}, "removeSlide": {},
	} {
		harness.WantText(t, mutation, s.Refused("NotFoundError", s.token, mutation, input.With("presentationId", s.vars["deck"]).With("slideId", "slide-"+unknown)).Path, "input slideId")
		harness.WantText(t, mutation, s.Refused("ValidationError", s.token, mutation, input.With("presentationId", s.vars["deck"]).With("slideId", s.vars["deck"])).Path, "input slideId")
		harness.WantText(t, mutation, s.Refused("ValidationError", s.token, mutation, input.With("presentationId", s.vars["content"]).With("slideId", s.vars["slide"])).Path, "input presentationId")
		harness.WantText(t, mutation, s.Refused("NotFoundError", s.token, mutation, input.With("presentationId", "presentation-"+unknown).With("slideId", s.vars["slide"])).Path, "input presentationId")
	}
}

func TestExactlyOnePlaceForASlide(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	for _, at := range []harness.Object{{}, {"after": s.vars["slide"], "order": 1}, {"after": nil}, {"order": 0}, {"order": -1}, {"after": s.vars["deck"]}, {"before": ""}, {"order": 9}} {
		for mutation, input := range map[string]harness.Object{
			"addSlide":  {"presentationId": s.vars["deck"], "content": "x", "at": at},
			"moveSlide": {"presentationId": s.vars["deck"], "slideId": s.vars["slide"], "to": at},
		} {
			before := s.Head().String()
			a := s.Try(s.token, mutation, input)
			asData := a.Text("done", "errors", 0, "__typename") == "ValidationError" && strings.HasPrefix(fmt.Sprint(a.At("done", "errors", 0, "path")), "[input ")
			if asTop := len(a.Errors) == 1 && (a.Code() == invalid || a.Code() == badInput); asTop == asData || s.Head().String() != before {
				t.Errorf("%s at %v is answered %s", mutation, at, a.Raw)
			}
		}
	}
	for _, at := range []string{"{}", `{after: "x", order: 1}`, "{after: null}", "{order: null, after: null}"} {
		s.wrong(fmt.Sprintf(`mutation($deck: ID!) { addSlide(input: {presentationId: $deck, content: "x", at: %s}) { position } }`, at), harness.Object{"deck": s.vars["deck"]}, invalid)
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
	create := harness.Object{"title": "t", "content": "c"}
	for _, c := range []struct {
		mutation     string
		input        harness.Object
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
		{"updateContent", harness.Object{"id": s.vars["content"]}, "title", long(300), long(301)},
		{"updateContent", harness.Object{"id": s.vars["content"]}, "slug", "fine", "not fine"},
		{"updateContent", harness.Object{"id": s.vars["content"]}, "tags", tags(50), tags(51)},
		{"createPresentation", harness.Object{"title": "t"}, "title", long(300), long(301)},
		{"createPresentation", harness.Object{"title": "t"}, "theme", long(100), long(101)},
		{"createPresentation", harness.Object{"title": "t"}, "description", long(2000), long(2001)},
		{"updatePresentation", harness.Object{"id": s.vars["deck"]}, "theme", "x", ""},
		{"addSlide", harness.Object{"presentationId": s.vars["deck"], "content": "c"}, "title", long(300), long(301)},
		{"addSlide", harness.Object{"presentationId": s.vars["deck"], "content": "c"}, "notes", long(32 << 10), long(32<<10 + 1)},
		{"updateSlide", harness.Object{"presentationId": s.vars["deck"], "slideId": s.vars["slide"]}, "notes", long(32 << 10), long(32<<10 + 1)},
		{"updateUser", harness.Object{"id": s.vars["user"]}, "displayName", long(100), long(101)},
		{"updateUser", harness.Object{"id": s.vars["user"]}, "displayName", "x", ""},
		{"updateUser", harness.Object{"id": s.vars["user"]}, "email", "a@example.org", "a@"},
		{"updateUser", harness.Object{"id": s.vars["user"]}, "email", "b@example.org", "B <b@example.org>"},
		{"updateUser", harness.Object{"id": s.vars["user"]}, "email", strings.Repeat("x", 242) + "@example.org", strings.Repeat("x", 243) + "@example.org"},
	} {
		e := s.Refused("ValidationError", s.token, c.mutation, c.input.With(c.field, c.breaks))
		harness.WantText(t, c.mutation, e.Path, "input "+c.field)
		if len(e.Message) > 500 {
			t.Errorf("%s: the message repeats the input: %.100s…", c.mutation, e.Message)
		}
		s.Mutate(s.token, c.mutation, c.input.With(c.field, c.fits))
	}
	h := harness.Object{"email": "c@example.org", "displayName": "C"}
	for _, password := range []string{"", "1234567", strings.Repeat("p", 1025)} {
		harness.WantText(t, "password", s.Refused("ValidationError", "", "registerUser", h.With("password", password)).Path, "input password")
	}
	several := s.Try(s.token, "createContent", harness.Object{"title": "", "content": "", "slug": "Not", "description": long(3000)})
	harness.WantList(t, "all that is wrong", several.Texts("__typename", "done", "errors"), "ValidationError", "ValidationError", "ValidationError")
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
			s.wrong(fmt.Sprintf("query($x: %s) { %s }", typename, query), harness.Object{"x": text}, badRequest)
		}
		s.wrong(`mutation($x: String!) { createContent(input: {title: $x, content: "c"}) { position } }`, harness.Object{"x": text}, badRequest)
	}
	for _, text := range []string{"'", `"`, "%", `\`, "?", "?0", "?TableName", "'; DROP TABLE contents; --", "\ufffd", "😀", strings.Repeat("x", 100_000), strings.Repeat("%_", 40_000), ""} {
		a := s.Must(s.token, `query($x: String!, $id: ID!) { contentBySlug(slug: $x) { id } tags(prefix: $x) { totalCount } contents(filter: {tagsAny: [$x], tagsAll: [$x], authorId: $id}) { totalCount }
			events(filter: {streamIds: [$id], actorIds: [$id]}) { totalCount } presentations(filter: {authorId: $id}) { totalCount } }`, harness.Object{"x": text, "id": text})
		if text != "" && a.Number("tags", "totalCount")+a.Number("contents", "totalCount")+a.Number("events", "totalCount") != 0 {
			t.Errorf("%.50q finds something: %s", text, a.Raw)
		}
	}
	many := slices.Repeat([]string{"x"}, 101)
	for _, filter := range []harness.Object{{"tagsAll": many}, {"tagsAny": many}} {
		s.wrong("query($f: ContentFilter) { contents(filter: $f) { totalCount } }", harness.Object{"f": filter}, badInput)
	}
	for _, empty := range []harness.Object{{"tagsAny": []string{}}, {"status": []string{}}} {
		if n := s.Must(s.token, "query($f: ContentFilter) { contents(filter: $f) { totalCount } }", harness.Object{"f": empty}).Number("contents", "totalCount"); n != 0 {
			t.Errorf("any of none selects %d contents", n)
		}
	}
	for _, filter := range []harness.Object{{"types": []string{}}, {"kinds": []string{}}, {"streamIds": []string{}}, {"actorIds": []string{}}} {
		if n := s.Must(s.token, "query($f: EventFilter) { events(filter: $f) { totalCount } }", harness.Object{"f": filter}).Number("events", "totalCount"); n != 0 {
			t.Errorf("any of none selects %d events", n)
		}
	}
}

func TestFutureIsAnErrorUntilItHasCome(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	next := (s.Log.Head().Position + 1).String()
	const query = "query($at: AsOf) { contents(asOf: $at) { position } }"
	s.wrong(query, harness.Object{"at": next}, badInput)
	s.Harness.CreateContent(s.token, nil)
	harness.WantText(t, "position", s.Must(s.token, query, harness.Object{"at": next}).Text("contents", "position"), next)
	at := domain.InstantOf(s.Log.Head().RecordedAt)
	harness.WantText(t, "at its instant", s.Must(s.token, query, harness.Object{"at": at.String()}).Text("contents", "position"), next)
	before := (at - 1).String()
	harness.WantText(t, "a microsecond before", s.Must(s.token, query, harness.Object{"at": before}).Text("contents", "position"), (eventstore.Position(s.Log.Head().Position) - 1).String())
	s.wrong("query($id: ID!) { content(id: $id) { revision(asOf: \"99999\") { id } } }", harness.Object{"id": s.vars["content"]}, badInput)
}
