package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"
)

// cachedQueries reach every field whose dependencies dependenciesOf knows, and some others.
var cachedQueries = []string{
	contentFields + `query($id: ID!, $then: AsOf) { content(id: $id, asOf: $then) { ...C } }`,
	`query($id: ID!, $then: AsOf) { content(id: $id, asOf: $then) { title status } }`,
	`query($id: ID!, $then: AsOf) { content(id: $id, asOf: $then) { title author { displayName role version lastLoginAt } } }`,
	`query($id: ID!) { content(id: $id) { history { totalCount nodes { type actor { displayName } } } revision(version: 1) { title } diff(from: 1) { to } } }`,
	`query($id: ID!, $then: AsOf) { now: content(id: $id) { title } then: content(id: $id, asOf: $then) { title } }`,
	contentFields + `query($slug: String!, $then: AsOf) { contentBySlug(slug: $slug, asOf: $then) { ...C } }`,
	contentFields + `query($then: AsOf) { contents(first: 3, asOf: $then) { totalCount nodes { ...C } edges { node { id } } pageInfo { hasNextPage hasPreviousPage } } }`,
	`query($then: AsOf, $after: String) { contents(first: 2, after: $after, asOf: $then) { totalCount nodes { title } pageInfo { startCursor endCursor } } }`,
	`query($then: AsOf) { contents(first: 2, asOf: $then, orderBy: {field: TITLE, direction: ASC}, filter: {status: [PUBLISHED]}) { totalCount position nodes { title } edges { cursor } } }`,
	`query($then: AsOf) { contents(search: "word", asOf: $then) { totalCount nodes { title } } }`,
	`query($then: AsOf) { tags(asOf: $then) { totalCount position nodes { name count } edges { node { name } cursor } } }`,
	`query($then: AsOf) { tags(asOf: $then) { totalCount nodes { name asOf count } pageInfo { hasNextPage } } }`,
	deckFields + `query($deck: ID!, $then: AsOf) { presentation(id: $deck, asOf: $then) { ...P } }`,
	`query($deck: ID!, $then: AsOf) { presentation(id: $deck, asOf: $then) { title slides { notes } } }`,
	deckFields + `query($then: AsOf) { presentations(first: 3, asOf: $then) { totalCount nodes { ...P } edges { node { id } } pageInfo { hasNextPage } } }`,
	`query($then: AsOf) { presentations(first: 2, asOf: $then) { position edges { cursor } pageInfo { endCursor } } }`,
	userFields + `query($user: ID!, $then: AsOf) { user(id: $user, asOf: $then) { ...U } }`,
	userFields + `query($then: AsOf) { users(first: 20, asOf: $then) { totalCount nodes { ...U } edges { node { id } } pageInfo { hasNextPage } } }`,
	`query($then: AsOf) { users(first: 20, asOf: $then) { position edges { cursor } } }`,
	userFields + `{ viewer { ...U } }`,
	contentFields + deckFields + `query($id: ID!, $deck: ID!, $then: AsOf) { a: node(id: $id, asOf: $then) { __typename id ...C } b: node(id: $deck, asOf: $then) { ...P } }`,
	`query($ids: [ID!]!, $then: AsOf) { nodes(ids: $ids, asOf: $then) { id asOf ... on Content { title } ... on Presentation { title } ... on User { displayName } } }`,
	`{ events(last: 3) { nodes { position type actor { displayName } data } } }`,
	`{ log { head recordedAt } }`,
	`{ __schema { queryType { name } } __type(name: "Content") { name } }`,
}

const (
	userFields    = `fragment U on User { id asOf version displayName forgotten email role createdAt lastLoginAt } `
	contentFields = `fragment C on Content { id asOf version title slug description content format status html tags createdAt updatedAt publishedAt author { displayName } } `
	deckFields    = `fragment P on Presentation { id asOf version title description theme isPublic createdAt updatedAt markdown author { displayName }
		slides { id asOf title content notes order presentation { version } } } `
)

// repeater sends every request to two servers over one log, of which one caches answers.
type repeater struct {
	*harness
	draw           func(what string, n int) int // a number from 0 up to n
	caching, fresh http.Handler
	computed       atomic.Int64 // the answers that the caching server computed

	admin          string
	people         []string // users that may be forgotten
	roles          map[string]domain.Role
	tokens         map[string]string
	contents       []string
	decks          []string
	moments        []string
	cursors        []string
	asked          []repeated
	from           map[string]string // the head at which an answer was computed
	hits, outlived int               // the cached answers; outlived counts those whose head had moved
}

// repeated is a request of one user.
type repeated struct {
	who, query, variables string
	get                   bool
}

