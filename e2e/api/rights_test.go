package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// cast is a database with visible and hidden objects of every kind, and a user of every role.
type cast struct {
	*harness.Harness
	owner  string // the id of the author of everything
	tokens map[string]string
	// ids are the ids of the objects, by the names that the tests use.
	ids map[string]string
	// then is a position at which every object existed and was public.
	then string
}

// askers are all kinds of askers, from the one with the fewest rights to the one with the most.
var askers = []string{"visitor", "VIEWER", "AUTHOR", "owner", "EDITOR", "ADMIN"}

// newCast creates contents and decks that were public once. One of each is still public, and each
// of the others is hidden in another way.
func newCast(t *testing.T) *cast {
	c := &cast{Harness: harness.Start(t), tokens: map[string]string{"visitor": ""}, ids: map[string]string{}}
	c.owner, c.tokens["owner"] = c.User(domain.Author)
	for _, role := range []domain.Role{domain.Viewer, domain.Author, domain.Editor, domain.Admin} {
		_, c.tokens[string(role)] = c.User(role)
	}
	owner := c.tokens["owner"]
	for _, name := range []string{"public", "draft", "archived", "deleted"} {
		c.ids[name] = c.Harness.CreateContent(owner, harness.Object{"title": name + " marker", "slug": name, "status": "PUBLISHED", "tags": []string{"tag-" + name}, "content": name + " text"})
	}
	for _, name := range []string{"public", "private", "deleted"} {
		c.ids[name+" deck"], _ = c.CreatePresentation(owner, harness.Object{"title": name + " deck marker", "isPublic": true, "markdown": harness.ThreeSlides})
	}
	c.then = c.Head().String()
	for name, mutation := range map[string]string{"draft": "unpublishContent", "archived": "archiveContent", "deleted": "deleteContent"} {
		c.Mutate(owner, mutation, harness.Object{"id": c.ids[name]})
	}
	c.Mutate(owner, "updatePresentation", harness.Object{"id": c.ids["private deck"], "isPublic": false})
	c.Mutate(owner, "deletePresentation", harness.Object{"id": c.ids["deleted deck"]})
	return c
}

// sees reports whether an asker may see an object now, and at the earlier position at which every
// object existed.
func sees(asker, thing string) (now, then bool) {
	switch {
	case strings.HasPrefix(thing, "public"):
		return true, true
	case asker != "owner" && asker != "EDITOR" && asker != "ADMIN":
		return false, false
	}
	return !strings.HasPrefix(thing, "deleted"), true
}

// TestHiddenThingsAreHiddenOnEveryPath reads every object on every path that leads to it, now and
// as of the position at which it was public.
func TestHiddenThingsAreHiddenOnEveryPath(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for _, asker := range askers {
		for _, at := range []any{nil, c.then} {
			for thing, id := range c.ids {
				now, then := sees(asker, thing)
				want := now
				if at != nil {
					want = then
				}
				name := fmt.Sprintf("%s asks for %s as of %v", asker, thing, at)
				a := c.Must(c.tokens[asker], `query($id: ID!, $at: AsOf) { node(id: $id, asOf: $at) { id } nodes(ids: [$id], asOf: $at) { id } }`, harness.Object{"id": id, "at": at})
				if got := a.At("node") != nil && a.At("nodes", 0) != nil; got != want || (a.At("node") == nil) != (a.At("nodes", 0) == nil) {
					t.Errorf("%s, visible: %v", name, got)
				}
				field := "content"
				if strings.HasSuffix(thing, "deck") {
					field = "presentation"
				}
				a = c.Must(c.tokens[asker], fmt.Sprintf(`query($id: ID!, $at: AsOf) { one: %s(id: $id, asOf: $at) { title revision(version: 1) { title }
					history { totalCount nodes { data } } diff(from: 1) { to } } }`, field), harness.Object{"id": id, "at": at})
				if got := a.At("one") != nil; got != want {
					t.Errorf("%s by id, visible: %v", name, got)
				}
				if want && (a.At("one", "revision") == nil || a.Number("one", "history", "totalCount") == 0) {
					t.Errorf("%s and does not see its past: %s", name, a.Raw)
				}
			}
			c.lists(asker, at)
		}
	}
}

