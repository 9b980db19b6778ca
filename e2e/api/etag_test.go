package api

import (
	"database/sql"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"

	"pgregory.net/rapid"
)

// askAgain sends a query by GET with the ETag of an earlier answer, "" for none. body is "" if the
// server answers that it is not modified.
func askAgain(h *harness.Harness, token, query, variables, tag string) (status int, newTag, body string) {
	h.T.Helper()
	address := h.URL + "/graphql?query=" + url.QueryEscape(query) + "&variables=" + url.QueryEscape(variables)
	r, err := http.NewRequestWithContext(h.T.Context(), http.MethodGet, address, nil)
	if err != nil {
		h.T.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		h.T.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("ETag"), string(data)
}

// conditionalQueries read every object that the test changes.
var conditionalQueries = []string{
	`query($id: ID!, $then: AsOf) { content(id: $id, asOf: $then) { id version title status } }`,
	`query($id: ID!, $then: AsOf) { node(id: $id, asOf: $then) { id ... on Content { author { displayName role } } } }`,
	`query($then: AsOf) { contents(first: 5, asOf: $then) { totalCount nodes { title status } } }`,
	`query { viewer { id role email } }`,
	`query { log { head size { events } rebuild { state } } }`,
	`query { contents(search: "word") { nodes { id } } }`,
	`query { users { nodes { displayName role email } } }`,
	`query { events(last: 3) { nodes { position type actor { displayName } data } } }`,
	`query($id: ID!) { content(id: $id) { history { totalCount } revision(version: 1) { title } } }`,
	`query { tags { nodes { name count } } }`,
}

// TestNotModifiedMeansTheSameBytes changes visible objects and rights in every way, and in between
// sends queries with every ETag that was ever given.
func TestNotModifiedMeansTheSameBytes(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	author, authorToken := h.User(domain.Author)
	other, otherToken := h.User(domain.Viewer)
	tokens := map[string]string{author: authorToken, other: otherToken}
	create := func() string {
		return h.Must(authorToken, `mutation { createContent(input: {title: "A word", content: "x", tags: ["t"]}) { content { id } errors { message } } }`, nil).
			Text("createContent", "content", "id")
	}
	ids := []string{create(), create()}
	tags := map[string]string{}  // the bytes of every answer that had a tag
	given := map[string]string{} // the last tag of each request, for any asker
	var hits int
	rapid.Check(t, func(rt *rapid.T) {
		id := func() string { return rapid.SampledFrom(ids).Draw(rt, "id") }
		change := func(mutation string) func(*rapid.T) {
			return func(rt *rapid.T) {
				token := rapid.SampledFrom([]string{admin, tokens[author], tokens[other]}).Draw(rt, "who writes")
				h.Ask(token, `mutation($id: ID!) { `+mutation+` { errors { message } } }`, map[string]any{"id": id()})
			}
		}
		role := func(user string) func(*rapid.T) {
			return func(rt *rapid.T) {
				role := rapid.SampledFrom([]string{"ADMIN", "EDITOR", "AUTHOR", "VIEWER"}).Draw(rt, "role")
				h.Must(admin, `mutation($id: ID!, $role: Role!) { changeRole(input: {id: $id, role: $role}) { errors { message } } }`,
					map[string]any{"id": user, "role": role})
				tokens[user] = h.Session(user) // their sessions have ended with it
			}
		}
		drawVariables := func(rt *rapid.T) string {
			then := rapid.SampledFrom([]string{`null`, `"3"`, `"5"`, `"999999"`, `"2000-01-01T00:00:00Z"`}).Draw(rt, "then")
			return `{"id":"` + id() + `","then":` + then + `}`
		}
		var last struct{ query, variables string }
		ask := func(rt *rapid.T) {
			token := rapid.SampledFrom([]string{"", admin, tokens[author], tokens[other], "no token"}).Draw(rt, "who asks")
			query, variables := last.query, last.variables
			if query == "" || rapid.Bool().Draw(rt, "another request") {
				query = rapid.SampledFrom(conditionalQueries).Draw(rt, "query")
				variables = drawVariables(rt)
			}
			last.query, last.variables = query, variables
			brought := rapid.SampledFrom(append([]string{`"nothing"`}, slices.Sorted(maps.Keys(tags))...)).Draw(rt, "tag")
			if before := given[query+variables]; before != "" && rapid.Bool().Draw(rt, "the last tag of this request") {
				brought = before
			}
			status, again, body := askAgain(h, token, query, variables, brought)
			_, tag, fresh := askAgain(h, token, query, variables, "")
			switch {
			case status == http.StatusNotModified:
				hits++
				if tags[brought] != fresh || again != brought {
					rt.Fatalf("%s with %s: 304 for %s, which was %s, and is %s", query, variables, brought, tags[brought], fresh)
				}
			case body != fresh || brought == tag:
				rt.Fatalf("%s with %s: two answers at one moment: %s and %s", query, variables, body, fresh)
			}
			if tag == "" {
				return
			}
			given[query+variables], tags[tag] = tag, fresh
			if status, _, _ := askAgain(h, token, query, variables, tag); status != http.StatusNotModified {
				rt.Fatalf("%s with %s: %d for the latest tag", query, variables, status)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"update":    change(`updateContent(input: {id: $id, title: "Another word"})`),
			"publish":   change(`publishContent(input: {id: $id})`),
			"unpublish": change(`unpublishContent(input: {id: $id})`),
			"archive":   change(`archiveContent(input: {id: $id})`),
			"role":      role(author), "another's role": role(other),
			"ask": ask, "ask more": ask, "ask even more": ask,
		})
	})
	if hits == 0 {
		t.Error("no answer was not modified")
	}
	t.Logf("%d times unmodified, %d tags", hits, len(tags))
}

// TestARebuildInvalidatesETags: a rebuild corrects rows without an event, here a row that was
// written without the log.
func TestARebuildInvalidatesETags(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	id := h.Must(admin, `mutation { createContent(input: {title: "Right", content: "x"}) { content { id } errors { message } } }`, nil).
		Text("createContent", "content", "id")
	db, err := sql.Open("sqlite", h.AppOptions.DB+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "UPDATE contents SET title = 'Wrong'"); err != nil {
		t.Fatal(err)
	}
	query, variables := `query($id: ID!) { content(id: $id) { title } }`, `{"id":"`+id+`"}`
	_, tag, body := askAgain(h, admin, query, variables, "")
	if !strings.Contains(body, "Wrong") {
		t.Fatal(body)
	}
	if err := h.Rebuilder.Start(); err != nil {
		t.Fatal(err)
	}
	h.Rebuilder.Wait()
	if status, _, body := askAgain(h, admin, query, variables, tag); status != http.StatusOK || !strings.Contains(body, "Right") {
		t.Errorf("%d %s after the rebuild", status, body)
	}
}

// TestForgettingAPersonInvalidatesETags in both of its steps: in the log, and then in the memory of
// the vault.
func TestForgettingAPersonInvalidatesETags(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	id, _ := h.User(domain.Viewer)
	const query = `query { events(last: 5) { nodes { data } } }`
	_, tag, body := askAgain(h, admin, query, `{}`, "")
	if !strings.Contains(body, "@example.org") {
		t.Fatal(body)
	}
	h.Commands.Vault.Forget(id)
	status, tag, half := askAgain(h, admin, query, `{}`, tag)
	if status != http.StatusOK || half == body {
		t.Errorf("%d %s after the key is dropped", status, half)
	}
	h.Must(admin, `mutation($id: ID!) { forgetUser(input: {id: $id}) { errors { message } } }`, map[string]any{"id": id})
	if status, _, after := askAgain(h, admin, query, `{}`, tag); status != http.StatusOK || after == half {
		t.Errorf("%d %s after the log says so", status, after)
	}
}

// TestTheSizeOfTheLogInvalidatesETags: a snapshot changes the size without an event.
func TestTheSizeOfTheLogInvalidatesETags(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	id, admin := h.User(domain.Admin)
	const query = `{ log { head size { snapshots } } }`
	_, tag, before := askAgain(h, admin, query, `{}`, "")
	h.Must(admin, `mutation($id: ID!) { snapshotStream(streamId: $id) { errors { message } } }`, map[string]any{"id": id})
	if status, _, after := askAgain(h, admin, query, `{}`, tag); status != http.StatusOK || after == before {
		t.Errorf("%d: %s, and before %s", status, after, before)
	}
}

// TestRevokingAKeyInvalidatesETags: no event tells the end of an API key.
func TestRevokingAKeyInvalidatesETags(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	id := h.Must(admin, `mutation { createApiKey(input: {name: "M", role: VIEWER}) { apiKey { id } errors { message } } }`, nil).Text("createApiKey", "apiKey", "id")
	const query = `{ apiKeys { id revokedAt } }`
	_, tag, before := askAgain(h, admin, query, `{}`, "")
	h.Must(admin, `mutation($id: ID!) { revokeApiKey(input: {id: $id}) { errors { message } } }`, map[string]any{"id": id})
	if status, _, after := askAgain(h, admin, query, `{}`, tag); status != http.StatusOK || after == before {
		t.Errorf("%d: %s, and before %s", status, after, before)
	}
}

// TestNotModifiedWhileOthersWrite reads the head of the log while writers move it. An answer that
// is not modified was right at some moment of the request.
func TestNotModifiedWhileOthersWrite(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			h.Ask(admin, `mutation { createContent(input: {title: "T", content: "x"}) { position } }`, nil)
		}
	}()
	heads := map[string]eventstore.Position{}
	tag, hits := "", 0
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		before := h.Log.Head().Position
		status, newTag, body := askAgain(h, admin, `{ log { head } }`, `{}`, tag)
		after := h.Log.Head().Position
		if status == http.StatusNotModified {
			hits++
			if at := heads[tag]; at < before || at > after {
				t.Fatalf("the head %s is unmodified between %s and %s", at, before, after)
			}
			continue
		}
		tag = newTag
		var head eventstore.Position
		for p := before; p <= after; p++ {
			if body == `{"data":{"log":{"head":"`+p.String()+`"}}}` {
				head = p
			}
		}
		if head == 0 {
			t.Fatalf("answered %s between %s and %s", body, before, after)
		}
		heads[tag] = head
	}
	status, _, _ := askAgain(h, admin, `{ log { head } }`, `{}`, tag)
	t.Logf("%d times unmodified of %d answers, then %d", hits, len(heads), status)
}

