//go:build evolution

package operator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// evolved is set in a process of its own, in which ContentUpdated had two schema versions before
// this program's version. In the first the title was named heading and the text body, in the second
// the text alone.
const evolved = "FLIGHTDECK_TEST_EVOLVED"

// renamed is a step between two schema versions that renames a field.
func renamed(from, to string) domain.Upcaster {
	return func(data json.RawMessage) (json.RawMessage, error) {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(data, &fields); err != nil {
			return nil, err
		}
		if value, ok := fields[from]; ok {
			fields[to] = value
			delete(fields, from)
		}
		return json.Marshal(fields)
	}
}

// TestEventsOfEverySchemaVersionAreReadEverywhere: in rows, as of a moment, in history, by replay
// from archive and snapshots, in subscriptions, by search, after a rebuild, and after an export and
// an import.
func TestEventsOfEverySchemaVersionAreReadEverywhere(t *testing.T) {
	t.Parallel()
	if os.Getenv(evolved) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), evolved+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	domain.Evolve("ContentUpdated", renamed("heading", "title"), renamed("body", "content"))
	h := harness.Start(t)
	admin, token := h.User(domain.Admin)
	id := h.CreateContent(token, harness.Object{"title": "Zero", "content": "none", "status": "PUBLISHED"})
	for version, data := range []string{`{"contentId": %q, "heading": "One", "body": "first"}`, `{"contentId":%q,"title":"Two","body":"second"}`, `{"contentId":%q,"title":"Three","content":"third"}`} {
		e := eventstore.NewEvent{ID: fmt.Sprint("evolved-", version), Type: "ContentUpdated", SchemaVersion: version + 1, Data: fmt.Appendf(nil, data, id)}
		if _, err := h.Log.Append(t.Context(), eventstore.Stream{ID: eventstore.StreamID(id), Type: string(domain.KindContent)}, eventstore.StreamExists, e); err != nil {
			t.Fatal(err)
		}
	}
	h.Mutate(token, "updateContent", harness.Object{"id": id, "title": "Four"})
	mustBeEvolved(t, h, token, id)
	h.Must(token, `mutation($id: ID!) { archiveStream(streamId: $id, throughVersion: 3) { stream { id } errors { message } } }`, harness.Object{"id": id})
	mustBeEvolved(t, h, token, id)
	h.Reopen(func(db string) {
		harness.WantCLI(t, 0, []string{"snapshot", "--db", db}, "made")
		harness.WantCLI(t, 0, []string{"rebuild", "--db", db}, "rebuilt from")
		harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log")
	})
	mustBeEvolved(t, h, token, id)
	file, _ := exportOf(t, h.AppOptions.DB)
	if text := string(harness.ReadFile(t, file)); !strings.Contains(text, `"schemaversion":1,`) || !strings.Contains(text, `"heading": "One"`) {
		t.Errorf("the export does not hold the stored bytes: %s", text)
	}
	x := newTarget(t)
	harness.WantCLI(t, 0, []string{"import", "log", "--db", x.db, "--file", file}, "imported 6 events")
	to := harness.StartOn(t, x.db)
	session, err := to.Commands.Begin(t.Context(), admin, false)
	if err != nil {
		t.Fatal(err)
	}
	mustBeEvolved(t, to, session.Token, id)
}

func mustBeEvolved(t *testing.T, h *harness.Harness, token, id string) {
	t.Helper()
	titles, texts := []string{"Zero", "One", "Two", "Three", "Four"}, []string{"none", "first", "second", "third", "third"}
	for i := range titles {
		a := h.Must(token, `query($id: ID!, $at: AsOf, $v: Int) {
			then: content(id: $id, asOf: $at) { title content } now: content(id: $id) { revision(version: $v) { title content } } }`,
			harness.Object{"id": id, "at": fmt.Sprint(i + 2), "v": i + 1})
		for _, got := range []any{a.At("then"), a.At("now", "revision")} {
			harness.WantText(t, fmt.Sprint("version ", i+1), fmt.Sprint(got), fmt.Sprintf("map[content:%s title:%s]", texts[i], titles[i]))
		}
		state, _, err := h.Log.State(t.Context(), eventstore.StreamID(id), eventstore.Until{Version: i + 1})
		if c, ok := state.(domain.Content); err != nil || !ok || c.Title != titles[i] || c.Content != texts[i] {
			t.Errorf("the state at version %d is %+v, error %v", i+1, state, err)
		}
	}
	const selection = `data ... on ContentUpdated { title content changes }`
	wanted := func(title, text string) string {
		if text == "" {
			return fmt.Sprintf("map[changes:[title] content:<nil> data:map[contentId:%s title:%s] title:%s]", id, title, title)
		}
		return fmt.Sprintf("map[changes:[title content] content:%s data:map[content:%s contentId:%s title:%s] title:%s]", text, text, id, title, title)
	}
	want := []string{wanted("One", "first"), wanted("Two", "second"), wanted("Three", "third"), wanted("Four", "")}
	a := h.Must(token, `query($id: ID!) { content(id: $id) { history(first: 10) { nodes { `+selection+` } } } contents(search: "third") { totalCount } }`, harness.Object{"id": id})
	l := h.Listen(token, `subscription { eventAppended(after: "2") { `+selection+` } }`, nil)
	for i, w := range want {
		harness.WantText(t, "history", fmt.Sprint(a.At("content", "history", "nodes", i+1)), w)
		harness.WantText(t, "heard", fmt.Sprint(l.Next().At("eventAppended")), w)
	}
	l.Close()
	if n := a.Number("contents", "totalCount"); n != 1 {
		t.Errorf("a search finds %d", n)
	}
	if strings.Contains(string(a.Raw), "heading") {
		t.Errorf("an old name is shown: %s", a.Raw)
	}
}
