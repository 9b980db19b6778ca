package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"flightdeck/web"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// decompressed returns the body of an answer, decompressed by its Content-Encoding.
func decompressed(t *testing.T, resp *http.Response) string {
	t.Helper()
	var r io.Reader = resp.Body
	var err error
	switch resp.Header.Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(resp.Body)
	case "zstd":
		r, err = zstd.NewReader(resp.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLargeAnswersAreCompressedAsTheClientLikes(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	long := strings.Repeat("all work and no play ", 500)
	body := `{"query":"{echo(text:\"` + long + `\")}"}`
	for accept, want := range map[string]string{
		"":                            "",
		"br":                          "",
		"identity":                    "",
		"gzip;q=0":                    "",
		"gzip":                        "gzip",
		"GZIP":                        "gzip",
		"*":                           "gzip",
		"gzip, deflate, br, zstd":     "gzip",
		"zstd, gzip;q=0.9":            "zstd",
		"zstd;q=0.5, gzip":            "gzip",
		"zstd;q=0, *;q=0.1":           "gzip",
		"gzip;q=nonsense, zstd;q=0.1": "zstd",
	} {
		resp := post(t, h, body, "Accept-Encoding", accept)
		wantEqual(t, accept, resp.Header.Get("Content-Encoding"), want)
		size := resp.ContentLength
		wantEqual(t, accept, decompressed(t, resp), `{"data":{"echo":"`+long+`"}}`)
		if want != "" && size > 1000 {
			t.Errorf("%s: %d bytes", accept, size)
		}
	}
	resp := post(t, h, `{"query":"{echo(text:\"short\")}"}`, "Accept-Encoding", "gzip")
	wantEqual(t, "a short answer", resp.Header.Get("Content-Encoding"), "")
	wantEqual(t, "a short answer", text(t, resp), `{"data":{"echo":"short"}}`)
}
