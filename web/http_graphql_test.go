package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const special = "application/graphql-response+json"

func TestOperationsOverHTTP(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for name, test := range map[string]struct{ body, want string }{
		"query":     {`{"query":"{log{head}}"}`, `{"data":{"log":{"head":"42"}}}`},
		"mutation":  {`{"query":"mutation{write(text:\"é\")}"}`, `{"data":{"write":"é"}}`},
		"variables": {`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"x"}}`, `{"data":{"echo":"x"}}`},
		"name": {
			`{"query":"query A{log{head}} query B{echo(text:\"b\")}","operationName":"B"}`,
			`{"data":{"echo":"b"}}`,
		},
		"nulls": {
			`{"query":"{__typename}","operationName":null,"variables":null,"extensions":null}`,
			`{"data":{"__typename":"Query"}}`,
		},
		"unknown members are ignored": {`{"query":"{__typename}","id":1}`, `{"data":{"__typename":"Query"}}`},
		"an error of a field": {
			`{"query":"{fail}"}`,
			`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}],"data":{"fail":null}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := post(t, h, test.body)
			wantEqual(t, "status", resp.StatusCode, 200)
			wantEqual(t, "type", resp.Header.Get("Content-Type"), "application/json; charset=utf-8")
			wantEqual(t, "body", text(t, resp), test.want)
		})
	}
}

func TestEscapesOfWholeCharactersAreKept(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for escaped, want := range map[string]string{
		`\ud83d\ude00`: "😀", `\uD83D\uDE00\ud83d\ude01\u0041`: "😀😁A", `\\ud83d`: `\\ud83d`, `\\\\ud83d \ufffd`: `\\\\ud83d ` + "\ufffd", `\ud7ff\ue000`: "\ud7ff\ue000",
	} {
		resp := post(t, h, `{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"`+escaped+`"}}`)
		if body := text(t, resp); !strings.Contains(body, `"echo":"`+want+`"`) {
			t.Errorf("%s is answered %s", escaped, body)
		}
	}
}

func TestBadBodiesAreRefusedWithoutEcho(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Body = 1000
	h := web.New(config).Handler()
	for name, test := range map[string]struct {
		body   string
		header []string
		status int
		code   string
		says   string
	}{
		"empty":             {"", nil, 400, "BAD_REQUEST", `send {"query"`},
		"not JSON":          {`query=s3cret`, nil, 400, "BAD_REQUEST", "not valid JSON at byte 1"},
		"truncated":         {`{"query":"s3cret`, nil, 400, "BAD_REQUEST", `send {"query"`},
		"array":             {`[{"query":"s3cret"}]`, nil, 400, "BAD_REQUEST", "not a JSON object"},
		"null":              {`null`, nil, 400, "BAD_REQUEST", `"query" is missing`},
		"two values":        {`{"query":"{log{head}}"} s3cret`, nil, 400, "BAD_REQUEST", "after the JSON"},
		"no query":          {`{"variables":{}}`, nil, 400, "BAD_REQUEST", `"query" is missing`},
		"query a number":    {`{"query":53}`, nil, 400, "BAD_REQUEST", `member "query" must not be of type number`},
		"name an object":    {`{"query":"{log{head}}","operationName":{}}`, nil, 400, "BAD_REQUEST", `"operationName" must not be of type object`},
		"variables a list":  {`{"query":"{log{head}}","variables":["s3cret"]}`, nil, 400, "BAD_REQUEST", `"variables" must not be of type array`},
		"extensions a text": {`{"query":"{log{head}}","extensions":"s3cret"}`, nil, 400, "BAD_REQUEST", `"extensions"`},
		"invalid UTF-8":     {"{\"query\":\"{echo(text:\\\"s3cret\xff\\\")}\"}", nil, 400, "BAD_REQUEST", "UTF-8"},
		"NUL in the query":  {`{"query":"{echo(text:\"s3cret\u0000\")}"}`, nil, 400, "BAD_REQUEST", "U+0000"},
		"NUL in a variable": {
			`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"s3cret\u0000"}}`,
			nil, 400, "BAD_REQUEST", "U+0000",
		},
		"NUL in a name": {
			`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"x","o":[{"s3cret\u0000":1}]}}`,
			nil, 400, "BAD_REQUEST", "U+0000",
		},
		"NUL as an escape of the document": {
			`{"query":"{echo(text:\"s3cret\\u0000\")}"}`,
			[]string{"Accept", special}, 400, "GRAPHQL_VALIDATION_FAILED", "U+0000",
		},
		"half a pair of surrogates": {
			`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"s3cret \\\ud83d"}}`,
			nil, 400, "BAD_REQUEST", "half a surrogate pair",
		},
		"halves the wrong way round": {
			`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"\uDE00\uD83D"}}`,
			nil, 400, "BAD_REQUEST", "half a surrogate pair",
		},
		"two first halves": {
			`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"\ud83d\ud83d\ude00"}}`,
			nil, 400, "BAD_REQUEST", "half a surrogate pair",
		},
		"half a pair in a name": {
			`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"x","\udfff":1}}`,
			nil, 400, "BAD_REQUEST", "half a surrogate pair",
		},
		"too large":    {`{"query":"` + strings.Repeat("s3cret", 200) + `"}`, nil, 413, "PAYLOAD_TOO_LARGE", "1000 bytes: send less, or raise the limit with flightdeck serve --limit-body"},
		"plain text":   {`{"query":"{log{head}}"}`, []string{"Content-Type", "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"},
		"no type":      {`{"query":"{log{head}}"}`, []string{"Content-Type", ""}, 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"},
		"form":         {`query={log{head}}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE", "JSON"},
		"upload":       {"--x--", []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, "UNSUPPORTED_MEDIA_TYPE", "JSON"},
		"other script": {`{"query":"{log{head}}"}`, []string{"Content-Type", "application/json; charset=latin1"}, 415, "UNSUPPORTED_MEDIA_TYPE", "UTF-8"},
		"compressed":   {`{"query":"{log{head}}"}`, []string{"Content-Encoding", "gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE", "uncompressed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := post(t, h, test.body, test.header...)
			wantEqual(t, "status", resp.StatusCode, test.status)
			body := text(t, resp)
			a := decode(t, body)
			wantEqual(t, "code", a.code(), test.code)
			if a.Data != nil || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, test.says) {
				t.Errorf("says %s, want %q", body, test.says)
			}
			if strings.Contains(body, "s3cret") {
				t.Errorf("echoes the body: %s", body)
			}
		})
	}
}

func TestGetRunsQueriesOnly(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for name, test := range map[string]struct {
		query  url.Values
		status int
		want   string // the body, or the code of the error
	}{
		"query": {url.Values{"query": {"{log{head}}"}}, 200, `{"data":{"log":{"head":"42"}}}`},
		"variables": {
			url.Values{"query": {"query A($t:String!){echo(text:$t)}"}, "variables": {`{"t":"x"}`}, "operationName": {"A"}},
			200, `{"data":{"echo":"x"}}`,
		},
		"mutation":           {url.Values{"query": {`mutation{write(text:"x")}`}}, 405, "METHOD_NOT_ALLOWED"},
		"subscription":       {url.Values{"query": {`subscription{tick}`}}, 400, "BAD_REQUEST"},
		"no query":           {url.Values{}, 400, "BAD_REQUEST"},
		"variables not JSON": {url.Values{"query": {"{log{head}}"}, "variables": {"s3cret"}}, 400, "BAD_REQUEST"},
		"variables a list":   {url.Values{"query": {"{log{head}}"}, "variables": {"[]"}}, 400, "BAD_REQUEST"},
		"extensions":         {url.Values{"query": {"{log{head}}"}, "extensions": {"1"}}, 400, "BAD_REQUEST"},
		"invalid UTF-8":      {url.Values{"query": {"{log{head}} #\xff"}}, 400, "BAD_REQUEST"},
		"NUL":                {url.Values{"query": {"{log{head}} #\x00"}}, 400, "BAD_REQUEST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := ask(t, h, "GET", "/graphql?"+test.query.Encode(), "")
			wantEqual(t, "status", resp.StatusCode, test.status)
			body := text(t, resp)
			if test.status == 200 {
				wantEqual(t, "body", body, test.want)
				return
			}
			wantEqual(t, "code", decode(t, body).code(), test.want)
			if strings.Contains(body, "s3cret") {
				t.Errorf("echoes: %s", body)
			}
			if test.status == 405 {
				wantEqual(t, "Allow", resp.Header.Get("Allow"), "POST")
			}
		})
	}
	wantEqual(t, "malformed", ask(t, h, "GET", "/graphql?query=%zz", "").StatusCode, 400)
}

func TestSubscriptionsNeedAStream(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	resp := post(t, h, `{"query":"subscription{tick}"}`)
	wantEqual(t, "status", resp.StatusCode, 400)
	if a := decode(t, text(t, resp)); !strings.Contains(a.Errors[0].Message, "graphql-transport-ws") ||
		!strings.Contains(a.Errors[0].Message, "Accept: text/event-stream") {
		t.Errorf("says %q", a.Errors[0].Message)
	}
}

func TestMediaTypeOfTheAnswer(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	const ordinary = "application/json"
	for accept, want := range map[string]string{
		"":                                 ordinary,
		"*/*":                              ordinary,
		"application/*":                    ordinary,
		"application/json":                 ordinary,
		"nonsense;;=":                      ordinary,
		special:                            special,
		special + ", */*;q=0.1":            special,
		special + ", application/json":     special,
		"application/json, " + special:     special,
		special + ";q=0.5, */*":            ordinary,
		special + ";q=0, */*;q=0.1":        ordinary,
		"application/json;q=0, " + special: special,
		"nonsense;;=, " + special:          special,
		special + "; charset=utf-8":        special,
		"application/json;q=x, " + special: special,
		// urql sends this for every operation. An event stream is for subscriptions.
		special + ", application/graphql+json, application/json, text/event-stream, multipart/mixed": special,
	} {
		resp := post(t, h, `{"query":"{log{head}}"}`, "Accept", accept)
		wantEqual(t, accept, resp.StatusCode, 200)
		wantEqual(t, accept, resp.Header.Get("Content-Type"), want+"; charset=utf-8")
		wantEqual(t, accept, resp.Header.Get("Vary"), "Accept, Accept-Encoding, Authorization")
	}
}

func TestUnacceptableAnswersAreNotComputed(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Execution.AroundOperation = func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
		t.Error("ran")
		return graphql.OneShot(nil)
	}
	h := web.New(config).Handler()
	for _, accept := range []string{"text/html", special + ";q=0", "*/*;q=0", "application/json;q=0, text/*", "multipart/mixed"} {
		resp := post(t, h, `{"query":"mutation{write(text:\"s3cret\")}"}`, "Accept", accept)
		wantEqual(t, accept, resp.StatusCode, 406)
		body := text(t, resp)
		wantEqual(t, accept, decode(t, body).code(), "NOT_ACCEPTABLE")
		if strings.Contains(body, "s3cret") {
			t.Errorf("echoes: %s", body)
		}
	}
}

// The draft requires 200 for a well-formed request if the client accepts application/json only, 4xx
// otherwise, and no member "data".
func TestStatusOfRefusedDocuments(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	for body, code := range map[string]string{
		`{"query":""}`:                       "GRAPHQL_VALIDATION_FAILED",
		`{"query":"{"}`:                      "GRAPHQL_PARSE_FAILED",
		`{"query":"{nothing}"}`:              "GRAPHQL_VALIDATION_FAILED",
		`{"query":"{...@defer{log{head}}}"}`: "GRAPHQL_VALIDATION_FAILED",
		`{"query":"query A{log{head}}","operationName":"B"}`:                          "GRAPHQL_VALIDATION_FAILED",
		`{"query":"query($t:String!){echo(text:$t)}"}`:                                "GRAPHQL_VALIDATION_FAILED",
		`{"query":"{` + strings.Repeat("a:log{head} ", 6000) + `}"}`:                  "LIMIT_EXCEEDED",
		`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":{"not":"it"}}}`: "GRAPHQL_VALIDATION_FAILED",
	} {
		for accept, status := range map[string]int{"application/json": 200, special: 400} {
			resp := post(t, h, body, "Accept", accept)
			wantEqual(t, "status", resp.StatusCode, status)
			answer := text(t, resp)
			wantEqual(t, "code", decode(t, answer).code(), code)
			if strings.Contains(answer, `"data"`) {
				t.Errorf("a refusal with data: %s", answer)
			}
		}
	}
}

func TestListOfErrorsIsCapped(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	var query strings.Builder
	for i := range 100 {
		query.WriteString(" nothing" + strings.Repeat("x", i))
	}
	a := decode(t, text(t, post(t, h, `{"query":"{log{`+query.String()+`}}"}`)))
	wantEqual(t, "errors", len(a.Errors), 20)
}

func TestSendersAreAuthenticated(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	const body = `{"query":"{viewer}"}`
	wantEqual(t, "visitor", text(t, post(t, h, body)), `{"data":{"viewer":null}}`)
	wantEqual(t, "user", text(t, post(t, h, body, "Authorization", "Bearer ada")), `{"data":{"viewer":"ada"}}`)
	wantEqual(t, "by GET", text(t, ask(t, h, "GET", "/graphql?query={viewer}", "", "Authorization", "Bearer ada")),
		`{"data":{"viewer":"ada"}}`)

	resp := post(t, h, body, "Authorization", "Bearer nobody")
	wantEqual(t, "status", resp.StatusCode, 401)
	wantEqual(t, "challenge", resp.Header.Get("WWW-Authenticate"), "Bearer")
	wantEqual(t, "refused", text(t, resp),
		`{"errors":[{"message":"log in again","extensions":{"code":"UNAUTHENTICATED"}}]}`)

	resp = post(t, h, body, "Authorization", "Bearer broken")
	wantEqual(t, "status", resp.StatusCode, 500)
	wantEqual(t, "masked", decode(t, text(t, resp)).Errors[0].Message, "internal error")
}

func TestRefusalAroundAnOperationHasNoData(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]int{
		"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "OVERLOADED": 503, "UNAVAILABLE": 503, "INTERNAL": 500, "OTHER": 400,
	} {
		config := testConfig(newStub())
		config.Execution.AroundOperation = func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
			e := &gqlerror.Error{Message: "no", Extensions: map[string]any{"code": code}}
			return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{e}})
		}
		resp := post(t, web.New(config).Handler(), `{"query":"{log{head}}"}`, "Accept", special)
		wantEqual(t, code, resp.StatusCode, status)
		wantEqual(t, "body", text(t, resp), `{"errors":[{"message":"no","extensions":{"code":"`+code+`"}}]}`)
	}
}

func TestCancelledRequestIsNotAnEmptySuccess(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", "/graphql?query={log{head}}", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	wantEqual(t, "status", w.Code, 503)
}

// FuzzBody checks that the answer to every body is a GraphQL response, and never a fault of the
// server.
func FuzzBody(f *testing.F) {
	h := web.New(testConfig(newStub())).Handler()
	for _, seed := range []string{
		`{"query":"{log{head}}"}`, `{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"x"}}`, `[]`, `{`, "\xff",
		`{"query":"{echo(text:\"\\uD800\")}"}`, `{"query":1e999}`, `{"query":"{a","variables":{"a":[[[]]]}}`,
	} {
		f.Add(seed, special)
	}
	f.Fuzz(func(t *testing.T, body, accept string) {
		if strings.Contains(body, "panic") || strings.Contains(body, "wait") {
			t.Skip("fields that panic or wait")
		}
		resp := post(t, h, body, "Accept", accept)
		if resp.StatusCode >= 500 {
			t.Errorf("status %d", resp.StatusCode)
		}
		if answer := text(t, resp); !json.Valid([]byte(answer)) {
			t.Errorf("answered %s", answer)
		}
	})
}
