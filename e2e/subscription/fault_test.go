package subscription

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// complaints passes on the log's lines about subscriptions.
type complaints chan string

func (c complaints) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "msg=subscription") {
		select {
		case c <- string(line):
		default: // the test waits for one line
		}
	}
	return len(line), nil
}

// await waits for the log's reason why a subscription makes no progress.
func (c complaints) await(t *testing.T, why string) {
	t.Helper()
	select {
	case line := <-c:
		if !strings.Contains(line, why) || !strings.Contains(line, "after=") || !strings.Contains(line, "request=") {
			t.Errorf("the log does not say %q: %s", why, line)
		}
	case <-time.After(harness.Patience):
		t.Fatal("the log says nothing of the subscription")
	}
}

// TestASubscriptionOutlastsAMissingTable renames a table that a subscription needs: the log, which
// it reads while it catches up, or the contents, which decide about visibility. The client receives
// no error, and every event once when the table is back. The log tells the operator the reason.
func TestASubscriptionOutlastsAMissingTable(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"events", "contents"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "flightdeck.db")
			before := harness.StartOn(t, path)
			author, token := before.Actor(domain.Author)
			before.AppendContents(author, 300)
			head := before.Head()
			before.Stop() // no memory holds the events until now

			said := make(complaints, 1)
			h := &harness.Harness{T: t, AppOptions: harness.AppOptions(path), ServerOptions: harness.DefaultServerOptions(t)}
			h.AppOptions.Logger = slog.New(slog.NewTextHandler(said, nil))
			h.Serve()
			t.Cleanup(func() { h.Stop() })
			rename := func(from, to string) {
				if _, err := h.Log.Update(t.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
					_, err := tx.Exec(tx.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			rename(table, "away")
			var listeners []*harness.Listener
			for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
				listeners = append(listeners, h.ListenBy(protocol, token, listenToPositions, map[string]any{"after": "0"}))
				said.await(t, "no such table")
			}
			rename("away", table)
			h.AppendContents(author, 10)
			for _, l := range listeners {
				harness.WantPositions(t, l.Protocol, l.Positions(head+10), harness.Span(1, head+10))
			}
		})
	}
}
