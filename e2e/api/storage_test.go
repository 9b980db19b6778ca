package api

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// more is a mutation whose event does not fit into the rest of a page.
const more = `mutation($text: String!) { createContent(input: {title: "More", content: $text, idempotencyKey: "more"}) { position errors { message } } }`

var moreText = harness.Object{"text": strings.Repeat("x", 10_000)}

// unavailable sends a mutation while the database cannot be written. The message must name the
// reason, the loss and the remedy. Queries are still answered.
func unavailable(h *harness.Harness, token string, said ...string) {
	h.T.Helper()
	before := h.Head().String()
	a := h.Ask(token, more, moreText)
	harness.WantText(h.T, "code", a.Code(), "UNAVAILABLE")
	for _, words := range said {
		if len(a.Errors) == 0 || !strings.Contains(a.Errors[0].Message, words) {
			h.T.Errorf("the answer does not say %q: %s", words, a.Raw)
		}
	}
	harness.WantText(h.T, "head", h.Head().String(), before)
	harness.WantText(h.T, "position of a list", h.Must(token, `{ contents { position nodes { title } } }`, nil).Text("contents", "position"), before)
}

// available sends the same mutation again: it happens once, and the database verifies.
func available(h *harness.Harness, token string) {
	h.T.Helper()
	first := h.Must(token, more, moreText).Text("createContent", "position")
	harness.WantText(h.T, "position", first, h.Head().String())
	harness.WantText(h.T, "position again", h.Must(token, more, moreText).Text("createContent", "position"), first)
	found := h.Ask(token, `{ contents(search: "more") { totalCount } }`, nil)
	for deadline := time.Now().Add(harness.Patience); found.Code() == "UNAVAILABLE" && time.Now().Before(deadline); { // the index tries again after a pause
		found = h.Ask(token, `{ contents(search: "more") { totalCount } }`, nil)
	}
	harness.WantText(h.T, "found", fmt.Sprint(found.Number("contents", "totalCount")), "1")
	harness.WantCLI(h.T, 0, []string{"verify", "--db", h.AppOptions.DB}, h.Head().String()+" events fit", "all follow from the log")
}

// onWriter runs a PRAGMA on the connection that writes.
func onWriter(h *harness.Harness, pragma string) {
	h.T.Helper()
	if _, err := h.Log.Update(h.T.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
		_, err := tx.Exec(tx.Context(), "PRAGMA "+pragma)
		return err
	}); err != nil {
		h.T.Fatal(err)
	}
}

func TestAFullDiskIsToldAndNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	h.CreateContent(token, nil)
	acknowledged := 1
	onWriter(h, "max_page_count = 1") // SQLite takes the size of the file for it
	for full := false; !full; {
		full = len(h.Ask(token, `mutation($text: String!) { createContent(input: {title: "Fill", content: $text}) { position } }`, moreText).Errors) > 0
		if !full {
			acknowledged++
		}
	}
	unavailable(h, token, "disk is full", "nothing was written", "try again when the operator has made room")
	harness.WantText(t, "contents", fmt.Sprint(h.Must(token, `{ contents { totalCount } }`, nil).Number("contents", "totalCount")), fmt.Sprint(acknowledged))
	onWriter(h, "max_page_count = 1000000")
	available(h, token)
}

func TestADatabaseThatAnotherProgramLocksIsTold(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as the engine does")
	}
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	other, err := sql.Open("sqlite", "file:"+h.AppOptions.DB+"?_txlock=immediate&_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	unavailable(h, token, "in use by another program", "nothing was written", "try again")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	available(h, token)
}

func TestADatabaseThatHasBecomeReadOnlyIsTold(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	onWriter(h, "query_only = 1")
	unavailable(h, token, "cannot be written", "nothing was written", "the operator has to make it writable")
}
