package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hearCut reads to the end of the connection, which must come after a time.
func (c *pipe) hearCut(reason string, after time.Duration) {
	c.t.Helper()
	begun := time.Now()
	_, err := io.Copy(io.Discard, c.r)
	if err != nil {
		c.t.Errorf("%s: %v", reason, err)
	}
	wantEqual(c.t, reason, time.Since(begun), after)
}

// drip writes a byte a second until the server stops reading.
func (c *pipe) drip(text string) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		<-time.After(time.Second)
	}
}

func TestSlowRequestsAreCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := servePipes(t, testConfig(newStub()))
		header := "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"

		silent := dial()
		silent.hearCut("nothing is said", 10*time.Second)

		slow := dial()
		go slow.drip(header)
		slow.hearCut("the header comes a byte a second", 10*time.Second)

		half := dial()
		if _, err := io.WriteString(half, header[:60]); err != nil {
			t.Fatal(err)
		}
		half.hearCut("the header stops halfway", 10*time.Second)

		body := dial()
		go func() {
			if _, err := io.WriteString(body, header); err == nil {
				body.drip(strings.Repeat(" ", 1000))
			}
		}()
		body.hearCut("the body comes a byte a second", time.Minute)

		idle := dial()
		idle.request("GET", "/healthz", "")
		resp := idle.response()
		wantEqual(t, "status", resp.StatusCode, 200)
		idle.hearCut("nothing is asked any more", 2*time.Minute)
	})
}

func TestUnreadAnswersAreCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := servePipes(t, testConfig(newStub()))
		c := dial()
		c.request("POST", "/graphql", `{"query":"{echo(text:\"`+strings.Repeat("x", 100_000)+`\")}"}`, "Content-Type", "application/json")
		if _, err := c.r.ReadByte(); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * time.Minute)
		if n, err := io.Copy(io.Discard, c.r); err != nil || n >= 100_000 {
			t.Errorf("read %d bytes afterwards (%v)", n, err)
		}
	})
}

func TestGarbageIsAnsweredAndCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, dial := servePipes(t, testConfig(newStub()))
		for sent, status := range map[string]int{
			"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n": http.StatusBadRequest, // TLS
			"GET\r\n\r\n":                          http.StatusBadRequest,
			"GET / HTTP/9.9\r\nHost: x\r\n\r\n":    http.StatusHTTPVersionNotSupported,
			"GET / HTTP/1.1\r\n\r\n":               http.StatusBadRequest,
			"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 70_000): http.StatusRequestHeaderFieldsTooLarge,
		} {
			c := dial()
			go func() { _, _ = io.WriteString(c, sent) }() // the server stops reading a header that is too large
			wantEqual(t, sent[:4], c.response().StatusCode, status)
			_ = c.Close()
		}
		<-time.After(time.Second) // net/http keeps the connection a little, so that the answer is not lost
	})
}
