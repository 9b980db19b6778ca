package web_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
)

// post sends a query by POST.
func (w *world) post(query string, header ...string) string {
	w.t.Helper()
	resp := post(w.t, w.h, string(asJSON(map[string]any{"query": query})), header...)
	wantEqual(w.t, "status", resp.StatusCode, http.StatusOK)
	return text(w.t, resp)
}

func TestAnswersAreComputedOnceWhileNothingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.post("{viewer log{head}}")
	wantEqual(t, "again", w.post("{viewer log{head}}"), first)
	w.wantRuns("of two requests", 1)

	w.post("{viewer log{head}}", "Authorization", "Bearer ada")
	w.wantRuns("for another sender", 1)
	w.post("{viewer  log{head}}")
	w.wantRuns("of another text", 1)
	w.get("{viewer log{head}}")
	w.wantRuns("by GET", 1)
	w.post("{viewer log{head}}", "Accept", special)
	w.wantRuns("of another media type", 1)
	w.get("{viewer log{head}}")
	w.post("{viewer log{head}}")
	w.post("{viewer log{head}}", "Authorization", "Bearer ada")
	w.wantRuns("again", 0)

	w.state.Add(1)
	wantEqual(t, "in another state", w.post("{viewer log{head}}"), first)
	w.wantRuns("in another state", 1)
}

func TestAnswersThatAreNotCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, query := range map[string]string{
		"a mutation": `mutation { write(text: "x") }`, "an error": "{fail}", "a refusal": "{nothing}",
		"more than a sixteenth": `{echo(text:"` + strings.Repeat("x", 70_000) + `")}`,
	} {
		w.runs.Store(0)
		first := post(t, w.h, string(asJSON(map[string]any{"query": query})))
		once := w.runs.Swap(0)
		wantEqual(t, name, text(t, post(t, w.h, string(asJSON(map[string]any{"query": query})))), text(t, first))
		wantEqual(t, "runs of "+name, w.runs.Load(), once)
	}
	w.runs.Store(0)
	w.around = web.NoStore
	w.post("{log{head}}")
	w.post("{log{head}}")
	w.wantRuns("after NoStore", 2)
}

// The cache keeps the tag of an answer whose body is too large.
func TestLargeAnswersAreCachedByTheirTag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := `{echo(text:"` + strings.Repeat("x", 70_000) + `")}`
	resp := w.get(query)
	tag, size := resp.Header.Get("ETag"), len(text(t, resp))
	w.wantRuns("first", 1)
	wantEqual(t, "with its tag", w.get(query, "If-None-Match", tag).StatusCode, http.StatusNotModified)
	w.wantRuns("with its tag", 0)
	wantEqual(t, "without", len(text(t, w.get(query))), size)
	w.wantRuns("without", 1)
}

func TestTheCacheDropsTheLeastRecentlyUsedAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	echo := func(i int) string {
		return `{echo(text:"` + strings.Repeat("x", 50_000) + string(rune('a'+i)) + `")}`
	}
	for i := range 22 { // 20 of them have room in 1 MiB
		w.post(echo(i))
		w.post(echo(0))
	}
	w.wantRuns("of different ones", 22)
	for i := range 22 {
		w.post(echo(21 - i))
	}
	if runs := w.runs.Swap(0); runs == 0 || runs > 5 {
		t.Errorf("%d answers were dropped", runs)
	}
	w.post(echo(0))
	w.wantRuns("of the answer in use", 0)
}

func TestCachedAnswersAreAuthenticatedAndLimited(t *testing.T) {
	t.Parallel()
	var out atomic.Bool
	config := testConfig(newStub())
	config.Answers.CacheBytes = 1 << 20
	config.Answers.CacheScope = func(context.Context) (string, string) { return "ada", "1" }
	authenticated := config.Identity.Authenticate
	config.Identity.Authenticate = func(ctx context.Context, authorization string) (context.Context, time.Time, error) {
		if out.Load() {
			return nil, time.Time{}, errNoSuchToken
		}
		return authenticated(ctx, authorization)
	}
	config.Limits.Operations = 1
	began, end := make(chan struct{}), make(chan struct{})
	config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if strings.Contains(graphql.GetOperationContext(ctx).RawQuery, "slow") {
			close(began)
			<-end
		}
		return next(ctx)
	}
	h := web.New(config).Handler()
	body := `{"query":"{log{head}}"}`
	wantEqual(t, "first", post(t, h, body).StatusCode, http.StatusOK)
	wantEqual(t, "again", post(t, h, body).StatusCode, http.StatusOK)

	slow := make(chan *http.Response)
	go func() { slow <- post(t, h, `{"query":"query slow {log{head}}"}`) }()
	<-began
	wantEqual(t, "during another operation", decode(t, text(t, post(t, h, body))).code(), "RATE_LIMITED")
	close(end)
	wantEqual(t, "the other", (<-slow).StatusCode, http.StatusOK)

	out.Store(true)
	wantEqual(t, "logged out", post(t, h, body).StatusCode, http.StatusUnauthorized)
}

func TestCachedAnswersAreSentWhileTheyAreFresh(t *testing.T) {
	t.Parallel()
	var changed atomic.Bool
	runs := 0
	config := testConfig(newStub())
	config.Answers.CacheBytes = 1 << 20
	config.Answers.CacheScope = func(context.Context) (string, string) { return "", "1" }
	config.Answers.StillFresh = func(op *graphql.OperationContext) func() bool {
		runs++
		wantEqual(t, "query", op.RawQuery, "{log{head}}")
		return func() bool { return !changed.Load() }
	}
	h := web.New(config).Handler()
	for _, want := range []int{1, 1} {
		post(t, h, `{"query":"{log{head}}"}`)
		wantEqual(t, "runs", runs, want)
	}
	changed.Store(true)
	post(t, h, `{"query":"{log{head}}"}`)
	wantEqual(t, "runs after a change", runs, 2)
	post(t, h, `{"query":"mutation{write(text:\"x\")}"}`)
	wantEqual(t, "runs after a mutation", runs, 2)
}

// A request with a document and its hash must register the document each time: the hash may be
// dropped before the answer is.
func TestRequestsThatRegisterADocumentAreNotCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hash := `"extensions":` + automatic(hashOf("{log{head}}"))
	for range 2 {
		post(t, w.h, `{"query":"{log{head}}",`+hash+`}`)
	}
	w.wantRuns("with the query", 2)
	for range 2 {
		wantEqual(t, "the hash alone", post(t, w.h, `{`+hash+`}`).StatusCode, http.StatusOK)
	}
	w.wantRuns("the hash alone", 1)
}

// A malformed request has the same answer for every sender.
func TestMalformedRequestsAreRefusedBeforeBadTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantEqual(t, "a malformed request", post(t, w.h, `{`, "Authorization", "Bearer nobody").StatusCode, http.StatusBadRequest)
	wantEqual(t, "a well-formed request", post(t, w.h, `{"query":"{viewer}"}`, "Authorization", "Bearer nobody").StatusCode, http.StatusUnauthorized)
}
