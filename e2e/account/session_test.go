package account

import (
	"errors"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"

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

// TestALogInIsTheSameInEveryFormOfUnicode: keyboards write é as one character or as two, and mail
// programs write the domain of an address in Unicode or in ASCII.
func TestALogInIsTheSameInEveryFormOfUnicode(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	made := harness.Object{"email": "zoe\u0308@bu\u0308cher.example", "displayName": "Zoë", "password": "cre\u0300me bru\u0302le\u0301e"}
	h.Mutate("", "registerUser", made)
	for _, email := range []string{"zoe\u0308@bu\u0308cher.example", "zo\u00eb@b\u00fccher.example", "Zo\u00eb@xn--bcher-kva.example"} {
		for _, password := range []string{"cre\u0300me bru\u0302le\u0301e", "cr\u00e8me br\u00fbl\u00e9e"} {
			a := h.Mutate("", "logIn", harness.Object{"email": email, "password": password})
			viewer := h.Must(a.Text("done", "token"), `{ viewer { email } }`, nil)
			harness.WantText(t, email, viewer.Text("viewer", "email"), "zo\u00eb@xn--bcher-kva.example")
		}
		h.Refused("AlreadyTakenError", "", "registerUser", made.With("email", email))
	}
}

// TestAnAddressOfAnEarlierVersionStillWorks: a log of before has the address as it was typed.
func TestAnAddressOfAnEarlierVersionStillWorks(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	const typed, normal = "zoe\u0308@example.org", "zo\u00eb@example.org"
	id := command.NewID(domain.KindUser)
	err := h.Commands.Append(t.Context(), time.Time{}, eventstore.Metadata{}, command.StreamEvents{Kind: domain.KindUser, ID: id, Events: []domain.Event{
		domain.UserRegistered{UserID: id, Email: typed, DisplayName: "Zoë", Role: domain.Viewer},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.Run(domain.System, command.ResetPassword{ID: id, Password: "correct horse"})
	for _, email := range []string{typed, normal} {
		a := h.Mutate("", "logIn", harness.Object{"email": email, "password": "correct horse"})
		harness.WantText(t, email, h.WhoIs(a.Text("done", "token")), id)
		h.Refused("AlreadyTakenError", "", "registerUser", harness.Object{"email": email, "displayName": "Z", "password": "correct horse"})
	}
	a := h.Mutate(h.Session(id), "updateUser", harness.Object{"id": id, "email": normal})
	harness.WantText(t, "email", a.Text("done", "user", "email"), normal)
}
