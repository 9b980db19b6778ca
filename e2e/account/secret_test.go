package account

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// transcript collects the lines of a log.
type transcript struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func TestSecretsAreInNoLogAndNoError(t *testing.T) {
	t.Parallel()
	var log transcript
	h := &harness.Harness{T: t, AppOptions: harness.AppOptions(filepath.Join(t.TempDir(), "flightdeck.db")), ServerOptions: harness.DefaultServerOptions(t)}
	h.AppOptions.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.Serve()
	t.Cleanup(func() { h.Stop() })
	const password, wrong = "correct horse", "a wrong secret"
	a := h.Mutate("", "registerUser", harness.Object{"email": "ada@example.org", "displayName": "Ada", "password": password})
	token := a.Text("done", "token")
	key := h.Must(token, createKey, harness.Object{"name": "K", "role": "VIEWER"}).Text("done", "key")
	secrets := []string{password, wrong, token, key, "fd_wrong", "fdk_wrong"}
	answers := []harness.Answer{
		h.Try("", "logIn", harness.Object{"email": "ada@example.org", "password": wrong}),
		h.Try("", "registerUser", harness.Object{"email": "ada@example.org", "displayName": "Ada", "password": wrong}),
		h.Ask("fd_wrong", me, nil), h.Ask("fdk_wrong", me, nil), h.Ask("", `mutation { logIn(input: {email: 1, password: "a wrong secret"}) { token } }`, nil),
		h.Ask("", `mutation($input: LogInInput!) { logIn(input: $input) { token } }`, harness.Object{"input": harness.Object{"email": "x", "password": harness.Object{"a wrong secret": 1}}}),
	}
	for _, answer := range answers {
		for _, secret := range secrets {
			if strings.Contains(string(answer.Raw), secret) {
				t.Errorf("%q is answered: %s", secret, answer.Raw)
			}
		}
	}
	h.Mutate(token, "createContent", harness.Object{"title": "x", "content": "x"})
	h.Stop()
	for _, secret := range secrets {
		if strings.Contains(log.text.String(), secret) {
			t.Errorf("%q is logged", secret)
		}
	}
	if !strings.Contains(log.text.String(), "request") {
		t.Error("nothing was logged")
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Viewer)
	for _, path := range []string{"/", "/playground", "/graphql", "/graphql?query={viewer{id}}", "/healthz", "/readyz", "/nothing"} {
		header := h.Get(token, path).Header
		harness.WantText(t, path+": X-Content-Type-Options", header.Get("X-Content-Type-Options"), "nosniff")
		harness.WantText(t, path+": X-Frame-Options", header.Get("X-Frame-Options"), "DENY")
		harness.WantText(t, path+": Referrer-Policy", header.Get("Referrer-Policy"), "no-referrer")
		policy := header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src ", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy is %q, without %s", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "script-src 'unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		for _, told := range []string{"Server", "X-Powered-By"} {
			harness.WantText(t, path+": "+told, header.Get(told), "")
		}
	}
}
