package api

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// observer records the statements of a harness's reader.
type observer struct {
	mu      sync.Mutex // guards queries
	queries []string
}

// observe records every statement from now on. It is called before the first request.
func observe(h *harness.Harness) *observer {
	o := &observer{}
	h.DB.Observe(func(query string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.queries = append(o.queries, query)
	})
	return o
}

// take returns the statements since the last call.
func (o *observer) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	queries := o.queries
	o.queries = nil
	return queries
}

// TestNumberOfStatementsDoesNotGrowWithThePage runs each query for 10 and for 100 objects, of many
// authors.
func TestNumberOfStatementsDoesNotGrowWithThePage(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	o := observe(h)
	_, admin := h.User(domain.Admin)
	var ids []string
	for range 10 {
		_, token := h.User(domain.Author)
		var commands []harness.Object
		for i := range 10 {
			commands = append(commands, harness.Object{"createContent": harness.Object{"title": "Title", "content": "x", "tags": []string{fmt.Sprint("tag", len(ids)+i)}}},
				harness.Object{"createPresentation": harness.Object{"title": "Deck", "markdown": "# One\n\n---\n\n# Two"}})
		}
		made := h.Mutate(token, "applyBatch", harness.Object{"commands": commands}).Texts("id", "done", "results")
		for i := 0; i < len(made); i += 2 {
			ids = append(ids, made[i])
		}
	}
	deck, _ := h.CreatePresentation(admin, harness.Object{"markdown": strings.Repeat("# One\n\n---\n\n", 120)})
	edited := ids[0]
	var edits []harness.Object
	for i := range 100 {
		edits = append(edits, harness.Object{"updateContent": harness.Object{"id": edited, "title": fmt.Sprint(i)}})
	}
	h.Mutate(admin, "applyBatch", harness.Object{"commands": edits})
	if err := h.WaitForIndex(t.Context()); err != nil { // it writes, too
		t.Fatal(err)
	}
	h.Must(admin, "{ viewer { id } }", nil) // from here on the principal of the token is cached
	for name, c := range map[string]struct {
		query      string
		statements int
	}{
		"contents":                {`contents(first: %d) { nodes { title tags content } }`, 1},
		"by edges":                {`contents(first: %d) { edges { cursor node { author { displayName email } } } pageInfo { hasNextPage } }`, 2},
		"contents with authors":   {`contents(first: %d) { nodes { author { displayName } html } position }`, 2},
		"and how many":            {`contents(first: %d) { nodes { author { id } } totalCount }`, 3},
		"only how many":           {`contents(first: %d) { totalCount }`, 2},
		"in another order":        {`contents(first: %d, orderBy: {field: TITLE}) { nodes { author { id } } }`, 2},
		"as of":                   {`contents(first: %d, asOf: "400") { nodes { author { id } } }`, 2},
		"decks":                   {`presentations(first: %d) { nodes { author { id } slides { id content order presentation { id title } } } }`, 3},
		"decks as Markdown":       {`presentations(first: %d) { nodes { markdown } }`, 2},
		"events":                  {`events(first: %d) { nodes { type data } }`, 1},
		"events with actors":      {`events(last: %d) { nodes { actor { displayName } } }`, 2},
		"events with subjects":    {`events(first: %d, filter: {kinds: [CONTENT]}) { nodes { subject { id ... on Content { author { id } } } actor { id } } }`, 4},
		"events of decks":         {`events(first: %d, filter: {kinds: [PRESENTATION]}) { nodes { subject { ... on Presentation { slides { id } author { id } } } } }`, 4},
		"all kinds of events":     {`events(first: %d, filter: {kinds: [PRESENTATION, CONTENT]}) { nodes { subject { id } } }`, 3},
		"users":                   {`users(first: %d) { nodes { displayName email } }`, 1},
		"tags":                    {`tags(first: %d) { nodes { name count } }`, 1},
		"the history of one":      {`content(id: "` + edited + `") { history(first: %d) { nodes { type actor { id } subject { ... on Content { title author { id } } } } } }`, 5},
		"the history of a deck":   {`presentation(id: "` + deck + `") { history(first: %d) { nodes { subject { ... on Presentation { slides { content } } } } } }`, 4},
		"everything of one":       {`content(id: "` + edited + `") { author { id } revision(version: 3) { author { id } } diff(from: 2) { to } unused: history(first: %d) { position } }`, 6},
		"searched":                {`contents(first: %d, search: "title") { nodes { author { id } } }`, 2},
		"several lists, one page": {`a: contents(first: %d) { nodes { author { id } } } b: contents(first: 5) { nodes { author { id } } }`, 4},
	} {
		var few []string
		for _, n := range []int{10, 100} {
			o.take()
			h.Must(admin, "{ "+fmt.Sprintf(c.query, n)+" }", nil)
			queries := o.take()
			if few == nil {
				few = queries
			}
			if len(queries) != len(few) || len(queries) > c.statements {
				t.Errorf("%s: %d statements for %d, want at most %d:\n%s", name, len(queries), n, c.statements, strings.Join(queries, "\n"))
			}
		}
	}
	for _, n := range []int{10, 100} {
		o.take()
		h.Must(admin, `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Content { title author { id } } } }`, harness.Object{"ids": ids[:n]})
		if queries := o.take(); len(queries) > 2 {
			t.Errorf("%d nodes: %d statements:\n%s", n, len(queries), strings.Join(queries, "\n"))
		}
	}
	h.Must(admin, `{ contents(first: 5) { nodes { id } } }`, nil)
	if counted := strings.Join(o.take(), "\n"); strings.Contains(counted, "count(") {
		t.Errorf("a query without totalCount counts: %s", counted)
	}
}

// TestManyShapesOfQueriesAtOnce sends more shapes of queries than there are prepared statements,
// concurrently: no statement is closed while a query is about to use it.
func TestManyShapesOfQueriesAtOnce(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Admin)
	id := h.CreateContent(token, harness.Object{"tags": []string{"x"}})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 0)) //nolint:gosec // to be repeatable
			for range 8 {
				query := strings.Builder{}
				for alias := range 10 {
					fmt.Fprintf(&query, "a%d: contents(filter: {tagsAny: [%s] tagsAll: [%s]}) { nodes { id } } ", alias,
						strings.Repeat(`"x" `, 1+random.IntN(60)), strings.Repeat(`"x" `, random.IntN(5)))
				}
				a := h.Ask(token, "{"+query.String()+"}", nil)
				if len(a.Errors) > 0 || a.Text("a0", "nodes", 0, "id") != id {
					t.Errorf("answered %.300s", a.Raw)
					return
				}
			}
		})
	}
	all.Wait()
}
