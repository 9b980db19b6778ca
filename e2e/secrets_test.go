package e2e

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
)

// transcript is everything that was logged.
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
	h := &harness{t: t, options: testOptions(filepath.Join(t.TempDir(), "flightdeck.db")), server: defaultServer(t)}
	h.options.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.serve()
	t.Cleanup(func() { h.stop() })
	const password, wrong = "correct horse", "a wrong secret"
	a := h.do("", "registerUser", object{"email": "ada@example.org", "displayName": "Ada", "password": password})
	token := a.text("done", "token")
	key := h.must(token, createKey, object{"name": "K", "role": "VIEWER"}).text("done", "key")
	secrets := []string{password, wrong, token, key, "fd_wrong", "fdk_wrong"}
	answers := []answer{
		h.try("", "logIn", object{"email": "ada@example.org", "password": wrong}),
		h.try("", "registerUser", object{"email": "ada@example.org", "displayName": "Ada", "password": wrong}),
		h.ask("fd_wrong", me, nil), h.ask("fdk_wrong", me, nil), h.ask("", `mutation { logIn(input: {email: 1, password: "a wrong secret"}) { token } }`, nil),
		h.ask("", `mutation($input: LogInInput!) { logIn(input: $input) { token } }`, object{"input": object{"email": "x", "password": object{"a wrong secret": 1}}}),
	}
	for _, answer := range answers {
		for _, secret := range secrets {
			if strings.Contains(string(answer.raw), secret) {
				t.Errorf("%q is answered: %s", secret, answer.raw)
			}
		}
	}
	h.do(token, "createContent", object{"title": "x", "content": "x"})
	h.stop()
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
	h := start(t)
	_, token := h.user(domain.Viewer)
	for _, path := range []string{"/", "/playground", "/graphql", "/graphql?query={viewer{id}}", "/healthz", "/readyz", "/nothing"} {
		header := h.get(token, path).Header
		wantText(t, path+": X-Content-Type-Options", header.Get("X-Content-Type-Options"), "nosniff")
		wantText(t, path+": X-Frame-Options", header.Get("X-Frame-Options"), "DENY")
		wantText(t, path+": Referrer-Policy", header.Get("Referrer-Policy"), "no-referrer")
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
			wantText(t, path+": "+told, header.Get(told), "")
		}
	}
}