// newRepeater starts the servers. damage may change the caching one; nil changes nothing.
func newRepeater(t *testing.T, damage func(*App, *web.Config)) *repeater {
	t.Helper()
	r := &repeater{harness: start(t, nil), roles: map[string]domain.Role{}, tokens: map[string]string{"": ""}, from: map[string]string{}}
	known, fresh := r.config(), r.config()
	if damage != nil {
		damage(r.App, &known)
	}
	lasts := known.Answers.StillFresh
	known.Answers.StillFresh = func(op *graphql.OperationContext) func() bool {
		r.computed.Add(1)
		return lasts(op)
	}
	fresh.Answers.CacheBytes = 0
	r.caching, r.fresh = web.New(known).Handler(), web.New(fresh).Handler()
	r.admin = r.person(domain.Admin)
	for _, role := range []domain.Role{domain.Author, domain.Author, domain.Editor, domain.Viewer} {
		r.people = append(r.people, r.person(role))
	}
	for i := range 3 {
		r.do(r.people[i%2], command.CreateContent{Title: fmt.Sprint("A word ", i), Content: "x", Format: domain.Markdown, Status: domain.Published, Tags: []string{"t"}})
		r.do(r.people[i%2], command.CreatePresentation{Title: fmt.Sprint("Deck ", i), Theme: "default", IsPublic: true})
	}
	return r
}

// person creates a user with a role.
func (r *repeater) person(role domain.Role) (id string) {
	r.t.Helper()
	id, r.tokens[id] = r.user(role)
	r.tokens[id], r.roles[id] = r.session(id), role
	return id
}

// do runs a command as a user. A refusal is no error.
func (r *repeater) do(who string, cmd command.Command) {
	r.t.Helper()
	ctx := auth.WithActor(r.t.Context(), domain.Actor{UserID: who, Role: r.roles[who]})
	done, err := r.Commands.Do(ctx, cmd)
	if err != nil {
		if domain.CodeOf(err) == "" {
			r.t.Fatalf("%#v: %v", cmd, err)
		}
		return
	}
	switch cmd.(type) {
	case command.CreateContent:
		r.contents = append(r.contents, done.ID)
	case command.CreatePresentation:
		r.decks = append(r.decks, done.ID)
	}
}

func pickOf[T any](r *repeater, what string, from []T) T { return from[r.draw(what, len(from))] }

// lastOf returns the last n of a list, without spare capacity.
func lastOf[T any](list []T, n int) []T { return slices.Clip(list[max(0, len(list)-n):]) }

// write changes something at random.
func (r *repeater) write() {
	who := pickOf(r, "who writes", append(r.people, r.admin, r.admin))
	id, deck, person := pickOf(r, "content", lastOf(r.contents, 3)), pickOf(r, "deck", lastOf(r.decks, 3)), pickOf(r, "person", r.people)
	target := command.ContentTarget{ID: id}
	title := pickOf(r, "title", []string{"A word", "Another", "B"})
	public := r.draw("public", 2) == 1
	switch r.draw("what is written", 20) {
	case 0:
		r.do(who, command.CreateContent{Title: title, Content: "x", Format: domain.Markdown, Status: domain.Draft})
	case 1, 2:
		r.do(who, command.UpdateContent{ID: id, Title: omittable(title), Tags: graphql.OmittableOf([]string{title[:1]})})
	case 3:
		r.do(who, command.UpdateContent{ID: id, Slug: omittable(pickOf(r, "slug", slugs))})
	case 4:
		r.do(who, command.PublishContent{ContentTarget: target})
	case 5:
		r.do(who, command.UnpublishContent{ContentTarget: target})
	case 6:
		r.do(who, command.ArchiveContent{ContentTarget: target})
	case 7:
		r.do(who, command.DeleteContent{ContentTarget: target})
	case 8, 9:
		r.do(who, command.RestoreContent{Restore: command.Restore{ID: id, ToVersion: 1}})
	case 10:
		r.do(who, command.CreatePresentation{Title: title, Theme: "default", IsPublic: public})
	case 11, 12:
		r.do(who, command.UpdatePresentation{ID: deck, Title: omittable(title), IsPublic: omittable(public)})
	case 13:
		r.do(who, command.AddSlide{PresentationID: deck, Content: title, Notes: &title})
	case 14:
		r.do(who, command.DeletePresentation{ID: deck})
	case 15:
		r.do(who, command.RestorePresentation{Restore: command.Restore{ID: deck, ToVersion: 1}})
	case 16:
		r.do(who, command.UpdateUser{ID: person, DisplayName: omittable(title)})
	case 17:
		role := pickOf(r, "role", []domain.Role{domain.Admin, domain.Editor, domain.Author, domain.Viewer})
		r.do(r.admin, command.ChangeRole{ID: person, Role: role})
		r.roles[person], r.tokens[person] = role, r.session(person) // their sessions have ended with it
	case 18:
		if _, err := r.Commands.Begin(r.t.Context(), person, true); err != nil {
			r.t.Fatal(err)
		}
	case 19:
		if r.draw("forget", 4) == 0 {
			r.do(r.admin, command.ForgetUser{ID: person})
			delete(r.tokens, person)
			r.people[slices.Index(r.people, person)] = r.person(pickOf(r, "role", []domain.Role{domain.Author, domain.Viewer}))
		}
	}
}

