package documents

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"flightdeck/e2e/harness"
	"flightdeck/web/browsertest"
)

// openPlayground serves a new database with the program as it is shipped, and opens the playground
// in a browser. The harness sends operations to the same server.
func openPlayground(t *testing.T) (*browsertest.Browser, *harness.Harness) {
	t.Helper()
	p := harness.StartProcess(t, filepath.Join(t.TempDir(), "flightdeck.db"))
	t.Cleanup(func() { p.Kill(t) })
	b := browsertest.Open(t, p.URL+"/")
	b.WaitFor("the editor", `document.querySelector(".graphiql-query-editor .CodeMirror") !== null`)
	return b, &harness.Harness{T: t, URL: p.URL}
}

// registered reads the first user's token from the displayed result.
const registered = `JSON.parse(document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()).data.registerUser.token`

// TestPlaygroundTellsItsStory runs the playground's first tabs, one after the other and unchanged.
func TestPlaygroundTellsItsStory(t *testing.T) {
	t.Parallel()
	b, h := openPlayground(t)
	token := ""
	for step, tab := range []struct{ name, sees string }{
		{"Register", `"role": "ADMIN"`},
		{"Create", `"slug": "hello-log"`},
		{"Update", `"version": 2`},
		{"Before", `"content": "# Hello\\n\\nThe first draft."`},
		{"Listen", `"__typename": "CaughtUp"`},
	} {
		b.Click(`.graphiql-tab:nth-child(` + strconv.Itoa(step+1) + `) .graphiql-tab-button`)
		b.WaitFor("the tab "+tab.name, browsertest.Editor("query")+`.operationName === "`+tab.name+`"`)
		b.Click(".graphiql-execute-button")
		b.WaitFor("what "+tab.name+" leads to", browsertest.Result(tab.sees))
		if step == 0 {
			token = b.Text(registered)
		}
	}
	h.Must(token, `mutation { createContent(input: {title: "Live", content: "x"}) { errors { message } } }`, nil)
	b.WaitFor("the live event", browsertest.Result(`"position": "4"`))
	b.Screenshot()
	b.Check()
}

// TestReadmeTourInThePlayground pastes the README's tour into the playground, in a browser.
func TestReadmeTourInThePlayground(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := tourBlock.FindAllStringSubmatch(string(text), -1)
	b, h := openPlayground(t)
	run := func(step int, sees string) {
		b.SetEditor("query", blocks[step][1])
		b.Click(".graphiql-execute-button")
		b.WaitFor("step "+strconv.Itoa(step+1), browsertest.Result(sees))
	}
	run(0, `"role": "ADMIN"`)
	token := b.Text(registered)
	b.SetEditor("header", `{"Authorization": "Bearer `+token+`"}`)
	run(1, `"slug": "hello-log"`)
	id := b.Text(`JSON.parse(document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()).data.createContent.content.id`)
	b.SetEditor("variables", `{"id": "`+id+`"}`)
	run(2, `"status": "PUBLISHED"`)
	run(3, `"then": {`)
	run(4, `"notes": "smile"`)
	run(5, `"position": "7"`)
	h.Must(token, `mutation { createContent(input: {title: "Live", content: "x"}) { errors { message } } }`, nil)
	b.WaitFor("the live event", browsertest.Result(`"position": "8"`))
	b.Screenshot()
	b.Check()
}
