package api

import (
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// A request with a variable that is not of its type is refused as a whole: no command of it runs.
func TestNothingRunsBeforeAllVariablesHaveTheirTypes(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, nil)
	head := h.Head()
	const create = `a: createContent(input: {title: "Never", content: "x"}) { position } `
	for name, c := range map[string]struct {
		query, message string
		vars           harness.Object
	}{
		"a text for an Int":      {`mutation($id: ID!, $v: Int) { ` + create + `b: updateContent(input: {id: $id, expectedVersion: $v}) { position } }`, "leave out the quotes", harness.Object{"v": "2"}},
		"an Int of 33 bits":      {`mutation($id: ID!, $v: Int) { ` + create + `b: updateContent(input: {id: $id, expectedVersion: $v}) { position } }`, "32 bits", harness.Object{"v": 1 << 31}},
		"an enum in small":       {`mutation($id: ID!, $v: ContentFormat) { ` + create + `b: updateContent(input: {id: $id, format: $v}) { position } }`, "not a value of the enum ContentFormat", harness.Object{"v": "markdown"}},
		"an unknown field":       {`mutation($id: ID!, $v: UpdateContentInput!) { ` + create + `b: updateContent(input: $v) { position } c: unpublishContent(input: {id: $id}) { position } }`, `"name" is not a field`, harness.Object{"v": harness.Object{"id": id, "name": "x"}}},
		"two commands in one":    {`mutation($id: ID!, $v: [BatchCommand!]!) { ` + create + `b: applyBatch(input: {commands: $v}) { position } c: unpublishContent(input: {id: $id}) { position } }`, "exactly one field", harness.Object{"v": []any{harness.Object{"publishContent": harness.Object{"id": id}, "deleteContent": harness.Object{"id": id}}}}},
		"an instant of no day":   {`mutation($id: ID!, $v: DateTime) { ` + create + `b: createApiKey(input: {name: "k", role: VIEWER, expiresAt: $v}) { position } c: unpublishContent(input: {id: $id}) { position } }`, "is not an instant", harness.Object{"v": "2026-02-30T12:00:00Z"}},
		"an instant in the text": {`mutation($id: ID!) { ` + create + `b: createApiKey(input: {name: "k", role: VIEWER, expiresAt: "soon"}) { position } c: unpublishContent(input: {id: $id}) { position } }`, "is not an instant", harness.Object{}},
		"half a character":       {`mutation($id: ID!) { ` + create + `b: updateContent(input: {id: $id, title: "c \uD83D"}) { position } }`, "half of a pair", harness.Object{}},
	} {
		c.vars["id"] = id
		a := h.Ask(token, c.query, c.vars)
		if raw := string(a.Raw); strings.Contains(raw, `"data"`) || !strings.Contains(strings.ReplaceAll(raw, `\"`, `"`), c.message) {
			t.Errorf("%s: %s", name, raw)
		}
	}
	if h.Head() != head {
		t.Errorf("something was written: the log ends at %s, not at %s", h.Head(), head)
	}
}
