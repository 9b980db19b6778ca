package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
)

// cast is a database with something of every kind that not everybody may see, and
// somebody of every role.
type cast struct {
	*harness
	owner  string // the id of who wrote everything
	tokens map[string]string
	// ids are those of things, by what the tests call them.
	ids map[string]string
	// then is a position at which nothing was deleted, and everything published.
	then string
}

// who are the askers, from the one who sees least.
var who = []string{"visitor", "VIEWER", "AUTHOR", "owner", "EDITOR", "ADMIN"}

// newCast makes contents and decks that were public once: one of each is still so,
// the others are hidden in all possible ways.
func newCast(t *testing.T) *cast {
	c := &cast{harness: start(t), tokens: map[string]string{"visitor": ""}, ids: map[string]string{}}
	c.owner, c.tokens["owner"] = c.user(domain.Author)
	for _, role := range []domain.Role{domain.Viewer, domain.Author, domain.Editor, domain.Admin} {
		_, c.tokens[string(role)] = c.user(role)
	}
	owner := c.tokens["owner"]
	for _, name := range []string{"public", "draft", "archived", "deleted"} {
		c.ids[name] = c.harness.content(owner, object{"title": name + " marker", "slug": name, "status": "PUBLISHED", "tags": []string{"tag-" + name}, "content": name + " text"})
	}
	for _, name := range []string{"public", "private", "deleted"} {
		c.ids[name+" deck"], _ = c.presentation(owner, object{"title": name + " deck marker", "isPublic": true, "markdown": threeSlides})
	}
	c.then = c.head()
	for name, mutation := range map[string]string{"draft": "unpublishContent", "archived": "archiveContent", "deleted": "deleteContent"} {
		c.do(owner, mutation, object{"id": c.ids[name]})
	}
	c.do(owner, "updatePresentation", object{"id": c.ids["private deck"], "isPublic": false})
	c.do(owner, "deletePresentation", object{"id": c.ids["deleted deck"]})
	return c
}

// sees reports whether somebody is to see a thing now, and whether at an earlier
// moment, when nothing was deleted.
func sees(asker, thing string) (now, then bool) {
	switch {
	case strings.HasPrefix(thing, "public"):
		return true, true
	case asker != "owner" && asker != "EDITOR" && asker != "ADMIN":
		return false, false
	}
	return !strings.HasPrefix(thing, "deleted"), true
}

// TestHiddenThingsAreHiddenOnEveryPath asks for everything by every way that leads
// to it, now and as of when all of it was public.
func TestHiddenThingsAreHiddenOnEveryPath(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for _, asker := range who {
		for _, at := range []any{nil, c.then} {
			for thing, id := range c.ids {
				now, then := sees(asker, thing)
				want := now
				if at != nil {
					want = then
				}
				name := fmt.Sprintf("%s asks for %s as of %v", asker, thing, at)
				a := c.must(c.tokens[asker], `query($id: ID!, $at: AsOf) { node(id: $id, asOf: $at) { id } nodes(ids: [$id], asOf: $at) { id } }`, object{"id": id, "at": at})
				if got := a.at("node") != nil && a.at("nodes", 0) != nil; got != want || (a.at("node") == nil) != (a.at("nodes", 0) == nil) {
					t.Errorf("%s and sees it: %v", name, got)
				}
				field := "content"
				if strings.HasSuffix(thing, "deck") {
					field = "presentation"
				}
				a = c.must(c.tokens[asker], fmt.Sprintf(`query($id: ID!, $at: AsOf) { one: %s(id: $id, asOf: $at) { title revision(version: 1) { title }
					history { totalCount nodes { data } } diff(from: 1) { to } } }`, field), object{"id": id, "at": at})
				if got := a.at("one") != nil; got != want {
					t.Errorf("%s by id and sees it: %v", name, got)
				}
				if want && (a.at("one", "revision") == nil || a.number("one", "history", "totalCount") == 0) {
					t.Errorf("%s and does not see its past: %s", name, a.raw)
				}
			}
			c.lists(asker, at)
		}
	}
}

