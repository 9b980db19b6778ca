package harness

import (
	"strings"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
)

// User creates a user with a role, and returns the user's id and a token.
func (h *Harness) User(role domain.Role) (id, token string) {
	h.T.Helper()
	name := strings.ToLower(string(role)) + "-" + h.Head().String()
	done, err := h.Commands.Do(auth.WithActor(h.T.Context(), domain.System), command.CreateUser{
		Email: name + "@example.org", DisplayName: name, Role: role,
	})
	if err != nil {
		h.T.Fatal(err)
	}
	return done.ID, h.Session(done.ID)
}

// Session begins a session of a user, and returns its token.
func (h *Harness) Session(userID string) (token string) {
	h.T.Helper()
	session, err := h.Commands.Begin(h.T.Context(), userID, false)
	if err != nil {
		h.T.Fatal(err)
	}
	return session.Token
}

// RegisterAda creates the author ada@example.org with the password "correct horse".
func (h *Harness) RegisterAda() {
	h.T.Helper()
	_, err := h.Commands.Do(auth.WithActor(h.T.Context(), domain.System), command.CreateUser{
		Email: "ada@example.org", DisplayName: "Ada", Role: domain.Author, Password: "correct horse",
	})
	if err != nil {
		h.T.Fatal(err)
	}
}

// WantEnded checks that a token is refused.
func (h *Harness) WantEnded(what, token string) {
	h.T.Helper()
	if status, raw := h.Post(token, []byte(`{"query":"{ viewer { id } }"}`)); status != 401 || !strings.Contains(string(raw), `"UNAUTHENTICATED"`) {
		h.T.Errorf("%s is answered %d %s", what, status, raw)
	}
}

// WhoIs returns the user id that a token stands for.
func (h *Harness) WhoIs(token string) string {
	h.T.Helper()
	return h.Must(token, `{ viewer { id } }`, nil).Text("viewer", "id")
}

// Actor creates a user with a role, and returns the actor and a token.
func (h *Harness) Actor(role domain.Role) (actor domain.Actor, token string) {
	h.T.Helper()
	id, token := h.User(role)
	return domain.Actor{UserID: id, Role: role}, token
}
