package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// TestAMessageSaysHowToMendBadInput compares the message of each kind of bad input. A message names
// the fault, and the way to mend it where the fault does not show it. No event is written.
func TestAMessageSaysHowToMendBadInput(t *testing.T) {
	t.Parallel()
	s := newInputs(t)
	other, elsewhere := newInputs(t), newInputs(t)
	content, deck := s.vars["content"], s.vars["deck"]
	s.Mutate(s.token, "updateContent", harness.Object{"id": content, "title": "Newer"})
	s.Mutate(s.token, "createContent", harness.Object{"title": "Keyed", "content": "x", "idempotencyKey": "k"})
	cursor := func(s *inputs, list string) string {
		return s.Must(s.token, fmt.Sprintf("{ list: %s(first: 1) { pageInfo { endCursor } } }", list), nil).Text("list", "pageInfo", "endCursor")
	}
	request := func(query string, vars harness.Object) string {
		body, err := json.Marshal(harness.Object{"query": query, "variables": vars})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	list := func(arguments string, vars harness.Object) string {
		return request("query($x: String, $at: AsOf, $n: Int) { contents("+arguments+") { totalCount } n: contents(first: $n) { totalCount } a: contents(after: $x, asOf: $at) { totalCount } }", vars)
	}
	send := func(mutation string, input harness.Object) string {
		return request(harness.MutationDocument(mutation), harness.Object{"input": input})
	}
	head := s.Head().String()
	for name, c := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"malformed GraphQL":        {request("{ contents { totalCount ", nil), 200, "Expected Name, found <EOF>"},
		"malformed JSON":           {`{"query": "{ viewer { id } }",}`, 400, `not valid JSON at byte 31: send {"query": `},
		"no query":                 {`{"variables": {}}`, 400, `the member "query" is missing: send {"query": `},
		"an unknown field":         {request("{ contentz { id } }", nil), 200, `Cannot query field "contentz" on type "Query". Did you mean "content" or "contents"?`},
		"a wrong type":             {request(`{ contents(first: "2") { totalCount } }`, nil), 200, `Int cannot represent non-integer value: "2"`},
		"a wrong type, by name":    {list("first: 1", harness.Object{"n": "2"}), 200, `"2" is a text, not an Int: leave out the quotes`},
		"no enum value":            {request(`{ contents(orderBy: {field: SIZE}) { totalCount } }`, nil), 200, `Value "SIZE" does not exist in "ContentOrderField`},
		"a missing member":         {request(`mutation { createContent(input: {content: "x"}) { position } }`, nil), 200, `Field "CreateContentInput.title" of required type "String!" was not provided.`},
		"NUL in a document":        {request(`{ contents(search: "a\u0000b") { totalCount } }`, nil), 200, "A string must not contain the character U+0000."},
		"NUL in a variable":        {send("createContent", harness.Object{"title": "a\x00b", "content": "x"}), 400, "a string must not contain the character U+0000"},
		"NUL in the body":          {"{\"query\": \"{ viewer \x00 }\"}", 400, "not valid JSON at byte 21"},
		"invalid UTF-8":            {"{\"query\": \"{ contents(search: \\\"\xff\\\") { totalCount } }\"}", 400, "the request is not valid UTF-8"},
		"a body of 10 MB":          {request(strings.Repeat(" ", 10_000_000)+"{ viewer { id } }", nil), 413, "the body is larger than 8388608 bytes"},
		"a huge page":              {list("first: 501", nil), 200, "first: 501 is outside of 0 to 500: ask for less and follow pageInfo to the next page"},
		"a page below nothing":     {list("last: -1", nil), 200, "last: -1 is outside of 0 to 500"},
		"two directions":           {list("first: 1, last: 1", nil), 200, "use one of them"},
		"no cursor":                {list("first: 1", harness.Object{"x": "garbage"}), 200, `"after" is not a cursor: use a cursor or pageInfo of an earlier page`},
		"another list's cursor":    {list("first: 1", harness.Object{"x": cursor(s, "presentations")}), 200, `the cursor in "after" belongs to another list`},
		"another log's cursor":     {list("first: 1", harness.Object{"x": cursor(elsewhere, "contents")}), 200, `the cursor in "after" belongs to another list`},
		"a cursor of another time": {list("first: 1", harness.Object{"x": cursor(s, "contents"), "at": "1"}), 200, "asOf is 1: leave asOf out, or start again without a cursor"},
		"a position to come":       {list("first: 1", harness.Object{"at": "99999"}), 200, "position 99999 is in the future: the log ends at " + head},
		"an instant to come":       {list("first: 1", harness.Object{"at": "9999-12-31T23:59:59Z"}), 200, "9999-12-31T23:59:59.000000Z is in the future: it is 2"},
		"nonsense for a moment":    {list("first: 1", harness.Object{"at": "yesterday"}), 200, `"yesterday" is not a point in history: write an instant with an offset such as 2026-01-31T12:00:00Z, or a log position such as 1042`},
		"a day for a moment":       {list("first: 1", harness.Object{"at": "2026-01-31"}), 200, `"2026-01-31" is not a point in history: write an instant with an offset`},
		"an id of another kind":    {request("query($id: ID!) { content(id: $id) { id } }", harness.Object{"id": deck}), 200, fmt.Sprint(deck, " is the id of a presentation, not of a content")},
		"to change another kind":   {send("updateContent", harness.Object{"id": deck, "title": "x"}), 200, fmt.Sprint(deck, " is the id of a presentation, not of a content")},
		"no id":                    {request(`{ node(id: "x") { id } }`, nil), 200, `"x" is not an id: ids look like content-0190a8c2`},
		"an id of elsewhere":       {send("updateContent", harness.Object{"id": other.vars["content"], "title": "x"}), 200, "content does not exist"},
		"a stale version":          {send("updateContent", harness.Object{"id": content, "title": "x", "expectedVersion": 1}), 200, "expected version 1, but it is at version 2: look at what changed since, then send the change again"},
		"a key used before":        {send("createContent", harness.Object{"title": "Other", "content": "x", "idempotencyKey": "k"}), 200, "the idempotency key was used before, with another input: use a new key for a new command"},
		"a taken slug":             {send("createContent", harness.Object{"title": "x", "content": "x", "slug": "keyed"}), 200, `the slug "keyed" is taken: choose another, or leave it out to have one made from the title`},
		"no JSON":                  {send("createContent", harness.Object{"title": "x", "content": "{x}", "format": "JSON"}), 200, "content is not valid JSON at byte 2: correct it, or choose another format"},
		"text that becomes JSON":   {send("updateContent", harness.Object{"id": content, "format": "JSON"}), 200, "content is not valid JSON at byte 1: correct it, or choose another format"},
	} {
		status, raw := s.Post(s.token, []byte(c.body))
		var a harness.Answer
		if err := json.Unmarshal(raw, &a); err != nil {
			t.Fatalf("%s: %v: %s", name, err, raw)
		}
		a.Raw = raw
		message := a.Text("done", "errors", 0, "message")
		if len(a.Errors) > 0 {
			message = a.Errors[0].Message
		}
		if status != c.status || !strings.Contains(message, c.message) || c.message == "" {
			t.Errorf("%s is answered %d %q, want %d %q: %.300s", name, status, message, c.status, c.message, raw)
		}
	}
	harness.WantText(t, "head", s.Head().String(), head)
	harness.WantText(t, "a visitor", s.Refused("ForbiddenError", "", "createContent", harness.Object{"title": "x", "content": "x"}).Message, "log in to write: send the token of logIn as Authorization: Bearer …")
	_, viewer := s.User(domain.Viewer)
	harness.WantText(t, "a reader", s.Refused("ForbiddenError", viewer, "createContent", harness.Object{"title": "x", "content": "x"}).Message, "the role VIEWER may only read: an admin can change it with changeRole")
}
