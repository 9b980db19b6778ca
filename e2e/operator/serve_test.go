package operator

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/e2e/harness"
)

// manifest writes a manifest of trusted documents.
func manifest(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "persisted-documents.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestServeExplainsFaultyTrustedDocuments(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "flightdeck.db")
	serve := []string{"serve", "--db", db, "--addr", "127.0.0.1:0"}
	harness.WantCLI(t, 1, append(serve, "--trusted-only"), "--trusted-documents FILE")
	harness.WantCLI(t, 1, append(serve, "--trusted-documents", "missing.json"), "missing.json")
	bad := manifest(t, `[]`)
	harness.WantCLI(t, 1, append(serve, "--trusted-documents", bad), bad, "not a JSON object of documents by their hash")
}

func TestServeKeepsToItsFlags(t *testing.T) {
	t.Parallel()
	file := manifest(t, `{"4ef8": "query Head { log { head } }"}`)
	p := harness.StartProcess(t, filepath.Join(t.TempDir(), "flightdeck.db"), "--trusted-documents", file, "--trusted-only", "--limit-body", "100")
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(data)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/playground", "", 404, "NOT_FOUND"},
		{"GET", "/", "", 404, "NOT_FOUND"},
		{"POST", "/graphql", `{"documentId":"4ef8"}`, 200, `{"data":{"log":{"head":"0"}}}`},
		{"GET", "/graphql?documentId=sha256:4ef8", "", 200, `{"data":{"log":{"head":"0"}}}`},
		{"POST", "/graphql", `{"query":"{ log { head } }"}`, 200, "PERSISTED_QUERY_ONLY"},
		{"POST", "/graphql", `{"query":"` + strings.Repeat(" ", 100) + `"}`, 413, "100 bytes: send less, or raise the limit with flightdeck serve --limit-body"},
	} {
		if status, body := ask(test.method, test.path, test.body); status != test.status || !strings.Contains(body, test.says) {
			t.Errorf("%s %s %s: %d %s, want %d %s", test.method, test.path, test.body, status, body, test.status, test.says)
		}
	}
	p.Kill(t)
}

func TestServeExplainsFaultyOriginsAndHosts(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "flightdeck.db")
	serve := []string{"serve", "--db", db, "--addr", "127.0.0.1:0"}
	harness.WantCLI(t, 1, append(serve, "--allow-origin", "http://localhost:3000/"), "--allow-origin", "write http://localhost:3000\n")
	harness.WantCLI(t, 1, append(serve, "--allow-origin", "localhost:3000"), "write http://localhost:3000\n")
	harness.WantCLI(t, 1, append(serve, "--allow-host", "deck.example.org:8080"), "--allow-host", "write deck.example.org\n")
}

func TestAServerOnLoopbackRefusesOtherNames(t *testing.T) {
	t.Parallel()
	status := func(p *harness.Process, host string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/graphql?query=%7Blog%7Bhead%7D%7D", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		return resp.StatusCode
	}
	plain := harness.StartProcess(t, filepath.Join(t.TempDir(), "flightdeck.db"))
	named := harness.StartProcess(t, filepath.Join(t.TempDir(), "flightdeck.db"), "--allow-host", "deck.example.org")
	for _, test := range []struct {
		host         string
		plain, named int
	}{
		{"localhost:8080", 200, 200},
		{"127.0.0.1", 200, 200},
		{"deck.example.org", 403, 200},
		{"rebound.example.com", 403, 403},
	} {
		if got := [2]int{status(plain, test.host), status(named, test.host)}; got != [2]int{test.plain, test.named} {
			t.Errorf("%s: %v, want %d and %d", test.host, got, test.plain, test.named)
		}
	}
	plain.Kill(t)
	named.Kill(t)
}
