package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"flightdeck/web"
	"flightdeck/web/document"
)

const greeting = `query Greet($t:String!){echo(text:$t)}`

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// automatic returns the extension of an automatic persisted query.
func automatic(hash string) string {
	return `{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
}

func documents(t *testing.T, manifest string) document.Trusted {
	t.Helper()
	d, err := document.ReadTrusted(strings.NewReader(manifest))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Apollo's clients send the hash alone, then with the query, then alone again, by POST and by GET.
func TestAutomaticPersistedQueries(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	extensions, variables := automatic(hashOf(greeting)), `{"t":"x"}`
	short := `{"operationName":"Greet","variables":` + variables + `,"extensions":` + extensions + `}`
	get := "/graphql?variables=" + url.QueryEscape(variables) + "&extensions=" + url.QueryEscape(extensions)

	for accept, status := range map[string]int{"application/json": 200, special: 400} {
		resp := post(t, h, short, "Accept", accept)
		wantEqual(t, "status", resp.StatusCode, status)
		wantEqual(t, "unknown", text(t, resp),
			`{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`)
	}
	wantEqual(t, "by GET", decode(t, text(t, ask(t, h, "GET", get, ""))).code(), "PERSISTED_QUERY_NOT_FOUND")

	long := `{"query":"` + greeting + `","variables":` + variables + `,"extensions":` + extensions + `}`
	wantEqual(t, "with the query", text(t, post(t, h, long)), `{"data":{"echo":"x"}}`)
	wantEqual(t, "the hash alone", text(t, post(t, h, short)), `{"data":{"echo":"x"}}`)
	wantEqual(t, "by GET", text(t, ask(t, h, "GET", get, "")), `{"data":{"echo":"x"}}`)

	other := "/graphql?query=" + url.QueryEscape("{viewer}") + "&extensions=" + url.QueryEscape(automatic(hashOf("{viewer}")))
	wantEqual(t, "told by GET", text(t, ask(t, h, "GET", other, "")), `{"data":{"viewer":null}}`)
	wantEqual(t, "known by POST", text(t, post(t, h, `{"extensions":`+automatic(hashOf("{viewer}"))+`}`)), `{"data":{"viewer":null}}`)
}

func TestBadPersistedQueriesAreRefusedWithoutEcho(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Documents.Trusted = documents(t, `{"known":"{log{head}}"}`)
	h := web.New(config).Handler()
	for body, code := range map[string]string{
		`{"query":"{viewer} #s3cret","extensions":` + automatic(hashOf("{viewer}")) + `}`:                    "BAD_REQUEST",
		`{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"s3cret"}}}`:                              "BAD_REQUEST",
		`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":42}}}`:                                    "BAD_REQUEST",
		`{"extensions":{"persistedQuery":{"sha256Hash":"s3cret"}}}`:                                          "BAD_REQUEST",
		`{"extensions":{"persistedQuery":"s3cret"}}`:                                                         "BAD_REQUEST",
		`{"extensions":{"persistedQuery":null}}`:                                                             "BAD_REQUEST",
		`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("s3cret", 9) + `"}}}`: "PERSISTED_QUERY_NOT_FOUND",
		`{"documentId":"s3cret"}`:                                     "PERSISTED_QUERY_NOT_FOUND",
		`{"documentId":""}`:                                           "PERSISTED_QUERY_NOT_FOUND",
		`{"documentId":"sha256:s3cret"}`:                              "PERSISTED_QUERY_NOT_FOUND",
		`{"documentId":"known","query":"{viewer}"}`:                   "BAD_REQUEST",
		`{"documentId":42}`:                                           "BAD_REQUEST",
		`{"documentId":null}`:                                         "BAD_REQUEST",
		`{"extensions":{"documentId":["s3cret"]},"query":"{viewer}"}`: "BAD_REQUEST",
	} {
		answer := text(t, post(t, h, body))
		wantEqual(t, body, decode(t, answer).code(), code)
		if strings.Contains(answer, "s3cret") {
			t.Errorf("echoes: %s", answer)
		}
	}
}

// The memory for documents is bounded. A long document is never kept: its client sends it each
// time.
func TestAutomaticPersistedQueriesAreDropped(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	long := "{viewer} #" + strings.Repeat("x", 16<<10)
	for i, query := range []string{long, "{log{head}}"} {
		extensions := automatic(hashOf(query))
		wantEqual(t, "told", decode(t, text(t, post(t, h, `{"query":"`+query+`","extensions":`+extensions+`}`))).code(), "")
		want := []string{"PERSISTED_QUERY_NOT_FOUND", ""}[i]
		wantEqual(t, "asked", decode(t, text(t, post(t, h, `{"extensions":`+extensions+`}`))).code(), want)
	}
	for i := range 600 {
		query := fmt.Sprintf("{viewer} #%d %s", i, long[len(long)-10<<10:])
		post(t, h, `{"query":"`+query+`","extensions":`+automatic(hashOf(query))+`}`)
	}
	wantEqual(t, "later", decode(t, text(t, post(t, h, `{"extensions":`+automatic(hashOf("{log{head}}"))+`}`))).code(), "PERSISTED_QUERY_NOT_FOUND")
}

