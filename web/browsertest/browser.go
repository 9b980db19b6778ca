// Package browsertest drives the playground in a headless Chromium, for tests. Start with Open.
package browsertest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	// browserPatience bounds the life of a browser, which is slow on a busy machine.
	browserPatience = 2 * time.Minute
	// patience bounds one step.
	patience = 30 * time.Second
)

// Editor returns the script for one of GraphiQL's editors: query, variables or header.
func Editor(name string) string {
	return `document.querySelector('.graphiql-` + map[string]string{
		"query": "query-editor", "variables": `editor-tool .graphiql-editor:not(.hidden)`, "header": `editor-tool .graphiql-editor.hidden`,
	}[name] + ` .CodeMirror').CodeMirror`
}

// Result returns a script that is true if the response shows a text.
func Result(text string) string {
	return "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes(`" + text + "`)"
}

// Browser is a page and the problems in it. Its methods end the test if they fail.
type Browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the page lives as long as it

	mu       sync.Mutex // protects problems
	problems []string
}

// Open starts a Chromium that can reach this machine only, and opens a page in it, until the test
// ends. It skips the test if there is no Chromium. FLIGHTDECK_TEST_CHROMIUM names the binary.
func Open(t *testing.T, page string) *Browser {
	t.Helper()
	binary, err := exec.LookPath(cmp.Or(os.Getenv("FLIGHTDECK_TEST_CHROMIUM"), "chromium"))
	if err != nil {
		t.Skipf("no Chromium: install it, or name the binary in FLIGHTDECK_TEST_CHROMIUM (%v)", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), browserPatience)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.ProxyServer("127.0.0.1:9"), // no proxy listens there; Chromium uses none for the loopback interface
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	b := &Browser{t: t}
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.Do(enableEvents, chromedp.Navigate(page))
	return b
}

func enableEvents(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
	_, errNetwork := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
	_, errLog := cdp.Call(ctx, target, cdplog.Enable, cdp.Empty{})
	return chromedp.Void{}, errors.Join(errNetwork, errLog)
}

// listen collects violations of the policy, errors of scripts, and requests to other machines.
func (b *Browser) listen(event any) {
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

// note adds a problem.
func (b *Browser) note(problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, problem)
}

// Check reports all problems in the page as errors of the test.
func (b *Browser) Check() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.t.Error(problem)
	}
}

// Do runs steps.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Check()
		b.t.Fatal(err)
	}
}

// Click clicks the element that a CSS selector finds.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// WaitFor waits until an expression is true. subject names it in the error. Chromedp's own Poll
// evaluates text in the page, which the policy of the page forbids.
func (b *Browser) WaitFor(subject, expression string) {
	b.t.Helper()
	script := "new Promise(done => { const look = () => (" + expression + ") ? done(true) : requestAnimationFrame(look); look() })"
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, awaitPromise)); err != nil {
		b.Screenshot()
		b.Check()
		b.t.Fatalf("%s: %v", subject, err)
	}
}

func awaitPromise(p *runtime.EvaluateParams) {
	yes := true
	p.AwaitPromise = &yes
}

// SetEditor writes into one of GraphiQL's editors and waits until GraphiQL uses the text, which it
// does after a pause.
func (b *Browser) SetEditor(name, text string) {
	b.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		b.t.Fatal(err)
	}
	script := Editor(name) + ".setValue(" + string(quoted) + "); new Promise(done => setTimeout(() => done(true), 600))"
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script, awaitPromise)); err != nil {
		b.t.Fatal(err)
	}
}

// Screenshot writes a picture of the page to the file that FLIGHTDECK_TEST_SCREENSHOT names.
// Without that variable it does nothing.
func (b *Browser) Screenshot() {
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

// Done returns a channel that is closed when the browser has taken too long, or the test has ended.
func (b *Browser) Done() <-chan struct{} { return b.ctx.Done() }

// Text returns the value of an expression that is a text.
func (b *Browser) Text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return text
}
