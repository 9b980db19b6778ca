package e2e

import (
	"errors"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"

	"github.com/gorilla/websocket"
)

// closedWith reads what is left of a socket and returns the code it is closed with.
func closedWith(t *testing.T, l *listener) int {
	t.Helper()
	for {
		if _, _, err := l.conn.ReadMessage(); err != nil {
			closed, ok := errors.AsType[*websocket.CloseError](err)
			if !ok {
				t.Fatal(err)
			}
			return closed.Code
		}
	}
}

const listenToAll = `subscription { eventAppended(after: "0") { position } }`

func TestLoggingOutClosesTheSocketsOfTheToken(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	id, token := h.user(domain.Author)
	other, err := h.Commands.Begin(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	ended, kept := h.listen(token, listenToAll, nil), h.listen(other.Token, listenToAll, nil)
	h.must(token, `mutation { logOut { loggedOut } }`, nil)
	if code := closedWith(t, ended); code != 4403 {
		t.Errorf("the socket of the token is closed with %d", code)
	}
	h.must(other.Token, `mutation { createContent(input: {title: "Still here", content: "x"}) { errors { message } } }`, nil)
	head := h.Log.Head().Position.String()
	for kept.next().text("eventAppended", "position") != head {
	}
}

func TestAnotherRoleClosesTheSocketsOfTheUser(t *testing.T) {
	t.Parallel()
	h := startDesk(t)
	id, token := h.user(domain.Editor)
	l := h.listen(token, listenToAll, nil)
	admin := auth.WithActor(t.Context(), domain.System)
	if _, err := h.Commands.Do(admin, command.ChangeRole{ID: id, Role: domain.Viewer}); err != nil {
		t.Fatal(err)
	}
	if code := closedWith(t, l); code != 4403 {
		t.Errorf("the socket is closed with %d", code)
	}
}

func TestATakenAddressDoesNotSayWhose(t *testing.T) {
	t.Parallel()
	h := start(t)
	const register = `mutation { registerUser(input: {email: "ada@example.org", displayName: "Ada", password: "correct horse"}) {
		errors { __typename ... on AlreadyTakenError { existing { id } } } } }`
	h.must("", register, nil)
	taken := h.ask("", register, nil)
	if got := taken.text("registerUser", "errors", 0, "__typename"); got != "AlreadyTakenError" {
		t.Errorf("the error is a %q: %s", got, taken.raw)
	}
	if got := taken.at("registerUser", "errors", 0, "existing"); got != nil {
		t.Errorf("a visitor learns whose address it is: %v", got)
	}
}

func TestRightsAreAskedBeforeVersions(t *testing.T) {
	t.Parallel()
	h := start(t)
	id, _ := h.user(domain.Viewer)
	for _, mutation := range []string{
		`updateUser(input: {id: $id, expectedVersion: 99, displayName: "X"})`, `changeRole(input: {id: $id, expectedVersion: 99, role: ADMIN})`,
	} {
		a := h.ask("", `mutation($id: ID!) { m: `+mutation+` { errors { __typename } } }`, map[string]any{"id": id})
		if got := a.text("m", "errors", 0, "__typename"); got != "ForbiddenError" {
			t.Errorf("%s: the error is a %q", mutation, got)
		}
	}
}
