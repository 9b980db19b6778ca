package e2e

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// more is a mutation that finds no room in what is left of a page.
const more = `mutation($text: String!) { createContent(input: {title: "More", content: $text, idempotencyKey: "more"}) { position errors { message } } }`

var moreText = object{"text": strings.Repeat("x", 10_000)}

// unavailable sends a mutation that the database cannot take now. The message has to
// say so, what was lost, and what to do; what can be read stays readable.
func (h *harness) unavailable(token string, said ...string) {
	h.t.Helper()
	before := h.head()
	a := h.ask(token, more, moreText)
	wantText(h.t, "code", a.code(), "UNAVAILABLE")
	for _, words := range said {
		if len(a.Errors) == 0 || !strings.Contains(a.Errors[0].Message, words) {
			h.t.Errorf("the answer does not say %q: %s", words, a.raw)
		}
	}
	wantText(h.t, "head", h.head(), before)
	wantText(h.t, "position of a list", h.must(token, `{ contents { position nodes { title } } }`, nil).text("contents", "position"), before)
}

// available sends the same mutation again: it is done once, and everything fits.
func (h *harness) available(token string) {
	h.t.Helper()
	first := h.must(token, more, moreText).text("createContent", "position")
	wantText(h.t, "position", first, h.head())
	wantText(h.t, "position again", h.must(token, more, moreText).text("createContent", "position"), first)
	found := h.ask(token, `{ contents(search: "more") { totalCount } }`, nil)
	for deadline := time.Now().Add(patience); found.code() == "UNAVAILABLE" && time.Now().Before(deadline); { // the index tries again after a pause
		found = h.ask(token, `{ contents(search: "more") { totalCount } }`, nil)
	}
	wantText(h.t, "found", fmt.Sprint(found.number("contents", "totalCount")), "1")
	wantCLI(h.t, 0, []string{"verify", "--db", h.options.DB}, h.head()+" events fit", "all follow from the log")
}

// onWriter runs a PRAGMA on the connection that writes.
func (h *harness) onWriter(pragma string) {
	h.t.Helper()
	if _, err := h.Log.Update(h.t.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
		_, err := tx.Exec(tx.Context(), "PRAGMA "+pragma)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
}

func TestAFullDiskIsToldAndNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	h.content(token, nil)
	acknowledged := 1
	h.onWriter("max_page_count = 1") // SQLite takes the size of the file for it
	for full := false; !full; {
		full = len(h.ask(token, `mutation($text: String!) { createContent(input: {title: "Fill", content: $text}) { position } }`, moreText).Errors) > 0
		if !full {
			acknowledged++
		}
	}
	h.unavailable(token, "disk is full", "nothing was written", "try again when the operator has made room")
	wantText(t, "contents", fmt.Sprint(h.must(token, `{ contents { totalCount } }`, nil).number("contents", "totalCount")), fmt.Sprint(acknowledged))
	h.onWriter("max_page_count = 1000000")
	h.available(token)
}

func TestADatabaseThatAnotherProgramLocksIsTold(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as the engine does")
	}
	h := start(t)
	_, token := h.user(domain.Author)
	other, err := sql.Open("sqlite", "file:"+h.options.DB+"?_txlock=immediate&_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.unavailable(token, "in use by another program", "nothing was written", "try again")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	h.available(token)
}

func TestADatabaseThatHasBecomeReadOnlyIsTold(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	h.onWriter("query_only = 1")
	h.unavailable(token, "cannot be written", "nothing was written", "the operator has to make it writable")
}
