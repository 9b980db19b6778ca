package web_test

import (
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"flightdeck/web"
)

var assetURL = regexp.MustCompile(`(?:href|src)="(playground/assets/[^"]+)"`)

func TestPlaygroundLoadsOnlyEmbeddedFiles(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	resp := ask(t, h, "GET", "/playground", "")
	wantEqual(t, "cache", resp.Header.Get("Cache-Control"), "no-cache")
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'self'; script-src 'self'; ") {
		t.Errorf("policy: %s", policy)
	}
	page := text(t, resp)
	if strings.Contains(page, "://") || strings.Contains(page, "<script>") || strings.Contains(page, "<style") {
		t.Errorf("the page loads from elsewhere, or has something inline: %s", page)
	}
	types := map[string]string{
		"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
	}
	links := assetURL.FindAllStringSubmatch(page, -1)
	wantEqual(t, "files", len(links), 7)
	for _, link := range links {
		resp := ask(t, h, "GET", "/"+link[1], "")
		wantEqual(t, link[1], resp.StatusCode, 200)
		wantEqual(t, "cache", resp.Header.Get("Cache-Control"), "public, max-age=31536000, immutable")
		wantEqual(t, "type", resp.Header.Get("Content-Type"), types[link[1][strings.LastIndexByte(link[1], '.')+1:]])
	}
}

func TestAssetsAreCompressedAndRevalidated(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	link := assetURL.FindStringSubmatch(text(t, ask(t, h, "GET", "/playground", "")))[1]
	for target, accept := range map[string]string{"/playground": "br, gzip;q=0.8", "/" + link: "*"} {
		plain := ask(t, h, "GET", target, "", "Accept-Encoding", "gzip;q=0, br")
		wantEqual(t, "encoding", plain.Header.Get("Content-Encoding"), "")
		compressed := ask(t, h, "GET", target, "", "Accept-Encoding", accept)
		wantEqual(t, "encoding", compressed.Header.Get("Content-Encoding"), "gzip")
		wantEqual(t, "vary", compressed.Header.Get("Vary"), "Accept-Encoding")
		r, err := gzip.NewReader(compressed.Body)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "content", strings.TrimSpace(string(content)), text(t, plain))

		tag, other := compressed.Header.Get("ETag"), plain.Header.Get("ETag")
		if tag == "" || tag == other {
			t.Errorf("tags %s and %s", tag, other)
		}
		again := ask(t, h, "GET", target, "", "Accept-Encoding", accept, "If-None-Match", tag)
		wantEqual(t, "status", again.StatusCode, 304)
	}
}