// TestAPublicAnswerFollowsAWithdrawal: a shared cache that asks at each use shows no visitor what
// was withdrawn, of now and of the past.
func TestAPublicAnswerFollowsAWithdrawal(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	id := h.AppendContent(admin, "Seen by all", domain.Published).ID
	for name, variables := range map[string]string{
		"now": `{"id":"` + id + `"}`, "then": `{"id":"` + id + `","then":"` + h.Head().String() + `"}`,
	} {
		address := h.URL + "/graphql?query=" + url.QueryEscape(conditionalQueries[0]) + "&variables=" + url.QueryEscape(variables)
		ask := func(token, tag string) (status int, control, newTag, body string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			r.Header.Set("If-None-Match", tag)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			data, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return resp.StatusCode, resp.Header.Get("Cache-Control"), resp.Header.Get("ETag"), string(data)
		}
		const forAll = "public, max-age=0, must-revalidate"
		_, control, _, _ := ask(token, "")
		harness.WantText(t, name+", for an admin", control, "private, no-cache")
		_, control, tag, body := ask("", "")
		harness.WantText(t, name+", for a visitor", control, forAll)
		if !strings.Contains(body, "Seen by all") {
			t.Fatalf("%s: a visitor sees %s", name, body)
		}
		if status, control, _, _ := ask("", tag); status != http.StatusNotModified || control != forAll {
			t.Errorf("%s: asked again: %d %s", name, status, control)
		}
		h.Mutate(token, "unpublishContent", harness.Object{"id": id})
		if status, _, _, body := ask("", tag); status != http.StatusOK || strings.Contains(body, "Seen by all") {
			t.Errorf("%s: after the withdrawal: %d %s", name, status, body)
		}
		h.Mutate(token, "publishContent", harness.Object{"id": id})
	}
}
