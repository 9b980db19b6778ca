package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flightdeck/web"

	"github.com/99designs/gqlgen/graphql"
)

// world is a server with a cache of answers. A test moves its state; it counts executions.
type world struct {
	t     *testing.T
	h     http.Handler
	state atomic.Int64
	runs  atomic.Int64
	// around is called before each execution, unless it is nil.
	around func(context.Context)
}

func newWorld(t *testing.T) *world {
	w := &world{t: t}
	config := testConfig(newStub())
	config.Answers.CacheBytes = 1 << 20
	config.Answers.CacheScope = func(ctx context.Context) (sender, state string) {
		return fmt.Sprint(viewerOf(ctx)), fmt.Sprint(w.state.Load())
	}
	config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		w.runs.Add(1)
		if w.around != nil {
			w.around(ctx)
		}
		return next(ctx)
	}
	w.h = web.New(config).Handler()
	return w
}

// get sends a query by GET.
func (w *world) get(query string, header ...string) *http.Response {
	w.t.Helper()
	return ask(w.t, w.h, "GET", "/graphql?query="+url.QueryEscape(query), "", header...)
}

// wantRuns checks the number of executions since the last call.
func (w *world) wantRuns(when string, want int64) {
	w.t.Helper()
	wantEqual(w.t, "executions "+when, w.runs.Swap(0), want)
}

func TestCachedAnswersAreSentUntilTheStateMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.get("{log{head}}")
	tag := first.Header.Get("ETag")
	if !strings.HasPrefix(tag, `"`) {
		t.Fatalf("the tag %s is not a strong one", tag)
	}
	wantEqual(t, "cache", first.Header.Get("Cache-Control"), "public, max-age=0, must-revalidate")
	wantEqual(t, "vary", first.Header.Get("Vary"), "Accept, Accept-Encoding, Authorization")
	w.wantRuns("for the first answer", 1)

	for _, brought := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		again := w.get("{log{head}}", "If-None-Match", brought)
		wantEqual(t, "status of "+brought, again.StatusCode, 304)
		wantEqual(t, "body of "+brought, text(t, again), "")
		wantEqual(t, "tag", again.Header.Get("ETag"), tag)
		wantEqual(t, "cache", again.Header.Get("Cache-Control"), "public, max-age=0, must-revalidate")
		wantEqual(t, "vary", again.Header.Get("Vary"), "Accept, Accept-Encoding, Authorization")
	}
	w.wantRuns("while the state stands still", 0)

	w.state.Add(1)
	wantEqual(t, "the same answer in another state", w.get("{log{head}}", "If-None-Match", tag).StatusCode, 304)
	w.wantRuns("to see that it is the same", 1)
	wantEqual(t, "and once more", w.get("{log{head}}", "If-None-Match", tag).StatusCode, 304)
	w.wantRuns("once that is known", 0)

	wantEqual(t, "without a tag", w.get("{log{head}}").StatusCode, 200)
	wantEqual(t, "with another's tag", w.get("{log{head}}", "If-None-Match", `"x"`).StatusCode, 200)
}

func TestTagsBelongToOneSenderAndOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.get("{viewer}", "Authorization", "Bearer ada").Header.Get("ETag")
	wantEqual(t, "for ada", w.get("{viewer}", "Authorization", "Bearer ada", "If-None-Match", ada).StatusCode, 304)
	for _, who := range []string{"", "Bearer bob"} {
		resp := w.get("{viewer}", "Authorization", who, "If-None-Match", ada)
		wantEqual(t, "for "+who, resp.StatusCode, 200)
	}
	wantEqual(t, "refused", w.get("{viewer}", "Authorization", "Bearer nobody", "If-None-Match", ada).StatusCode, 401)
	wantEqual(t, "another request", w.get("{log{head}}", "Authorization", "Bearer ada", "If-None-Match", ada).StatusCode, 200)
}

func TestEachFormatOfAnAnswerHasATag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := `{echo(text:"` + strings.Repeat("x", 5000) + `")}`
	tags := map[string]bool{}
	for _, accept := range []string{"application/json", special} {
		for _, coding := range []string{"", "gzip", "zstd"} {
			header := []string{"Accept", accept, "Accept-Encoding", coding}
			resp := w.get(query, header...)
			wantEqual(t, "coding", resp.Header.Get("Content-Encoding"), coding)
			tag := resp.Header.Get("ETag")
			tags[tag] = true
			wantEqual(t, "its own tag", w.get(query, append(header, "If-None-Match", tag)...).StatusCode, 304)
		}
	}
	wantEqual(t, "tags", len(tags), 6)
}