var slugs = []string{"one", "two", "a-word-0"}

func omittable[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }

// request draws a request, most often an earlier one.
func (r *repeater) request() repeated {
	if len(r.asked) > 0 && r.draw("again", 10) < 7 {
		again := pickOf(r, "which", lastOf(r.asked, 20))
		if r.draw("of another", 4) == 0 {
			again.who = pickOf(r, "who asks", append([]string{"", r.admin}, r.people...))
		}
		if _, there := r.tokens[again.who]; there {
			return again
		}
	}
	if len(r.moments) == 0 || r.draw("another moment", 10) == 0 {
		head := r.Log.Head()
		r.moments = append(r.moments, head.Position.String(), head.RecordedAt.Format("2006-01-02T15:04:05.000000Z"))
	}
	variables := map[string]any{
		"id": pickOf(r, "content", lastOf(r.contents, 3)), "deck": pickOf(r, "deck", lastOf(r.decks, 3)), "user": pickOf(r, "user", append(r.people, r.admin)),
		"slug": pickOf(r, "slug", slugs), "then": nil, "after": nil,
	}
	if r.draw("then", 2) == 1 {
		variables["then"] = pickOf(r, "moment", append(lastOf(r.moments, 6), "999999"))
	}
	if len(r.cursors) > 0 && r.draw("after", 2) == 1 {
		variables["after"] = pickOf(r, "cursor", lastOf(r.cursors, 5))
	}
	variables["ids"] = []any{variables["id"], variables["deck"], variables["user"]}
	text, err := json.Marshal(variables)
	if err != nil {
		r.t.Fatal(err)
	}
	q := repeated{
		pickOf(r, "who asks", append([]string{"", r.admin}, r.people...)), pickOf(r, "query", cachedQueries), string(text), r.draw("GET", 2) == 1,
	}
	r.asked = append(r.asked, q)
	return q
}

var endCursor = regexp.MustCompile(`"endCursor":"([^"]+)"`)

// ask sends a request to both servers, and describes the difference of their answers, "" for none.
func (r *repeater) ask(q repeated) string {
	r.t.Helper()
	before, head := r.computed.Load(), r.Log.Head().Position.String()
	known := r.send(r.caching, q, r.tokens[q.who])
	name := fmt.Sprint(q, r.roles[q.who])
	if computed := r.computed.Load() > before; computed {
		r.from[name] = head
	} else if known.Code == http.StatusOK {
		r.hits++
		if r.from[name] != head {
			r.outlived++
		}
	}
	fresh := r.send(r.fresh, q, r.tokens[q.who])
	if known.Code != fresh.Code || known.Body.String() != fresh.Body.String() || known.Header().Get("ETag") != fresh.Header().Get("ETag") {
		return fmt.Sprintf("%s %s asks %s with %s:\ncached %d %s\nfresh  %d %s",
			r.roles[q.who], q.who, q.query, q.variables, known.Code, known.Body, fresh.Code, fresh.Body)
	}
	if found := endCursor.FindStringSubmatch(fresh.Body.String()); found != nil {
		r.cursors = append(r.cursors, found[1])
	}
	return ""
}

func (r *repeater) send(to http.Handler, q repeated, token string) *httptest.ResponseRecorder {
	r.t.Helper()
	var request *http.Request
	if q.get {
		values := url.Values{"query": {q.query}, "variables": {q.variables}}
		request = httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, "/graphql?"+values.Encode(), nil)
	} else {
		body, err := json.Marshal(map[string]any{"query": q.query, "variables": json.RawMessage(q.variables)})
		if err != nil {
			r.t.Fatal(err)
		}
		request = httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	to.ServeHTTP(w, request)
	return w
}

// steps writes and asks until two answers differ.
func (r *repeater) steps(n int) string {
	r.t.Helper()
	for range n {
		if r.draw("write", 4) == 0 {
			r.write()
		}
		if wrong := r.ask(r.request()); wrong != "" {
			return wrong
		}
	}
	return ""
}

