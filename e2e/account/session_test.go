package account

import (
	"errors"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"

	"github.com/gorilla/websocket"
)

// closedWith reads the rest of a socket and returns its close code.
func closedWith(t *testing.T, l *harness.Listener) int {
	t.Helper()
	for {
		if _, _, err := l.Conn.ReadMessage(); err != nil {
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
	h := harness.Start(t)
	id, token := h.User(domain.Author)
	other, err := h.Commands.Begin(t.Context(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	ended, kept := h.Listen(token, listenToAll, nil), h.Listen(other.Token, listenToAll, nil)
	h.Must(token, `mutation { logOut { loggedOut } }`, nil)
	if code := closedWith(t, ended); code != 4403 {
		t.Errorf("the socket of the token is closed with %d", code)
	}
	h.Must(other.Token, `mutation { createContent(input: {title: "Still here", content: "x"}) { errors { message } } }`, nil)
	head := h.Log.Head().Position.String()
	for kept.Next().Text("eventAppended", "position") != head {
	}
}

func TestAnotherRoleClosesTheSocketsOfTheUser(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	id, token := h.User(domain.Editor)
	l := h.Listen(token, listenToAll, nil)
	admin := auth.WithActor(t.Context(), domain.System)
	if _, err := h.Commands.Do(admin, command.ChangeRole{ID: id, Role: domain.Viewer}); err != nil {
		t.Fatal(err)
	}
	if code := closedWith(t, l); code != 4403 {
		t.Errorf("the socket is closed with %d", code)
	}
}

func TestATakenAddressHidesItsOwner(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	const register = `mutation { registerUser(input: {email: "ada@example.org", displayName: "Ada", password: "correct horse"}) {
		errors { __typename ... on AlreadyTakenError { existing { id } } } } }`
	h.Must("", register, nil)
	taken := h.Ask("", register, nil)
	if got := taken.Text("registerUser", "errors", 0, "__typename"); got != "AlreadyTakenError" {
		t.Errorf("the error is a %q: %s", got, taken.Raw)
	}
	if got := taken.At("registerUser", "errors", 0, "existing"); got != nil {
		t.Errorf("a visitor learns whose address it is: %v", got)
	}
}

func TestRightsAreAskedBeforeVersions(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	id, _ := h.User(domain.Viewer)
	for _, mutation := range []string{
		`updateUser(input: {id: $id, expectedVersion: 99, displayName: "X"})`, `changeRole(input: {id: $id, expectedVersion: 99, role: ADMIN})`,
	} {
		a := h.Ask("", `mutation($id: ID!) { m: `+mutation+` { errors { __typename } } }`, map[string]any{"id": id})
		if got := a.Text("m", "errors", 0, "__typename"); got != "ForbiddenError" {
			t.Errorf("%s: the error is a %q", mutation, got)
		}
	}
}
