package e2e

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// complaints passes on what is logged of subscriptions.
type complaints chan string

func (c complaints) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "msg=subscription") {
		select {
		case c <- string(line):
		default: // nobody listens to more
		}
	}
	return len(line), nil
}

// await waits for the server to say why a subscription stands still.
func (c complaints) await(t *testing.T, why string) {
	t.Helper()
	select {
	case line := <-c:
		if !strings.Contains(line, why) || !strings.Contains(line, "after=") || !strings.Contains(line, "request=") {
			t.Errorf("the log does not say %q: %s", why, line)
		}
	case <-time.After(patience):
		t.Fatal("the log says nothing of the subscription")
	}
}

// TestASubscriptionOutlastsWhatTheServerCannotRead takes away a table that a
// subscription needs: the log itself, which it reads while it catches up, or what
// decides on what may be seen. The client hears nothing wrong, and when the table is
// back, everything once; the operator finds the reason in the log.
func TestASubscriptionOutlastsWhatTheServerCannotRead(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"events", "contents"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "flightdeck.db")
			before := &desk{startOn(t, path)}
			author, token := before.actor(domain.Author)
			before.contents(author, 300)
			head := before.head()
			before.stop() // what happened until now is in no memory

			said := make(complaints, 1)
			h := &desk{&harness{t: t, options: testOptions(path), server: defaultServer(t)}}
			h.options.Logger = slog.New(slog.NewTextHandler(said, nil))
			h.serve()
			t.Cleanup(func() { h.stop() })
			rename := func(from, to string) {
				if _, err := h.Log.Update(t.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
					_, err := tx.Exec(tx.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			rename(table, "away")
			var listeners []*listener
			for _, protocol := range []string{transportWS, legacyWS} {
				listeners = append(listeners, h.listenBy(protocol, token, listenToPositions, map[string]any{"after": "0"}))
				said.await(t, "no such table")
			}
			rename("away", table)
			h.contents(author, 10)
			for _, l := range listeners {
				wantPositions(t, l.protocol, l.positions(head+10), span(1, head+10))
			}
		})
	}
}