// lists compares what the lists show with what may be seen.
func (c *cast) lists(asker string, at any) {
	a := c.must(c.tokens[asker], `query($at: AsOf, $owner: ID!) {
		contents(asOf: $at) { totalCount nodes { title } } presentations(asOf: $at) { totalCount nodes { title } }
		found: contents(asOf: $at, search: "marker") { totalCount nodes { title } } decks: presentations(asOf: $at, search: "marker") { totalCount nodes { title } }
		byAuthor: contents(asOf: $at, filter: {authorId: $owner, status: [DRAFT, PUBLISHED, ARCHIVED]}) { totalCount nodes { title } }
		tags(asOf: $at) { totalCount nodes { name count } }
		draft: contentBySlug(slug: "draft", asOf: $at) { title } deleted: contentBySlug(slug: "deleted", asOf: $at) { title } public: contentBySlug(slug: "public", asOf: $at) { title } }`,
		object{"at": at, "owner": c.owner})
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
		if got := strings.Contains(string(a.raw), `"`+thing+` marker"`); got != want {
			c.t.Errorf("%s: in a list: %v", name, got)
		}
		if got := strings.Contains(string(a.raw), `"tag-`+thing+`"`); !deck && got != want {
			c.t.Errorf("%s: its tag is listed: %v", name, got)
		}
		if _, asked := a.Data[thing]; asked && (a.at(thing) != nil) != want {
			c.t.Errorf("%s: by slug: %v", name, a.at(thing))
		}
	}
	for list, want := range map[string]int{"contents": contents, "found": contents, "byAuthor": contents, "tags": contents, "presentations": decks, "decks": decks} {
		if total, n := a.number(list, "totalCount"), len(a.texts("", list, "nodes")); total != want || n != want {
			c.t.Errorf("%s as of %v is told of %d %s and shown %d, want %d", asker, at, total, list, n, want)
		}
	}
}

func TestEventsAreSeenByThoseWhoMaySeeWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for _, asker := range who {
		a := c.must(c.tokens[asker], `{ events(first: 500) { totalCount nodes { type streamId data subject { id } } } last: events(last: 500) { nodes { id } } users: events(filter: {kinds: [USER]}) { totalCount } }`, nil)
		raw := string(a.raw)
		for thing, id := range c.ids {
			if _, want := sees(asker, thing); strings.Contains(raw, id) != want {
				t.Errorf("%s sees events about %s: %v", asker, thing, !want)
			}
		}
		own := map[string]int{"visitor": 0, "VIEWER": 1, "AUTHOR": 1, "owner": 1, "EDITOR": 1, "ADMIN": 5}[asker]
		if got := a.number("users", "totalCount"); got != own {
			t.Errorf("%s sees %d events of users, want %d", asker, got, own)
		}
		if n := len(a.texts("type", "events", "nodes")); n != a.number("events", "totalCount") || n != len(a.texts("id", "last", "nodes")) {
			t.Errorf("%s is shown %d events forward of %d, %d backward", asker, n, a.number("events", "totalCount"), len(a.texts("id", "last", "nodes")))
		}
	}
}

// TestVisitorsDoNotSeeTheDraftThatAPublicContentWas: only what was public then and
// is now.
func TestVisitorsDoNotSeeTheDraftThatAPublicContentWas(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, owner := h.user(domain.Author)
	id := h.content(owner, object{"content": "unfinished secret"})
	then := h.head()
	h.do(owner, "updateContent", object{"id": id, "content": "clean"})
	h.do(owner, "publishContent", object{"id": id})
	h.do(owner, "updateContent", object{"id": id, "content": "cleaner"})
	a := h.must("", `query($id: ID!, $at: AsOf) { content(id: $id) { history { totalCount nodes { type data } } first: revision(version: 1) { content } third: revision(version: 3) { content }
		diff(from: 3) { changes { path before } } } old: content(id: $id, asOf: $at) { content } contents(asOf: $at) { totalCount } search: contents(asOf: $at, search: "secret") { totalCount } }`,
		object{"id": id, "at": then})
	if raw := string(a.raw); strings.Contains(raw, "secret") || !strings.Contains(raw, "clean") {
		t.Errorf("a visitor is shown %s", raw)
	}
	wantList(t, "history", a.texts("type", "content", "history", "nodes"), "ContentPublished", "ContentUpdated")
	diff := h.ask("", `query($id: ID!) { content(id: $id) { diff(from: 2) { changes { path } } } }`, object{"id": id})
	wantText(t, "a diff with the draft", diff.code(), "NOT_FOUND")
}

