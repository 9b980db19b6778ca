package harness

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// Ask posts an operation. token may be empty, vars nil.
func (h *Harness) Ask(token, query string, vars map[string]any) Answer {
	h.T.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		h.T.Fatal(err)
	}
	status, raw := h.Post(token, body)
	var a Answer
	if err := json.Unmarshal(raw, &a); err != nil {
		h.T.Fatalf("status %d, not JSON: %s", status, raw)
	}
	a.Raw = raw
	return a
}

// Must is Ask for an answer without errors, at the top level and in payloads.
func (h *Harness) Must(token, query string, vars map[string]any) Answer {
	h.T.Helper()
	a := h.Ask(token, query, vars)
	if len(a.Errors) > 0 {
		h.T.Fatalf("%s\nanswered %s", query, a.Raw)
	}
	for name, field := range a.Data {
		if payload, ok := field.(map[string]any); ok {
			if list, ok := payload["errors"].([]any); ok && len(list) > 0 {
				h.T.Fatalf("%s was refused: %v", name, list)
			}
		}
	}
	return a
}

// AskFrom is Ask through a proxy that forwards it from an address.
func (h *Harness) AskFrom(address, token, query string) (a Answer) {
	h.T.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		h.T.Fatal(err)
	}
	_, a.Raw = h.Post(token, body, "X-Forwarded-For", address)
	if err := json.Unmarshal(a.Raw, &a); err != nil {
		h.T.Fatalf("not JSON: %s", a.Raw)
	}
	return a
}

// Post sends a body, with headers by name and value in turn, and returns the answer.
func (h *Harness) Post(token string, body []byte, header ...string) (status int, raw []byte) {
	h.T.Helper()
	r, err := http.NewRequestWithContext(h.T.Context(), http.MethodPost, h.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		h.T.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if raw, err = io.ReadAll(response.Body); err != nil {
		h.T.Fatal(err)
	}
	return response.StatusCode, raw
}

// Get requests a path and does not follow redirects.
func (h *Harness) Get(token, path string) *http.Response {
	h.T.Helper()
	r, err := http.NewRequestWithContext(h.T.Context(), http.MethodGet, h.URL+strings.ReplaceAll(path, " ", "%20"), nil)
	if err != nil {
		h.T.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		h.T.Fatal(err)
	}
	h.T.Cleanup(func() { _ = response.Body.Close() })
	return response
}
