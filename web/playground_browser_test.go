package web_test

import (
	"context"
	"strings"
	"testing"

	"flightdeck/web/browsertest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/chromedp/chromedp"
	"github.com/vektah/gqlparser/v2/ast"
)

// TestPlaygroundInABrowser opens the page in Chromium, runs a query and a live subscription, and
// checks the results on the page. FLIGHTDECK_TEST_CHROMIUM names the binary, and
// FLIGHTDECK_TEST_SCREENSHOT a file for a screenshot.
func TestPlaygroundInABrowser(t *testing.T) {
	t.Parallel()
	schema := newStub()
	config := testConfig(schema)
	listeners := make(chan any, 10)
	config.Execution.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
			listeners <- viewerOf(ctx)
		}
		return next(ctx)
	}
	_, socket := serve(t, config)
	b := browsertest.Open(t, "http"+strings.TrimSuffix(strings.TrimPrefix(socket, "ws"), "graphql")+"playground")

	b.Do(chromedp.WaitVisible(chromedp.CSS(".graphiql-query-editor .CodeMirror")))
	b.WaitFor("the tabs of the story", `[...document.querySelectorAll(".graphiql-tab-button")].map(tab => tab.innerText.trim()).join() ===
		"Register,Create,Update,Before,Listen"`)
	b.WaitFor("the first step", browsertest.Editor("query")+`.getValue().includes("mutation Register")`)
	b.SetEditor("query", `{ log { head } }`)
	b.WaitFor("the title", `document.title === "FlightDeck"`)

	b.Click(".graphiql-execute-button")
	b.WaitFor("the result of the query", browsertest.Result(`"head": "42"`))

	b.SetEditor("header", `{"authorization": "Bearer ada"}`)
	b.SetEditor("query", `{ viewer }`)
	b.Click(".graphiql-execute-button")
	b.WaitFor("the header over HTTP", browsertest.Result(`"viewer": "ada"`))

	b.SetEditor("query", `subscription { tick }`)
	b.Click(".graphiql-execute-button")
	wantEqual(t, "the header over the websocket", next(t, b, listeners), any("ada"))
	for n, want := range []string{`"tick": 0`, `"tick": 1`, `"tick": 2`} {
		tickOnce(t, b, schema, n)
		b.WaitFor("live "+want, browsertest.Result(want))
	}
	b.Screenshot()
	b.Click(".graphiql-execute-button") // now the button stops the subscription

	b.SetEditor("query", `subscription { refused }`)
	b.Click(".graphiql-execute-button")
	b.WaitFor("an error", browsertest.Result(`"message": "refused"`))

	b.Click(`button[aria-label="Show Documentation Explorer"]`)
	b.WaitFor("the reference", `document.querySelector(".graphiql-doc-explorer").innerText.includes("LogStatus")`)
	b.Click(`button[aria-label="Open short keys dialog"]`)
	b.WaitFor("a dialog", `document.querySelector('[role="dialog"]') !== null`)
	b.Check()
}

// next waits for the next subscription and returns its viewer.
func next(t *testing.T, b *browsertest.Browser, listeners <-chan any) any {
	t.Helper()
	select {
	case who := <-listeners:
		return who
	case <-b.Done():
		b.Check()
		t.Fatal("no subscription was started")
		return nil
	}
}

// tickOnce makes the subscription yield a number. It blocks until the subscription runs.
func tickOnce(t *testing.T, b *browsertest.Browser, schema *stub, n int) {
	t.Helper()
	select {
	case schema.ticks <- n:
	case <-b.Done():
		b.Check()
		t.Fatal("the subscription does not run")
	}
}