func TestOnlyAnswersToGetWithoutErrorsHaveTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, resp := range map[string]*http.Response{
		"an error of a field": w.get("{fail}"),
		"a refusal":           w.get("{nothing}"),
		"a POST":              post(t, w.h, `{"query":"{log{head}}"}`, "If-None-Match", "*"),
	} {
		wantEqual(t, name, resp.Header.Get("ETag"), "")
		wantEqual(t, name, resp.Header.Get("Cache-Control"), "no-store")
	}
	w.get("{fail}")
	wantEqual(t, "after an error", w.get("{fail}", "If-None-Match", "*").StatusCode, 200)
}

// TestAVisitorsAnswerMayBeShared: a cache between the server and its visitors may keep what all of
// them are shown, and nothing else.
func TestAVisitorsAnswerMayBeShared(t *testing.T) {
	t.Parallel()
	const forOne, forAll = "private, no-cache", "public, max-age=0, must-revalidate"
	w := newWorld(t)
	for range 2 { // computed, and from the cache of answers
		for name, test := range map[string]struct {
			resp *http.Response
			want string
		}{
			"a visitor":              {w.get("{log{head}}"), forAll},
			"somebody":               {w.get("{log{head}}", "Authorization", "Bearer ada"), forOne},
			"blank credentials":      {w.get("{log{head}}", "Authorization", ""), forOne},
			"somebody unknown":       {w.get("{log{head}}", "Authorization", "Bearer nobody"), "no-store"},
			"a visitor's error":      {w.get("{fail}"), "no-store"},
			"a visitor's refusal":    {w.get("{nothing}"), "no-store"},
			"a visitor's POST":       {post(t, w.h, `{"query":"{log{head}}"}`), "no-store"},
			"a visitor's preflight":  {ask(t, w.h, "OPTIONS", "/graphql", ""), "no-store"},
			"a visitor's own events": {w.get("{log{head}}", "Accept", "text/event-stream"), "no-cache, no-store"},
		} {
			wantEqual(t, name, test.resp.Header.Get("Cache-Control"), test.want)
			if test.want != "no-cache, no-store" {
				wantEqual(t, name, test.resp.Header.Get("Vary"), "Accept, Accept-Encoding, Authorization")
			}
		}
	}
	w.state.Add(1)
	w.around = web.NoStore
	wantEqual(t, "what is not in the log", w.get("{log{head}}").Header.Get("Cache-Control"), forOne)

	for _, cacheBytes := range []int{0, 1 << 20} {
		config := testConfig(newStub())
		config.Answers.CacheBytes = cacheBytes
		config.Answers.PublicMaxAge = time.Minute
		config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
			if graphql.GetOperationContext(ctx).Operation.Name == "Unsteady" {
				web.NoStore(ctx)
			}
			return next(ctx)
		}
		h := web.New(config).Handler()
		for query, want := range map[string]string{
			"query+Steady{log{head}}": "public, max-age=60, must-revalidate", "query+Unsteady{log{head}}": forOne,
		} {
			wantEqual(t, query, ask(t, h, "GET", "/graphql?query="+query, "").Header.Get("Cache-Control"), want)
		}
	}
}

func TestNoStoreComputesTheAnswerEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.around = web.NoStore
	tag := w.get("{log{head}}").Header.Get("ETag")
	wantEqual(t, "equal", w.get("{log{head}}", "If-None-Match", tag).StatusCode, 304)
	w.wantRuns("each time", 2)
	web.NoStore(t.Context()) // has no effect outside of a request
}

// An answer whose execution the state has moved during may have either state. It must not be sent
// for the later one.
func TestCachedAnswersHaveTheStateFromBeforeTheirExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.around = func(context.Context) { w.state.Add(1) }
	tag := w.get("{log{head}}").Header.Get("ETag")
	w.around = nil
	w.wantRuns("first", 1)
	wantEqual(t, "equal", w.get("{log{head}}", "If-None-Match", tag).StatusCode, 304)
	w.wantRuns("again", 1)
}

func TestTagsNeedNoState(t *testing.T) {
	t.Parallel()
	for _, state := range []func(context.Context) (string, string){nil, func(context.Context) (string, string) { return "who", "" }} {
		runs := 0
		config := testConfig(newStub())
		config.Answers.CacheBytes, config.Answers.CacheScope = 1<<20, state
		config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
			runs++
			return next(ctx)
		}
		h := web.New(config).Handler()
		tag := ask(t, h, "GET", "/graphql?query={log{head}}", "").Header.Get("ETag")
		wantEqual(t, "equal", ask(t, h, "GET", "/graphql?query={log{head}}", "", "If-None-Match", tag).StatusCode, 304)
		wantEqual(t, "other", ask(t, h, "GET", "/graphql?query={viewer}", "", "If-None-Match", tag).StatusCode, 200)
		wantEqual(t, "runs", runs, 3)
	}
}