// lists compares the lists with the objects that an asker may see.
func (c *cast) lists(asker string, at any) {
	a := c.Must(c.tokens[asker], `query($at: AsOf, $owner: ID!) {
		contents(asOf: $at) { totalCount nodes { title } } presentations(asOf: $at) { totalCount nodes { title } }
		found: contents(asOf: $at, search: "marker") { totalCount nodes { title } } decks: presentations(asOf: $at, search: "marker") { totalCount nodes { title } }
		byAuthor: contents(asOf: $at, filter: {authorId: $owner, status: [DRAFT, PUBLISHED, ARCHIVED]}) { totalCount nodes { title } }
		tags(asOf: $at) { totalCount nodes { name count } }
		draft: contentBySlug(slug: "draft", asOf: $at) { title } deleted: contentBySlug(slug: "deleted", asOf: $at) { title } public: contentBySlug(slug: "public", asOf: $at) { title } }`,
		harness.Object{"at": at, "owner": c.owner})
	visible := func(thing string) bool {
		now, then := sees(asker, thing)
		return at == nil && now || at != nil && then
	}
	contents, decks := 0, 0
	for thing := range c.ids {
		name := fmt.Sprintf("%s, %s as of %v", asker, thing, at)
		deck := strings.HasSuffix(thing, "deck")
		want := visible(thing)
		switch {
		case want && deck:
			decks++
		case want:
			contents++
		}
		if got := strings.Contains(string(a.Raw), `"`+thing+` marker"`); got != want {
			c.T.Errorf("%s: in a list: %v", name, got)
		}
		if got := strings.Contains(string(a.Raw), `"tag-`+thing+`"`); !deck && got != want {
			c.T.Errorf("%s: its tag is listed: %v", name, got)
		}
		if _, asked := a.Data[thing]; asked && (a.At(thing) != nil) != want {
			c.T.Errorf("%s: by slug: %v", name, a.At(thing))
		}
	}
	for list, want := range map[string]int{"contents": contents, "found": contents, "byAuthor": contents, "tags": contents, "presentations": decks, "decks": decks} {
		if total, n := a.Number(list, "totalCount"), len(a.Texts("", list, "nodes")); total != want || n != want {
			c.T.Errorf("%s as of %v is told of %d %s and shown %d, want %d", asker, at, total, list, n, want)
		}
	}
}

func TestAnEventIsVisibleWithItsSubject(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for _, asker := range askers {
		a := c.Must(c.tokens[asker], `{ events(first: 500) { totalCount nodes { type streamId data subject { id } } } last: events(last: 500) { nodes { id } } users: events(filter: {kinds: [USER]}) { totalCount } }`, nil)
		raw := string(a.Raw)
		for thing, id := range c.ids {
			if _, want := sees(asker, thing); strings.Contains(raw, id) != want {
				t.Errorf("%s sees events about %s: %v", asker, thing, !want)
			}
		}
		own := map[string]int{"visitor": 0, "VIEWER": 1, "AUTHOR": 1, "owner": 1, "EDITOR": 1, "ADMIN": 5}[asker]
		if got := a.Number("users", "totalCount"); got != own {
			t.Errorf("%s sees %d events of users, want %d", asker, got, own)
		}
		if n := len(a.Texts("type", "events", "nodes")); n != a.Number("events", "totalCount") || n != len(a.Texts("id", "last", "nodes")) {
			t.Errorf("%s is shown %d events forward of %d, %d backward", asker, n, a.Number("events", "totalCount"), len(a.Texts("id", "last", "nodes")))
		}
	}
}

// TestVisitorsDoNotSeeTheDraftThatAPublicContentWas: they see versions that were public then, of
// contents that are public now.
func TestVisitorsDoNotSeeTheDraftThatAPublicContentWas(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, owner := h.User(domain.Author)
	id := h.CreateContent(owner, harness.Object{"content": "unfinished secret"})
	then := h.Head().String()
	h.Mutate(owner, "updateContent", harness.Object{"id": id, "content": "clean"})
	h.Mutate(owner, "publishContent", harness.Object{"id": id})
	h.Mutate(owner, "updateContent", harness.Object{"id": id, "content": "cleaner"})
	a := h.Must("", `query($id: ID!, $at: AsOf) { content(id: $id) { history { totalCount nodes { type data } } first: revision(version: 1) { content } third: revision(version: 3) { content }
		diff(from: 3) { changes { path before } } } old: content(id: $id, asOf: $at) { content } contents(asOf: $at) { totalCount } search: contents(asOf: $at, search: "secret") { totalCount } }`,
		harness.Object{"id": id, "at": then})
	if raw := string(a.Raw); strings.Contains(raw, "secret") || !strings.Contains(raw, "clean") {
		t.Errorf("a visitor is shown %s", raw)
	}
	harness.WantList(t, "history", a.Texts("type", "content", "history", "nodes"), "ContentPublished", "ContentUpdated")
	diff := h.Ask("", `query($id: ID!) { content(id: $id) { diff(from: 2) { changes { path } } } }`, harness.Object{"id": id})
	harness.WantText(t, "a diff with the draft", diff.Code(), "NOT_FOUND")
}