// TestChangingNeedsTheRight tries every mutation on a public and on a hidden thing
// of somebody else's, and creating.
func TestChangingNeedsTheRight(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	slide := c.must(c.tokens["owner"], `query($id: ID!) { presentation(id: $id) { slides { id } } }`, object{"id": c.ids["public deck"]}).text("presentation", "slides", 0, "id")
	hidden := c.must(c.tokens["owner"], `query($id: ID!) { presentation(id: $id) { slides { id } } }`, object{"id": c.ids["private deck"]}).text("presentation", "slides", 0, "id")
	for _, asker := range []string{"visitor", "VIEWER", "AUTHOR"} {
		token := c.tokens[asker]
		if asker != "AUTHOR" {
			c.refused("ForbiddenError", token, "createContent", object{"title": "x", "content": ""})
			c.refused("ForbiddenError", token, "createPresentation", object{"title": "x"})
		}
		for thing, id := range c.ids {
			want, about := "NotFoundError", hidden
			if strings.HasPrefix(thing, "public") {
				want, about = "ForbiddenError", slide
			}
			if strings.HasSuffix(thing, "deck") {
				inSlide := object{"presentationId": id, "slideId": about}
				c.refused(want, token, "updatePresentation", object{"id": id, "title": "x"})
				c.refused(want, token, "deletePresentation", object{"id": id})
				c.refused(want, token, "restorePresentation", object{"id": id, "toVersion": 1})
				c.refused(want, token, "addSlide", object{"presentationId": id, "content": "x"})
				c.refused(want, token, "updateSlide", inSlide.with("content", "x"))
				c.refused(want, token, "moveSlide", inSlide.with("to", object{"order": 1}))
				c.refused(want, token, "removeSlide", inSlide)
				continue
			}
			for _, mutation := range []string{"updateContent", "publishContent", "unpublishContent", "archiveContent", "deleteContent"} {
				c.refused(want, token, mutation, object{"id": id, "expectedVersion": 99})
			}
			for _, version := range []int{1, 2, 99} {
				e := c.refused(want, token, "restoreContent", object{"id": id, "toVersion": version})
				if want == "NotFoundError" && (e.Path != "input id" || strings.Contains(e.Message, thing)) {
					t.Errorf("%s learns of a hidden content: %s at %s", asker, e.Message, e.Path)
				}
			}
		}
	}
	for _, asker := range []string{"owner", "EDITOR", "ADMIN"} {
		for _, thing := range []string{"draft", "archived", "public"} {
			c.do(c.tokens[asker], "updateContent", object{"id": c.ids[thing], "content": "by " + asker})
		}
		c.do(c.tokens[asker], "restoreContent", object{"id": c.ids["deleted"], "toVersion": 1})
		c.do(c.tokens[asker], "deleteContent", object{"id": c.ids["deleted"]})
		c.do(c.tokens[asker], "updateSlide", object{"presentationId": c.ids["private deck"], "slideId": hidden, "content": "by " + asker})
	}
}

func TestRolesTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	admin, adminToken := h.user(domain.Admin)
	id, token := h.user(domain.Viewer)
	h.refused("ForbiddenError", token, "createContent", object{"title": "x", "content": ""})
	h.refused("ForbiddenError", token, "changeRole", object{"id": id, "role": "ADMIN"})
	a := h.do(adminToken, "changeRole", object{"id": id, "role": "AUTHOR"})
	wantList(t, "events", a.texts("type", "done", "events"), "UserRoleChanged")
	wantText(t, "the session of before", h.ask(token, `{ viewer { id } }`, nil).code(), "UNAUTHENTICATED")
	token = h.session(id)
	wantList(t, "no event", h.do(adminToken, "changeRole", object{"id": id, "role": "AUTHOR"}).texts("type", "done", "events"))
	own := h.content(token, nil)
	h.do(adminToken, "changeRole", object{"id": id, "role": "VIEWER"})
	token = h.session(id)
	h.refused("ForbiddenError", token, "updateContent", object{"id": own, "title": "x"})
	if h.must(token, `query($id: ID!) { content(id: $id) { id } }`, object{"id": own}).at("content") == nil {
		t.Error("a demoted author does not see their own draft")
	}
	e := h.refused("ValidationError", adminToken, "changeRole", object{"id": admin, "role": "EDITOR"})
	wantText(t, "path", e.Path, "input role")
	h.do(adminToken, "changeRole", object{"id": id, "role": "ADMIN"})
	token = h.session(id)
	h.do(adminToken, "changeRole", object{"id": admin, "role": "EDITOR"})
	adminToken = h.session(admin)
	h.refused("ForbiddenError", adminToken, "changeRole", object{"id": id, "role": "VIEWER"})
	h.refused("NotFoundError", token, "changeRole", object{"id": domain.NewID(domain.KindUser, "0190a8c2-7b1e-7000-8000-000000000000"), "role": "VIEWER"})
	h.refused("VersionConflictError", token, "changeRole", object{"id": admin, "role": "VIEWER", "expectedVersion": 7})
}

