package api

import (
	"strings"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// TestPagesOfLongTextsAreShort: pages of long texts end early, in both directions, and paging still
// reaches every node.
func TestPagesOfLongTextsAreShort(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Admin)
	const n = 5
	text := strings.Repeat("long ", 700_000)
	for range n {
		if _, err := h.Commands.Do(auth.WithActor(t.Context(), domain.System), command.CreateContent{
			Title: "Long", Content: text, Format: domain.Plaintext, Status: domain.Published,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for list, fields := range map[string]string{"contents": "id", "events": "id"} {
		for _, way := range [][3]string{{"first", "after", "hasNextPage"}, {"last", "before", "hasPreviousPage"}} {
			seen := make(map[string]bool)
			var cursor any
			for pages := 1; ; pages++ {
				a := h.Must(token, `query($c: String) { list: `+list+`(`+way[0]+`: 100, `+way[1]+`: $c) { nodes { `+fields+` } pageInfo { `+way[2]+` startCursor endCursor } } }`,
					map[string]any{"c": cursor})
				nodes, _ := a.At("list", "nodes").([]any)
				if len(nodes) == 0 || len(nodes) > 3+1 {
					t.Fatalf("%s %s: a page of %d", list, way[0], len(nodes))
				}
				for i := range nodes {
					seen[a.Text("list", "nodes", i, "id")] = true
				}
				if a.At("list", "pageInfo", way[2]) != true {
					break
				}
				cursor = a.At("list", "pageInfo", map[string]string{"first": "endCursor", "last": "startCursor"}[way[0]])
			}
			if len(seen) < n {
				t.Errorf("%s %s: %d of %d seen", list, way[0], len(seen), n)
			}
		}
	}
}