// TestChangingNeedsTheRight sends every mutation for a public and for a hidden object of another
// user, and creates objects.
func TestChangingNeedsTheRight(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	slide := c.Must(c.tokens["owner"], `query($id: ID!) { presentation(id: $id) { slides { id } } }`, harness.Object{"id": c.ids["public deck"]}).Text("presentation", "slides", 0, "id")
	hidden := c.Must(c.tokens["owner"], `query($id: ID!) { presentation(id: $id) { slides { id } } }`, harness.Object{"id": c.ids["private deck"]}).Text("presentation", "slides", 0, "id")
	for _, asker := range []string{"visitor", "VIEWER", "AUTHOR"} {
		token := c.tokens[asker]
		if asker != "AUTHOR" {
			c.Refused("ForbiddenError", token, "createContent", harness.Object{"title": "x", "content": ""})
			c.Refused("ForbiddenError", token, "createPresentation", harness.Object{"title": "x"})
		}
		for thing, id := range c.ids {
			want, about := "NotFoundError", hidden
			if strings.HasPrefix(thing, "public") {
				want, about = "ForbiddenError", slide
			}
			if strings.HasSuffix(thing, "deck") {
				inSlide := harness.Object{"presentationId": id, "slideId": about}
				c.Refused(want, token, "updatePresentation", harness.Object{"id": id, "title": "x"})
				c.Refused(want, token, "deletePresentation", harness.Object{"id": id})
				c.Refused(want, token, "restorePresentation", harness.Object{"id": id, "toVersion": 1})
				c.Refused(want, token, "addSlide", harness.Object{"presentationId": id, "content": "x"})
				c.Refused(want, token, "updateSlide", inSlide.With("content", "x"))
				c.Refused(want, token, "moveSlide", inSlide.With("to", harness.Object{"order": 1}))
				c.Refused(want, token, "removeSlide", inSlide)
				continue
			}
			for _, mutation := range []string{"updateContent", "publishContent", "unpublishContent", "archiveContent", "deleteContent"} {
				c.Refused(want, token, mutation, harness.Object{"id": id, "expectedVersion": 99})
			}
			for _, version := range []int{1, 2, 99} {
				e := c.Refused(want, token, "restoreContent", harness.Object{"id": id, "toVersion": version})
				if want == "NotFoundError" && (e.Path != "input id" || strings.Contains(e.Message, thing)) {
					t.Errorf("%s learns of a hidden content: %s at %s", asker, e.Message, e.Path)
				}
			}
		}
	}
	for _, asker := range []string{"owner", "EDITOR", "ADMIN"} {
		for _, thing := range []string{"draft", "archived", "public"} {
			c.Mutate(c.tokens[asker], "updateContent", harness.Object{"id": c.ids[thing], "content": "by " + asker})
		}
		c.Mutate(c.tokens[asker], "restoreContent", harness.Object{"id": c.ids["deleted"], "toVersion": 1})
		c.Mutate(c.tokens[asker], "deleteContent", harness.Object{"id": c.ids["deleted"]})
		c.Mutate(c.tokens[asker], "updateSlide", harness.Object{"presentationId": c.ids["private deck"], "slideId": hidden, "content": "by " + asker})
	}
}

func TestRolesTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, adminToken := h.User(domain.Admin)
	id, token := h.User(domain.Viewer)
	h.Refused("ForbiddenError", token, "createContent", harness.Object{"title": "x", "content": ""})
	h.Refused("ForbiddenError", token, "changeRole", harness.Object{"id": id, "role": "ADMIN"})
	a := h.Mutate(adminToken, "changeRole", harness.Object{"id": id, "role": "AUTHOR"})
	harness.WantList(t, "events", a.Texts("type", "done", "events"), "UserRoleChanged")
	harness.WantText(t, "the session of before", h.Ask(token, `{ viewer { id } }`, nil).Code(), "UNAUTHENTICATED")
	token = h.Session(id)
	harness.WantList(t, "no event", h.Mutate(adminToken, "changeRole", harness.Object{"id": id, "role": "AUTHOR"}).Texts("type", "done", "events"))
	own := h.CreateContent(token, nil)
	h.Mutate(adminToken, "changeRole", harness.Object{"id": id, "role": "VIEWER"})
	token = h.Session(id)
	h.Refused("ForbiddenError", token, "updateContent", harness.Object{"id": own, "title": "x"})
	if h.Must(token, `query($id: ID!) { content(id: $id) { id } }`, harness.Object{"id": own}).At("content") == nil {
		t.Error("a demoted author does not see their own draft")
	}
	e := h.Refused("ValidationError", adminToken, "changeRole", harness.Object{"id": admin, "role": "EDITOR"})
	harness.WantText(t, "path", e.Path, "input role")
	h.Mutate(adminToken, "changeRole", harness.Object{"id": id, "role": "ADMIN"})
	token = h.Session(id)
	h.Mutate(adminToken, "changeRole", harness.Object{"id": admin, "role": "EDITOR"})
	adminToken = h.Session(admin)
	h.Refused("ForbiddenError", adminToken, "changeRole", harness.Object{"id": id, "role": "VIEWER"})
	h.Refused("NotFoundError", token, "changeRole", harness.Object{"id": domain.NewID(domain.KindUser, "0190a8c2-7b1e-7000-8000-000000000000"), "role": "VIEWER"})
	h.Refused("VersionConflictError", token, "changeRole", harness.Object{"id": admin, "role": "VIEWER", "expectedVersion": 7})
}

func TestUsersAreListedForThoseLoggedInAndAddressesForFew(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	id, token := h.User(domain.Viewer)
	other, editor := h.User(domain.Editor)
	_, admin := h.User(domain.Admin)
	const list = `{ users { totalCount nodes { id email displayName } } }`
	harness.WantText(t, "a visitor", h.Ask("", list, nil).Code(), "UNAUTHENTICATED")
	for token, want := range map[string]int{token: 1, editor: 1, admin: 3} {
		a := h.Must(token, list, nil)
		if n := strings.Count(string(a.Raw), "@example.org"); n != want || a.Number("users", "totalCount") != 3 {
			t.Errorf("%d addresses are shown, want %d: %s", n, want, a.Raw)
		}
	}
	a := h.Must("", `query($id: ID!) { user(id: $id) { displayName email } node(id: $id) { ... on User { email } } viewer { id } }`, harness.Object{"id": id})
	harness.WantText(t, "displayName", a.Text("user", "displayName"), "viewer-0")
	harness.WantNull(t, "email", a.At("user", "email"))
	harness.WantNull(t, "email of the node", a.At("node", "email"))
	harness.WantNull(t, "viewer", a.At("viewer"))
	h.Refused("ForbiddenError", token, "updateUser", harness.Object{"id": other, "displayName": "x"})
	h.Refused("ForbiddenError", "", "updateUser", harness.Object{"id": other, "displayName": "x"})
	e := h.Refused("AlreadyTakenError", token, "updateUser", harness.Object{"id": id, "email": "EDITOR-1@example.org"})
	harness.WantText(t, "path", e.Path, "input email")
	harness.WantText(t, "email", h.Mutate(token, "updateUser", harness.Object{"id": id, "email": " New@Example.org "}).Text("done", "user", "email"), "new@example.org")
	harness.WantText(t, "by an admin", h.Mutate(admin, "updateUser", harness.Object{"id": other, "displayName": "E"}).Text("done", "user", "displayName"), "E")
}

