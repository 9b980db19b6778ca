package e2e

import (
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
)

// wantEnded checks that a token lets nobody in.
func (h *harness) wantEnded(what, token string) {
	h.t.Helper()
	if status, raw := h.post(token, []byte(`{"query":"{ viewer { id } }"}`)); status != 401 || !strings.Contains(string(raw), `"UNAUTHENTICATED"`) {
		h.t.Errorf("%s is answered %d %s", what, status, raw)
	}
}

// whoIs returns the id of whom a token lets in.
func (h *harness) whoIs(token string) string {
	h.t.Helper()
	return h.must(token, `{ viewer { id } }`, nil).text("viewer", "id")
}

func TestARenewedSessionEndsTheOldOne(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	id, old := h.user(domain.Author)
	socket := h.listen(old, listenToAll, nil)
	const renew = `mutation { renewSession { token expiresAt user { id } errors { message path } query { viewer { id } } } }`
	a := h.must(old, renew, nil)
	token := a.text("renewSession", "token")
	if token == "" || token == old || a.text("renewSession", "user", "id") != id || a.text("renewSession", "query", "viewer", "id") != id {
		t.Errorf("renewSession answers %s", a.raw)
	}
	wantText(t, "the new token", h.whoIs(token), id)
	h.wantEnded("the old token", old)
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("the socket of the old token is closed with %d", code)
	}
	refused := h.ask("", renew, nil)
	if refused.at("renewSession", "token") != nil || refused.text("renewSession", "errors", 0, "message") == "" {
		t.Errorf("a visitor renews: %s", refused.raw)
	}
}

func TestAnotherPasswordEndsEverySession(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	registered := h.harness.do("", "registerUser", object{"email": "ada@example.org", "displayName": "Ada", "password": "correct horse"})
	id, first := registered.text("done", "user", "id"), registered.text("done", "token")
	second := h.session(id)
	socket := h.listen(second, listenToAll, nil)
	const change = `mutation($old: String!, $new: String!) { changePassword(input: {currentPassword: $old, newPassword: $new}) { token errors { message path } } }`
	for name, c := range map[string]struct{ token, old, new, path string }{
		"a wrong password": {first, "wrong horse!", "battery staple", "currentPassword"},
		"a short one":      {first, "correct horse", "short", "newPassword"},
		"a visitor":        {"", "correct horse", "battery staple", "input"},
	} {
		a := h.ask(c.token, change, object{"old": c.old, "new": c.new})
		if path, _ := a.at("changePassword", "errors", 0, "path").([]any); len(path) == 0 || path[len(path)-1] != c.path || a.at("changePassword", "token") != nil {
			t.Errorf("%s is answered %s", name, a.raw)
		}
	}
	token := h.must(first, change, object{"old": "correct horse", "new": "battery staple"}).text("changePassword", "token")
	wantText(t, "the new session", h.whoIs(token), id)
	h.wantEnded("the session that changed it", first)
	h.wantEnded("another session", second)
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("a socket is closed with %d", code)
	}
	h.refused("ValidationError", "", "logIn", object{"email": "ada@example.org", "password": "correct horse"})
	h.harness.do("", "logIn", object{"email": "ada@example.org", "password": "battery staple"})
}

const createKey = `mutation($name: String!, $role: Role!, $until: DateTime) {
	done: createApiKey(input: {name: $name, role: $role, expiresAt: $until}) {
		key apiKey { id name expiresAt revokedAt createdBy { id } user { id role displayName } } errors { __typename message path } position } }`

func TestAKeyLetsAMachineInUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	admin, adminToken := h.user(domain.Admin)
	a := h.must(adminToken, createKey, object{"name": "Deploy", "role": "AUTHOR"})
	key, id, machine := a.text("done", "key"), a.text("done", "apiKey", "id"), a.text("done", "apiKey", "user", "id")
	if !strings.HasPrefix(key, "fdk_") || a.text("done", "apiKey", "createdBy", "id") != admin || a.text("done", "apiKey", "user", "displayName") != "Deploy" {
		t.Fatalf("createApiKey answers %s", a.raw)
	}
	wantText(t, "whom the key lets in", h.whoIs(key), machine)
	content := h.harness.content(key, nil)
	seen := h.must(adminToken, `query($id: ID!) { content(id: $id) { author { displayName } history { nodes { actor { id displayName } } } }
		events(filter: {types: ["UserRegistered"]}, last: 1) { nodes { actor { id } subject { id } } } }`, object{"id": content})
	wantText(t, "author", seen.text("content", "author", "displayName"), "Deploy")
	wantText(t, "actor", seen.text("content", "history", "nodes", 0, "actor", "id"), machine)
	wantText(t, "who made it, in the log", seen.text("events", "nodes", 0, "actor", "id"), admin)
	if refused := h.ask(key, `mutation { renewSession { token errors { message } } }`, nil); refused.at("renewSession", "token") != nil {
		t.Errorf("a key is renewed as a session: %s", refused.raw)
	}
	socket := h.listen(key, listenToAll, nil)
	const revoke = `mutation($id: ID!) { done: revokeApiKey(input: {id: $id}) { key apiKey { revokedAt revokedBy { id } } errors { __typename } } }`
	first := h.must(adminToken, revoke, object{"id": id})
	if first.at("done", "key") != nil || first.text("done", "apiKey", "revokedBy", "id") != admin {
		t.Errorf("revokeApiKey answers %s", first.raw)
	}
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("the socket of the key is closed with %d", code)
	}
	h.wantEnded("the revoked key", key)
	wantText(t, "revoked again", string(h.must(adminToken, revoke, object{"id": id}).raw), string(first.raw))
	wantText(t, "an unknown key", h.ask(adminToken, revoke, object{"id": "apikey-x"}).text("done", "errors", 0, "__typename"), "NotFoundError")
	list := h.must(adminToken, `{ apiKeys { id name user { id } } }`, nil)
	if list.text("apiKeys", 0, "id") != id || strings.Contains(string(list.raw), key) {
		t.Errorf("apiKeys answers %s", list.raw)
	}
}

func TestKeysEndByThemselvesAndByTheRoleOfTheirMachine(t *testing.T) {
	t.Parallel()
	var clock hands
	h := start(t, withClock(&clock))
	_, adminToken := h.user(domain.Admin)
	until := clock.now().Add(time.Hour).UTC().Format(time.RFC3339)
	a := h.must(adminToken, createKey, object{"name": "Robot", "role": "EDITOR", "until": until})
	key := a.text("done", "key")
	h.do(adminToken, "changeRole", object{"id": a.text("done", "apiKey", "user", "id"), "role": "VIEWER"})
	h.refused("ForbiddenError", key, "createContent", object{"title": "x", "content": ""})
	clock.move(2 * time.Hour)
	h.wantEnded("the expired key", key)
	past := h.ask(adminToken, createKey, object{"name": "Late", "role": "VIEWER", "until": "2020-01-01T00:00:00Z"})
	wantText(t, "a key that has expired", past.text("done", "errors", 0, "__typename"), "ValidationError")
	empty := h.ask(adminToken, createKey, object{"name": " ", "role": "VIEWER"})
	if path, _ := empty.at("done", "errors", 0, "path").([]any); len(path) != 2 || path[1] != "name" {
		t.Errorf("a key without a name is answered %s", empty.raw)
	}
}

func TestOnlyAdminsHandleKeys(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, role := range []domain.Role{domain.Editor, domain.Author, domain.Viewer} {
		_, token := h.user(role)
		wantText(t, "create", h.ask(token, createKey, object{"name": "K", "role": "VIEWER"}).text("done", "errors", 0, "__typename"), "ForbiddenError")
		wantText(t, "list", h.ask(token, `{ apiKeys { id } }`, nil).code(), "FORBIDDEN")
	}
	wantText(t, "create", h.ask("", createKey, object{"name": "K", "role": "ADMIN"}).text("done", "errors", 0, "__typename"), "ForbiddenError")
	wantText(t, "list", h.ask("", `{ apiKeys { id } }`, nil).code(), "FORBIDDEN")
}

func TestClosedRegistrationLeavesTheOperator(t *testing.T) {
	t.Parallel()
	h := start(t, func(h *harness) { h.options.RegistrationClosed = true })
	e := h.refused("ForbiddenError", "", "registerUser", object{"email": "a@example.org", "displayName": "A", "password": "correct horse"})
	if !strings.Contains(e.Message, "closed") {
		t.Errorf("the message is %q", e.Message)
	}
	h.ada()
	h.do("", "logIn", object{"email": "ada@example.org", "password": "correct horse"})
}
