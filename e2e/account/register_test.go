package account

import (
	"testing"

	"flightdeck/e2e/harness"
)

func TestFirstUserOfAnEmptyLogIsAdmin(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	const register = `mutation($email: String!) { registerUser(input: {email: $email, displayName: "A", password: "correct horse"}) {
		token user { role email } errors { message } } }`
	first := h.Must("", register, map[string]any{"email": "First@Example.org"})
	if got := first.Text("registerUser", "user", "role"); got != "ADMIN" {
		t.Errorf("the first user has the role %q", got)
	}
	if got := first.Text("registerUser", "user", "email"); got != "first@example.org" {
		t.Errorf("the first user has the address %q", got)
	}
	second := h.Must("", register, map[string]any{"email": "second@example.org"})
	if got := second.Text("registerUser", "user", "role"); got != "VIEWER" {
		t.Errorf("the second user has the role %q", got)
	}
	viewer := h.Must(first.Text("registerUser", "token"), `{ viewer { role } }`, nil)
	if got := viewer.Text("viewer", "role"); got != "ADMIN" {
		t.Errorf("the first user's token is of a %q", got)
	}
}