// The id of a document is its key in the manifest, which may be any hash, or the SHA-256 of its
// text.
func TestTrustedDocumentsAreNamedByTheirID(t *testing.T) {
	t.Parallel()
	for _, only := range []bool{false, true} {
		config := testConfig(newStub())
		config.Documents.Trusted, config.Documents.TrustedOnly = documents(t, `{"4ef8":"`+greeting+`","write":"mutation($t:String!){write(text:$t)}"}`), only
		h := web.New(config).Handler()
		for _, id := range []string{"4ef8", "sha256:4ef8", hashOf(greeting), "sha256:" + hashOf(greeting)} {
			wantEqual(t, id, text(t, post(t, h, `{"documentId":"`+id+`","variables":{"t":"x"}}`)), `{"data":{"echo":"x"}}`)
			get := "/graphql?documentId=" + url.QueryEscape(id) + "&variables=" + url.QueryEscape(`{"t":"x"}`)
			wantEqual(t, id, text(t, ask(t, h, "GET", get, "")), `{"data":{"echo":"x"}}`)
		}
		for _, body := range []string{
			`{"documentId":"4ef8","query":"` + greeting + `","variables":{"t":"x"}}`,
			`{"query":"` + greeting + `","variables":{"t":"x"}}`,
			`{"extensions":` + automatic(hashOf(greeting)) + `,"variables":{"t":"x"}}`,
			`{"query":"` + greeting + `","extensions":` + automatic(hashOf(greeting)) + `,"variables":{"t":"x"}}`,
		} {
			wantEqual(t, body, text(t, post(t, h, body)), `{"data":{"echo":"x"}}`)
		}
		resp := ask(t, h, "GET", "/graphql?documentId=write&variables="+url.QueryEscape(`{"t":"x"}`), "")
		wantEqual(t, "a mutation by GET", resp.StatusCode, 405)
	}
}

func TestTrustedOnlyRefusesEveryOtherDocument(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Documents.Trusted, config.Documents.TrustedOnly = documents(t, `{"4ef8":"`+greeting+`"}`), true
	_, socket := serve(t, config)
	h := web.New(config).Handler()
	untrusted := []string{
		`{"query":"{viewer}"}`,
		`{"query":"{viewer}","extensions":` + automatic(hashOf("{viewer}")) + `}`,
		`{"query":"` + greeting + ` ","variables":{"t":"x"}}`,
		`{"query":""}`,
		`{"query":"{__schema{types{name}}}"}`,
	}
	for _, body := range untrusted {
		wantEqual(t, body, decode(t, text(t, post(t, h, body))).code(), "PERSISTED_QUERY_ONLY")
		stream := text(t, post(t, h, body, "Accept", "text/event-stream"))
		if !strings.Contains(stream, "PERSISTED_QUERY_ONLY") {
			t.Errorf("%s over an event stream: %s", body, stream)
		}
	}
	wantEqual(t, "after it was sent with its hash",
		decode(t, text(t, post(t, h, `{"extensions":`+automatic(hashOf("{viewer}"))+`}`))).code(), "PERSISTED_QUERY_NOT_FOUND")

	c := enter(t, socket)
	for _, body := range untrusted {
		c.say(`{"id":"1","type":"subscribe","payload":` + body + `}`)
		if got := c.next(); !strings.Contains(got, `"type":"error"`) || !strings.Contains(got, "PERSISTED_QUERY_ONLY") {
			t.Errorf("%s over a websocket: %s", body, got)
		}
	}
	c.say(`{"id":"1","type":"subscribe","payload":{"documentId":"4ef8","variables":{"t":"x"}}}`)
	c.hear(`{"id":"1","type":"next","payload":{"data":{"echo":"x"}}}`, `{"id":"1","type":"complete"}`)
}

func TestErrorsDescribeTheFaultOfAManifest(t *testing.T) {
	t.Parallel()
	for manifest, says := range map[string]string{
		``:                   "not a JSON object",
		`[]`:                 "not a JSON object",
		`{"a":1}`:            "not a JSON object",
		`{"a":{"body":"x"}}`: "not a JSON object",
		`{"a":"{b}"} {}`:     "not a JSON object",
		`{}`:                 "no documents",
		`null`:               "no documents",
		`{"a":" "}`:          `"a" is empty`,
	} {
		if _, err := document.ReadTrusted(strings.NewReader(manifest)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", manifest, err, says)
		}
	}
}