func TestUsersAreListedForThoseLoggedInAndAddressesForFew(t *testing.T) {
	t.Parallel()
	h := start(t)
	id, token := h.user(domain.Viewer)
	other, editor := h.user(domain.Editor)
	_, admin := h.user(domain.Admin)
	const list = `{ users { totalCount nodes { id email displayName } } }`
	wantText(t, "a visitor", h.ask("", list, nil).code(), "UNAUTHENTICATED")
	for token, want := range map[string]int{token: 1, editor: 1, admin: 3} {
		a := h.must(token, list, nil)
		if n := strings.Count(string(a.raw), "@example.org"); n != want || a.number("users", "totalCount") != 3 {
			t.Errorf("%d addresses are shown, want %d: %s", n, want, a.raw)
		}
	}
	a := h.must("", `query($id: ID!) { user(id: $id) { displayName email } node(id: $id) { ... on User { email } } viewer { id } }`, object{"id": id})
	wantText(t, "displayName", a.text("user", "displayName"), "viewer-0")
	wantNull(t, "email", a.at("user", "email"))
	wantNull(t, "email of the node", a.at("node", "email"))
	wantNull(t, "viewer", a.at("viewer"))
	h.refused("ForbiddenError", token, "updateUser", object{"id": other, "displayName": "x"})
	h.refused("ForbiddenError", "", "updateUser", object{"id": other, "displayName": "x"})
	e := h.refused("AlreadyTakenError", token, "updateUser", object{"id": id, "email": "EDITOR-1@example.org"})
	wantText(t, "path", e.Path, "input email")
	wantText(t, "email", h.do(token, "updateUser", object{"id": id, "email": " New@Example.org "}).text("done", "user", "email"), "new@example.org")
	wantText(t, "by an admin", h.do(admin, "updateUser", object{"id": other, "displayName": "E"}).text("done", "user", "displayName"), "E")
}

