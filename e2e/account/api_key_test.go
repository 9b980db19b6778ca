package account

import (
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

func TestARenewedSessionEndsTheOldOne(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	id, old := h.User(domain.Author)
	socket := h.Listen(old, listenToAll, nil)
	const renew = `mutation { renewSession { token expiresAt user { id } errors { message path } query { viewer { id } } } }`
	a := h.Must(old, renew, nil)
	token := a.Text("renewSession", "token")
	if token == "" || token == old || a.Text("renewSession", "user", "id") != id || a.Text("renewSession", "query", "viewer", "id") != id {
		t.Errorf("renewSession answers %s", a.Raw)
	}
	harness.WantText(t, "the new token", h.WhoIs(token), id)
	h.WantEnded("the old token", old)
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("the socket of the old token is closed with %d", code)
	}
	refused := h.Ask("", renew, nil)
	if refused.At("renewSession", "token") != nil || refused.Text("renewSession", "errors", 0, "message") == "" {
		t.Errorf("a visitor renews: %s", refused.Raw)
	}
}

func TestAnotherPasswordEndsEverySession(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	registered := h.Mutate("", "registerUser", harness.Object{"email": "ada@example.org", "displayName": "Ada", "password": "correct horse"})
	id, first := registered.Text("done", "user", "id"), registered.Text("done", "token")
	second := h.Session(id)
	socket := h.Listen(second, listenToAll, nil)
	const change = `mutation($old: String!, $new: String!) { changePassword(input: {currentPassword: $old, newPassword: $new}) { token errors { message path } } }`
	for name, c := range map[string]struct{ token, old, new, path string }{
		"a wrong password": {first, "wrong horse!", "battery staple", "currentPassword"},
		"a short one":      {first, "correct horse", "short", "newPassword"},
		"a visitor":        {"", "correct horse", "battery staple", "input"},
	} {
		a := h.Ask(c.token, change, harness.Object{"old": c.old, "new": c.new})
		if path, _ := a.At("changePassword", "errors", 0, "path").([]any); len(path) == 0 || path[len(path)-1] != c.path || a.At("changePassword", "token") != nil {
			t.Errorf("%s is answered %s", name, a.Raw)
		}
	}
	token := h.Must(first, change, harness.Object{"old": "correct horse", "new": "battery staple"}).Text("changePassword", "token")
	harness.WantText(t, "the new session", h.WhoIs(token), id)
	h.WantEnded("the session that changed it", first)
	h.WantEnded("another session", second)
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("a socket is closed with %d", code)
	}
	h.Refused("ValidationError", "", "logIn", harness.Object{"email": "ada@example.org", "password": "correct horse"})
	h.Mutate("", "logIn", harness.Object{"email": "ada@example.org", "password": "battery staple"})
}

const createKey = `mutation($name: String!, $role: Role!, $until: DateTime) {
	done: createApiKey(input: {name: $name, role: $role, expiresAt: $until}) {
		key apiKey { id name expiresAt revokedAt createdBy { id } user { id role displayName } } errors { __typename message path } position } }`

func TestAKeyLetsAMachineInUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, adminToken := h.User(domain.Admin)
	a := h.Must(adminToken, createKey, harness.Object{"name": "Deploy", "role": "AUTHOR"})
	key, id, machine := a.Text("done", "key"), a.Text("done", "apiKey", "id"), a.Text("done", "apiKey", "user", "id")
	if !strings.HasPrefix(key, "fdk_") || a.Text("done", "apiKey", "createdBy", "id") != admin || a.Text("done", "apiKey", "user", "displayName") != "Deploy" {
		t.Fatalf("createApiKey answers %s", a.Raw)
	}
	harness.WantText(t, "the user of the key", h.WhoIs(key), machine)
	content := h.CreateContent(key, nil)
	seen := h.Must(adminToken, `query($id: ID!) { content(id: $id) { author { displayName } history { nodes { actor { id displayName } } } }
		events(filter: {types: ["UserRegistered"]}, last: 1) { nodes { actor { id } subject { id } } } }`, harness.Object{"id": content})
	harness.WantText(t, "author", seen.Text("content", "author", "displayName"), "Deploy")
	harness.WantText(t, "actor", seen.Text("content", "history", "nodes", 0, "actor", "id"), machine)
	harness.WantText(t, "the actor in the log", seen.Text("events", "nodes", 0, "actor", "id"), admin)
	if refused := h.Ask(key, `mutation { renewSession { token errors { message } } }`, nil); refused.At("renewSession", "token") != nil {
		t.Errorf("a key is renewed as a session: %s", refused.Raw)
	}
	socket := h.Listen(key, listenToAll, nil)
	const revoke = `mutation($id: ID!) { done: revokeApiKey(input: {id: $id}) { key apiKey { revokedAt revokedBy { id } } errors { __typename } } }`
	first := h.Must(adminToken, revoke, harness.Object{"id": id})
	if first.At("done", "key") != nil || first.Text("done", "apiKey", "revokedBy", "id") != admin {
		t.Errorf("revokeApiKey answers %s", first.Raw)
	}
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("the socket of the key is closed with %d", code)
	}
	h.WantEnded("the revoked key", key)
	harness.WantText(t, "revoked again", string(h.Must(adminToken, revoke, harness.Object{"id": id}).Raw), string(first.Raw))
	harness.WantText(t, "an unknown key", h.Ask(adminToken, revoke, harness.Object{"id": "apikey-x"}).Text("done", "errors", 0, "__typename"), "NotFoundError")
	list := h.Must(adminToken, `{ apiKeys { id name user { id } } }`, nil)
	if list.Text("apiKeys", 0, "id") != id || strings.Contains(string(list.Raw), key) {
		t.Errorf("apiKeys answers %s", list.Raw)
	}
}

func TestKeysEndByThemselvesAndByTheRoleOfTheirMachine(t *testing.T) {
	t.Parallel()
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock))
	_, adminToken := h.User(domain.Admin)
	until := clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	a := h.Must(adminToken, createKey, harness.Object{"name": "Robot", "role": "EDITOR", "until": until})
	key := a.Text("done", "key")
	h.Mutate(adminToken, "changeRole", harness.Object{"id": a.Text("done", "apiKey", "user", "id"), "role": "VIEWER"})
	h.Refused("ForbiddenError", key, "createContent", harness.Object{"title": "x", "content": ""})
	clock.Move(2 * time.Hour)
	h.WantEnded("the expired key", key)
	past := h.Ask(adminToken, createKey, harness.Object{"name": "Late", "role": "VIEWER", "until": "2020-01-01T00:00:00Z"})
	harness.WantText(t, "a key that has expired", past.Text("done", "errors", 0, "__typename"), "ValidationError")
	empty := h.Ask(adminToken, createKey, harness.Object{"name": " ", "role": "VIEWER"})
	if path, _ := empty.At("done", "errors", 0, "path").([]any); len(path) != 2 || path[1] != "name" {
		t.Errorf("a key without a name is answered %s", empty.Raw)
	}
}

func TestOnlyAdminsHandleKeys(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	for _, role := range []domain.Role{domain.Editor, domain.Author, domain.Viewer} {
		_, token := h.User(role)
		harness.WantText(t, "create", h.Ask(token, createKey, harness.Object{"name": "K", "role": "VIEWER"}).Text("done", "errors", 0, "__typename"), "ForbiddenError")
		harness.WantText(t, "list", h.Ask(token, `{ apiKeys { id } }`, nil).Code(), "FORBIDDEN")
	}
	harness.WantText(t, "create", h.Ask("", createKey, harness.Object{"name": "K", "role": "ADMIN"}).Text("done", "errors", 0, "__typename"), "ForbiddenError")
	harness.WantText(t, "list", h.Ask("", `{ apiKeys { id } }`, nil).Code(), "FORBIDDEN")
}

func TestClosedRegistrationLeavesTheOperator(t *testing.T) {
	t.Parallel()
	h := harness.Start(t, func(h *harness.Harness) { h.AppOptions.RegistrationClosed = true })
	e := h.Refused("ForbiddenError", "", "registerUser", harness.Object{"email": "a@example.org", "displayName": "A", "password": "correct horse"})
	if !strings.Contains(e.Message, "closed") {
		t.Errorf("the message is %q", e.Message)
	}
	h.RegisterAda()
	h.Mutate("", "logIn", harness.Object{"email": "ada@example.org", "password": "correct horse"})
}
