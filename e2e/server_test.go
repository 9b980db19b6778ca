package e2e

import "testing"

func TestFirstUserOfAnEmptyLogIsAdmin(t *testing.T) {
	t.Parallel()
	h := start(t)
	const register = `mutation($email: String!) { registerUser(input: {email: $email, displayName: "A", password: "correct horse"}) {
		token user { role email } errors { message } } }`
	first := h.must("", register, map[string]any{"email": "First@Example.org"})
	if got := first.text("registerUser", "user", "role"); got != "ADMIN" {
		t.Errorf("the first user has the role %q", got)
	}
	if got := first.text("registerUser", "user", "email"); got != "first@example.org" {
		t.Errorf("the first user has the address %q", got)
	}
	second := h.must("", register, map[string]any{"email": "second@example.org"})
	if got := second.text("registerUser", "user", "role"); got != "VIEWER" {
		t.Errorf("the second user has the role %q", got)
	}
	viewer := h.must(first.text("registerUser", "token"), `{ viewer { role } }`, nil)
	if got := viewer.text("viewer", "role"); got != "ADMIN" {
		t.Errorf("the first user's token is of a %q", got)
	}
}