// TestACachedAnswerEqualsAComputedOne compares every answer of a server that caches with that of a
// server that does not, while commands of every kind change the visible objects.
func TestACachedAnswerEqualsAComputedOne(t *testing.T) {
	t.Parallel()
	r := newRepeater(t, nil)
	rapid.Check(t, func(rt *rapid.T) {
		r.draw = func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, what) }
		if wrong := r.steps(30); wrong != "" {
			rt.Fatal(wrong)
		}
	})
	if r.hits == 0 || r.outlived == 0 {
		t.Error("no answer came from the cache")
	}
	t.Logf("%d answers were computed and %d came from the cache, %d of them after later events", r.computed.Load(), r.hits, r.outlived)
}

// TestAnIgnoredDependencyIsNoticed: a cache that ignores one kind of dependency gives a stale
// answer, which the comparison finds.
func TestAnIgnoredDependencyIsNoticed(t *testing.T) {
	t.Parallel()
	without := func(ignored func(dependency) bool) func(*App, *web.Config) {
		return func(a *App, w *web.Config) {
			w.Answers.StillFresh = func(op *graphql.OperationContext) func() bool {
				return a.changes.unchangedSince(a.Log.Head().Position, slices.DeleteFunc(dependenciesOf(op), ignored))
			}
		}
	}
	askers := func(name func(domain.Actor) string) func(*App, *web.Config) {
		return func(a *App, w *web.Config) {
			w.Answers.CacheScope = func(ctx context.Context) (string, string) {
				_, state := a.cacheScope(ctx)
				return name(auth.ActorFrom(ctx)), state
			}
		}
	}
	damages := map[string]func(*App, *web.Config){
		"the asker":            askers(func(a domain.Actor) string { return string(a.Role) }),
		"the asker's role":     askers(func(a domain.Actor) string { return a.UserID }),
		"the whole log":        without(func(s dependency) bool { return s == dependency{} }),
		"single things":        without(func(s dependency) bool { return s.id != "" && !s.visibility }),
		"visibility of one":    without(func(s dependency) bool { return s.id != "" && s.visibility }),
		"visibility of a list": without(func(s dependency) bool { return s.id == "" && s.visibility }),
	}
	for _, kind := range []domain.Kind{domain.KindContent, domain.KindPresentation, domain.KindUser} {
		damages["lists of "+string(kind)] = without(func(s dependency) bool { return s == dependency{kind: kind} })
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepeater(t, damage)
			random := rand.New(rand.NewPCG(1, 2))
			r.draw = func(_ string, n int) int { return random.IntN(n) }
			if wrong := r.steps(20_000); wrong == "" {
				t.Error("no answer differs")
			}
		})
	}
}

// TestCachedAnswersWhileOthersWrite compares a possibly cached answer with one that was computed
// before it and one after it, where these two are the same and the head of the log stood still.
func TestCachedAnswersWhileOthersWrite(t *testing.T) {
	t.Parallel()
	r := newRepeater(t, nil)
	random := rand.New(rand.NewPCG(3, 4))
	r.draw = func(_ string, n int) int { return random.IntN(n) }
	askers := map[string]string{"": "", r.admin: r.tokens[r.admin]}
	for _, role := range []domain.Role{domain.Author, domain.Editor} { // the writer leaves these users alone
		id := r.person(role)
		askers[id] = r.tokens[id]
	}
	var questions []repeated
	for len(questions) < 60 {
		if q := r.request(); q.who == "" || q.who == r.admin {
			for q.who = range askers {
				questions = append(questions, q)
			}
		}
	}
	written, done := make(chan struct{}, 1), make(chan struct{})
	var compared atomic.Int64
	var readers sync.WaitGroup
	for n := range 2 {
		readers.Go(func() {
			for i := n; ; i++ {
				select {
				case <-done:
					return
				case written <- struct{}{}: // one more, if the writer is idle
				default:
				}
				q := questions[i/3%len(questions)]
				head := r.Log.Head()
				before := r.send(r.fresh, q, askers[q.who]).Body.String()
				known := r.send(r.caching, q, askers[q.who]).Body.String()
				after := r.send(r.fresh, q, askers[q.who]).Body.String()
				if before != after || r.Log.Head() != head {
					continue
				}
				compared.Add(1)
				if known != before {
					t.Errorf("%s asks %s with %s:\ncached %s\nfresh  %s", q.who, q.query, q.variables, known, before)
				}
			}
		})
	}
	for range 300 {
		<-written
		r.write()
	}
	close(done)
	readers.Wait()
	if compared.Load() == 0 {
		t.Error("nothing was compared")
	}
	t.Logf("%d answers were compared, of which %d were computed", compared.Load(), r.computed.Load())
}