func TestSessionsEndByLogOutAndByTime(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	id, token := h.User(domain.Author)
	draft := h.CreateContent(token, nil)
	second, err := h.Commands.Begin(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	a := h.Must(token, `mutation { logOut { loggedOut query { viewer { id } contents { totalCount } } } }`, nil)
	harness.WantText(t, "logOut", fmt.Sprint(a.At("logOut", "loggedOut"), a.At("logOut", "query", "viewer"), a.Number("logOut", "query", "contents", "totalCount")), "true <nil> 0")
	harness.WantText(t, "a visitor logs out", fmt.Sprint(h.Must("", `mutation { logOut { loggedOut } }`, nil).At("logOut", "loggedOut")), "false")
	for _, ended := range []string{token, "fd_unknown", "Bearer"} {
		status, raw := h.Post(ended, []byte(`{"query":"{ viewer { id } }"}`))
		if status != 401 || !strings.Contains(string(raw), `"UNAUTHENTICATED"`) {
			t.Errorf("the token %.8s is answered %d %s", ended, status, raw)
		}
	}
	harness.WantText(t, "the other session", h.Must(second.Token, `query($id: ID!) { content(id: $id) { id } }`, harness.Object{"id": draft}).Text("content", "id"), draft)
	h.Commands.SessionLife = -time.Second
	expired, err := h.Commands.Begin(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	harness.WantText(t, "an expired token", h.Ask(expired.Token, `{ viewer { id } }`, nil).Code(), "UNAUTHENTICATED")
}

// TestMutationsAfterALogInOrLogOutHaveTheNewActor: an operation runs its mutations in turn, each as
// the actor of that moment.
func TestMutationsAfterALogInOrLogOutHaveTheNewActor(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	const password = "correct horse"
	h.Mutate("", "registerUser", harness.Object{"email": "admin@example.org", "displayName": "A", "password": password})
	token := h.Mutate("", "logIn", harness.Object{"email": "admin@example.org", "password": password}).Text("done", "token")
	_, author := h.User(domain.Author)
	const after = ` { content { author { displayName } } errors { __typename message } events { actor { displayName } } query { viewer { displayName } } }`

	before := h.Must(token, `{ log { head } }`, nil).Text("log", "head")
	a := h.Ask(token, `mutation { logOut { loggedOut query { log { size { events } } } } createContent(input: {title: "t", content: "c"})`+after+`
		snapshotStream(streamId: "user-0190a8c2-7b1e-7000-8000-000000000000") { errors { __typename } } again: logOut { loggedOut } }`, nil)
	harness.WantText(t, "after logOut", fmt.Sprint(a.At("logOut", "loggedOut"), a.At("createContent", "content"), a.At("createContent", "query", "viewer"), a.At("again", "loggedOut")), "true <nil> <nil> false")
	harness.WantNull(t, "the size of the log, for admins", a.At("logOut", "query", "log", "size"))
	harness.WantList(t, "createContent", a.Texts("__typename", "createContent", "errors"), "ForbiddenError")
	harness.WantList(t, "snapshotStream", a.Texts("__typename", "snapshotStream", "errors"), "ForbiddenError")
	harness.WantText(t, "head", h.Head().String(), before)

	for name, token := range map[string]string{"a visitor": "", "somebody else": author} {
		a = h.Must(token, fmt.Sprintf(`mutation { logIn(input: {email: "admin@example.org", password: %q}) { user { displayName } } createContent(input: {title: "t", content: "c"})`+after+` }`, password), nil)
		harness.WantText(t, name, a.Text("createContent", "content", "author", "displayName")+a.Text("createContent", "query", "viewer", "displayName"), "AA")
		harness.WantList(t, name, a.Texts("actor", "createContent", "events"), "map[displayName:A]")
	}
	a = h.Must(author, `mutation { logIn(input: {email: "admin@example.org", password: "wrong horse"}) { token } createContent(input: {title: "t", content: "c"})`+after+` }`, nil)
	harness.WantText(t, "after a wrong password", a.Text("createContent", "content", "author", "displayName"), a.Text("createContent", "query", "viewer", "displayName"))
	if name := a.Text("createContent", "query", "viewer", "displayName"); name == "A" || name == "" {
		t.Errorf("after a wrong password the actor is %q", name)
	}
}

func TestWrongPasswordAndUnknownAddressAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	const email, password = "someone@example.org", "correct horse"
	h.Mutate("", "registerUser", harness.Object{"email": email, "displayName": "S", "password": password})
	if _, err := h.Commands.Do(auth.WithActor(t.Context(), domain.System), command.CreateUser{Email: "none@example.org", DisplayName: "N", Role: domain.Viewer}); err != nil {
		t.Fatal(err)
	}
	wrong := h.Refused("ValidationError", "", "logIn", harness.Object{"email": email, "password": "wrong horse"})
	for _, input := range []harness.Object{
		{"email": "nobody@example.org", "password": password},
		{"email": "none@example.org", "password": ""},
		{"email": "", "password": ""},
		{"email": email, "password": strings.Repeat("x", 5000)},
	} {
		if e := h.Refused("ValidationError", "", "logIn", input); string(e.Answer.Raw) != string(wrong.Answer.Raw) {
			t.Errorf("%v is answered %s, a wrong password %s", input, e.Answer.Raw, wrong.Answer.Raw)
		}
	}
	a := h.Mutate("", "logIn", harness.Object{"email": " SOMEONE@example.org", "password": password})
	user := h.Must(a.Text("done", "token"), `{ viewer { email lastLoginAt role } events(filter: {types: ["UserLoggedIn"]}) { totalCount } }`, nil)
	if user.Text("viewer", "email") != email || user.At("viewer", "lastLoginAt") == nil || user.Number("events", "totalCount") != 1 {
		t.Errorf("after logging in: %s", user.Raw)
	}
	h.Refused("AlreadyTakenError", "", "registerUser", harness.Object{"email": "Someone@Example.org", "displayName": "S", "password": password})
}
