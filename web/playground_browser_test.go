package web_test

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/vektah/gqlparser/v2/ast"
)

// browserPatience is how long the browser may take, on a machine that is busy.
const browserPatience = 2 * time.Minute

// TestPlaygroundInABrowser opens the page in Chromium, runs a query and a live
// subscription, and sees the results. FLIGHTDECK_TEST_CHROMIUM names the binary;
// with FLIGHTDECK_TEST_SCREENSHOT, a file, it leaves a picture there.
func TestPlaygroundInABrowser(t *testing.T) {
	t.Parallel()
	binary, err := exec.LookPath(cmp.Or(os.Getenv("FLIGHTDECK_TEST_CHROMIUM"), "chromium"))
	if err != nil {
		t.Skipf("no Chromium: install it, or name the binary in FLIGHTDECK_TEST_CHROMIUM (%v)", err)
	}
	schema := newStub()
	config := testConfig(schema)
	listeners := make(chan any, 10)
	config.AroundOperation = func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
			listeners <- viewerOf(ctx)
		}
		return next(ctx)
	}
	_, socket := serve(t, config)
	b := openBrowser(t, binary, "http"+strings.TrimSuffix(strings.TrimPrefix(socket, "ws"), "graphql")+"playground")

	b.do(chromedp.WaitVisible(chromedp.CSS(".graphiql-query-editor .CodeMirror")))
	b.waitFor("the welcome query", editor("query")+`.getValue().includes("{ log { head } }")`)
	b.waitFor("the title", `document.title === "FlightDeck"`)

	b.click(".graphiql-execute-button")
	b.waitFor("the result of the query", result(`"head": "42"`))

	b.setEditor("header", `{"authorization": "Bearer ada"}`)
	b.setEditor("query", `{ viewer }`)
	b.click(".graphiql-execute-button")
	b.waitFor("the header over HTTP", result(`"viewer": "ada"`))

	b.setEditor("query", `subscription { tick }`)
	b.click(".graphiql-execute-button")
	wantEqual(t, "the header over the websocket", b.next(listeners), any("ada"))
	for n, want := range []string{`"tick": 0`, `"tick": 1`, `"tick": 2`} {
		b.tick(schema, n)
		b.waitFor("live "+want, result(want))
	}
	b.screenshot()
	b.click(".graphiql-execute-button") // it is the stop button now

	b.setEditor("query", `subscription { refused }`)
	b.click(".graphiql-execute-button")
	b.waitFor("an error", result(`"message": "refused"`))

	b.click(`button[aria-label="Show Documentation Explorer"]`)
	b.waitFor("the reference", `document.querySelector(".graphiql-doc-explorer").innerText.includes("LogStatus")`)
	b.click(`button[aria-label="Open short keys dialog"]`)
	b.waitFor("a dialog", `document.querySelector('[role="dialog"]') !== null`)
	b.check()
}

// next waits for whom the next subscription runs.
func (b *browser) next(listeners <-chan any) any {
	b.t.Helper()
	select {
	case who := <-listeners:
		return who
	case <-b.ctx.Done():
		b.check()
		b.t.Fatal("no subscription was started")
		return nil
	}
}

// tick lets the subscription yield a number; only one that runs takes it.
func (b *browser) tick(schema *stub, n int) {
	b.t.Helper()
	select {
	case schema.ticks <- n:
	case <-b.ctx.Done():
		b.check()
		b.t.Fatal("the subscription does not run")
	}
}

// editor is the script for one of GraphiQL's editors.
func editor(name string) string {
	return `document.querySelector('.graphiql-` + map[string]string{
		"query": "query-editor", "header": `editor-tool .graphiql-editor:not(.hidden)`,
	}[name] + ` .CodeMirror').CodeMirror`
}

// result is the script that asks whether the response shows some text.
func result(text string) string {
	return "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes(`" + text + "`)"
}

// browser is a page, and what went wrong in it.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex // protects problems
	problems []string
}

// openBrowser starts a Chromium that reaches nothing but this machine, and opens a
// page in it.
func openBrowser(t *testing.T, binary, page string) *browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserPatience)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.ProxyServer("127.0.0.1:9"), // nobody is there; the loopback goes past it
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	b := &browser{t: t}
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.do(enableEvents, chromedp.Navigate(page))
	return b
}

func enableEvents(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
	_, errNetwork := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
	_, errLog := cdp.Call(ctx, target, cdplog.Enable, cdp.Empty{})
	return chromedp.Void{}, errors.Join(errNetwork, errLog)
}

// listen notes violations of the policy, errors of scripts, and requests to others.
func (b *browser) listen(event any) {
	switch event := event.(type) {
	case *cdplog.EventEntryAdded:
		if event.Entry.Level == cdplog.EntryLevelError {
			b.note(event.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.note(event.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(event.Request.URL)
		if err != nil || u.Scheme != "data" && !net.ParseIP(u.Hostname()).IsLoopback() {
			b.note("requests " + event.Request.URL)
		}
	}
}

func (b *browser) note(problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, problem)
}

// check reports what went wrong in the page.
func (b *browser) check() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.t.Error(problem)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.check()
		b.t.Fatal(err)
	}
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// waitFor waits until an expression is true. Chromedp's own Poll evaluates text in
// the page, which the policy of the page forbids.
func (b *browser) waitFor(what, expression string) {
	b.t.Helper()
	script := "new Promise(done => { const look = () => (" + expression + ") ? done(true) : requestAnimationFrame(look); look() })"
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, awaitPromise)); err != nil {
		b.screenshot()
		b.check()
		b.t.Fatalf("%s: %v", what, err)
	}
}

func awaitPromise(p *runtime.EvaluateParams) {
	yes := true
	p.AwaitPromise = &yes
}

// setEditor writes into one of GraphiQL's editors. They pass it on after a pause.
func (b *browser) setEditor(name, text string) {
	b.t.Helper()
	script := editor(name) + ".setValue(`" + text + "`); new Promise(done => setTimeout(() => done(true), 600))"
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script, awaitPromise)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) screenshot() {
	b.t.Helper()
	file := os.Getenv("FLIGHTDECK_TEST_SCREENSHOT")
	if file == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(file, picture, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}
