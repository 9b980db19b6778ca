package account

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// TestTheLogNamesWhatAnOperatorLooksFor: after an incident one line each says what was tried, by
// whom and from where, and none has a secret, a name or an address of a person.
func TestTheLogNamesWhatAnOperatorLooksFor(t *testing.T) {
	t.Parallel()
	var log transcript
	h := &harness.Harness{T: t, AppOptions: harness.AppOptions(filepath.Join(t.TempDir(), "flightdeck.db")), ServerOptions: harness.DefaultServerOptions(t)}
	h.AppOptions.Logger = slog.New(slog.NewTextHandler(&log, nil))
	h.Serve()
	t.Cleanup(func() { h.Stop() })

	const password = "correct horse"
	ada := harness.Object{"email": "ada@example.org", "displayName": "Ada", "password": password}
	admin := h.Mutate("", "registerUser", ada).Text("done", "token")
	user := h.Mutate("", "registerUser", harness.Object{"email": "bob@example.org", "displayName": "Bob", "password": password})
	bob, token := user.Text("done", "user", "id"), user.Text("done", "token")
	key := h.Must(admin, createKey, harness.Object{"name": "A machine", "role": "VIEWER"}).Text("done", "apiKey", "id")
	logIn := `mutation SignIn { logIn(input: {email: "ada@example.org", password: "a wrong secret"}) { errors { message } } }`
	h.Ask("", logIn, nil)
	h.Ask(token, `mutation Probe($id: ID!) { updateUser(input: {id: $id, email: "ada@example.org"}) { errors { message } } }`, map[string]any{"id": bob})
	h.Ask(token, `mutation { changePassword(input: {currentPassword: "a wrong secret", newPassword: "another secret"}) { errors { message } } }`, nil)
	h.Ask(token, `mutation { changeRole(input: {id: "ada@example.org", role: ADMIN}) { errors { message } } }`, nil)
	h.Mutate(admin, "changeRole", harness.Object{"id": bob, "role": "EDITOR"})
	h.Must(admin, `mutation($id: ID!) { revokeApiKey(input: {id: $id}) { errors { message } } }`, map[string]any{"id": key})
	h.Mutate(admin, "forgetUser", harness.Object{"id": bob})
	h.AppendContent(domain.System, "unwatched", domain.Draft)
	h.Stop()

	text := log.text.String()
	for _, want := range []string{
		`msg="a user was registered" operation="" field=registerUser actor="" remote=127.0.0.1`,
		`msg="a user was registered" operation="" field=registerUser actor="" remote=127.0.0.1 request_id=`,
		`msg="an API key was made"`, `object=` + key,
		`msg="a log-in failed" operation=SignIn field=logIn actor="" remote=127.0.0.1`,
		`msg="a change of an account failed" operation=Probe field=updateUser actor=` + bob + ` remote=127.0.0.1`,
		`msg="a change of a password failed"`, `msg="a change of a role failed"`,
		`msg="a role was changed"`, `object=` + bob + ` role=EDITOR`,
		`msg="an API key was revoked"`, `msg="a user was forgotten"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in the log:\n%s", want, text)
		}
	}
	for _, word := range []string{"secret", password, "example.org", "Ada", "Bob", "machine", token, admin} {
		if strings.Contains(text, word) {
			t.Errorf("%q is in the log:\n%s", word, text)
		}
	}
	harness.WantText(t, "lines", strings.Repeat("x", strings.Count(text, "\n")), strings.Repeat("x", 10))
}