func TestSessionsEndByLogOutAndByTime(t *testing.T) {
	t.Parallel()
	h := start(t)
	id, token := h.user(domain.Author)
	draft := h.content(token, nil)
	second, err := h.Commands.Begin(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	a := h.must(token, `mutation { logOut { loggedOut query { viewer { id } contents { totalCount } } } }`, nil)
	wantText(t, "logOut", fmt.Sprint(a.at("logOut", "loggedOut"), a.at("logOut", "query", "viewer"), a.number("logOut", "query", "contents", "totalCount")), "true <nil> 0")
	wantText(t, "a visitor logs out", fmt.Sprint(h.must("", `mutation { logOut { loggedOut } }`, nil).at("logOut", "loggedOut")), "false")
	for _, ended := range []string{token, "fd_unknown", "Bearer"} {
		status, raw := h.post(ended, []byte(`{"query":"{ viewer { id } }"}`))
		if status != 401 || !strings.Contains(string(raw), `"UNAUTHENTICATED"`) {
			t.Errorf("the token %.8s is answered %d %s", ended, status, raw)
		}
	}
	wantText(t, "the other session", h.must(second.Token, `query($id: ID!) { content(id: $id) { id } }`, object{"id": draft}).text("content", "id"), draft)
	h.Commands.SessionLife = -time.Second
	expired, err := h.Commands.Begin(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, "an expired token", h.ask(expired.Token, `{ viewer { id } }`, nil).code(), "UNAUTHENTICATED")
}

// TestMutationsAfterLoggingInOrOutAreOfWhoAsksThen: an operation runs its mutations one
// after the other, and each is of the one who asks by then.
func TestMutationsAfterLoggingInOrOutAreOfWhoAsksThen(t *testing.T) {
	t.Parallel()
	h := start(t)
	const password = "correct horse"
	h.do("", "registerUser", object{"email": "admin@example.org", "displayName": "A", "password": password})
	token := h.do("", "logIn", object{"email": "admin@example.org", "password": password}).text("done", "token")
	_, author := h.user(domain.Author)
	const after = ` { content { author { displayName } } errors { __typename message } events { actor { displayName } } query { viewer { displayName } } }`

	before := h.must(token, `{ log { head } }`, nil).text("log", "head")
	a := h.ask(token, `mutation { logOut { loggedOut query { log { size { events } } } } createContent(input: {title: "t", content: "c"})`+after+`
		snapshotStream(streamId: "user-0190a8c2-7b1e-7000-8000-000000000000") { errors { __typename } } again: logOut { loggedOut } }`, nil)
	wantText(t, "after logOut", fmt.Sprint(a.at("logOut", "loggedOut"), a.at("createContent", "content"), a.at("createContent", "query", "viewer"), a.at("again", "loggedOut")), "true <nil> <nil> false")
	wantNull(t, "what admins see", a.at("logOut", "query", "log", "size"))
	wantList(t, "createContent", a.texts("__typename", "createContent", "errors"), "ForbiddenError")
	wantList(t, "snapshotStream", a.texts("__typename", "snapshotStream", "errors"), "ForbiddenError")
	wantText(t, "head", h.head(), before)

	for name, token := range map[string]string{"a visitor": "", "somebody else": author} {
		a = h.must(token, fmt.Sprintf(`mutation { logIn(input: {email: "admin@example.org", password: %q}) { user { displayName } } createContent(input: {title: "t", content: "c"})`+after+` }`, password), nil)
		wantText(t, name, a.text("createContent", "content", "author", "displayName")+a.text("createContent", "query", "viewer", "displayName"), "AA")
		wantList(t, name, a.texts("actor", "createContent", "events"), "map[displayName:A]")
	}
	a = h.must(author, `mutation { logIn(input: {email: "admin@example.org", password: "wrong horse"}) { token } createContent(input: {title: "t", content: "c"})`+after+` }`, nil)
	wantText(t, "after a wrong password", a.text("createContent", "content", "author", "displayName"), a.text("createContent", "query", "viewer", "displayName"))
	if name := a.text("createContent", "query", "viewer", "displayName"); name == "A" || name == "" {
		t.Errorf("after a wrong password it is %q who asks", name)
	}
}

func TestWrongPasswordAndUnknownAddressAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	h := start(t)
	const email, password = "someone@example.org", "correct horse"
	h.do("", "registerUser", object{"email": email, "displayName": "S", "password": password})
	if _, err := h.Commands.Do(auth.WithActor(t.Context(), domain.System), command.CreateUser{Email: "none@example.org", DisplayName: "N", Role: domain.Viewer}); err != nil {
		t.Fatal(err)
	}
	wrong := h.refused("ValidationError", "", "logIn", object{"email": email, "password": "wrong horse"})
	for _, input := range []object{
		{"email": "nobody@example.org", "password": password},
		{"email": "none@example.org", "password": ""},
		{"email": "", "password": ""},
		{"email": email, "password": strings.Repeat("x", 5000)},
	} {
		if e := h.refused("ValidationError", "", "logIn", input); string(e.raw.raw) != string(wrong.raw.raw) {
			t.Errorf("%v is answered %s, a wrong password %s", input, e.raw.raw, wrong.raw.raw)
		}
	}
	a := h.do("", "logIn", object{"email": " SOMEONE@example.org", "password": password})
	user := h.must(a.text("done", "token"), `{ viewer { email lastLoginAt role } events(filter: {types: ["UserLoggedIn"]}) { totalCount } }`, nil)
	if user.text("viewer", "email") != email || user.at("viewer", "lastLoginAt") == nil || user.number("events", "totalCount") != 1 {
		t.Errorf("after logging in: %s", user.raw)
	}
	h.refused("AlreadyTakenError", "", "registerUser", object{"email": "Someone@Example.org", "displayName": "S", "password": password})
}
