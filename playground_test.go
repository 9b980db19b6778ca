package main

import (
	"os"
	"strconv"
	"testing"

	"flightdeck/web/browsertest"
)

// TestReadmeTourInThePlayground runs the README's tour as a person would: pasted
// into the playground, in a browser.
func TestReadmeTourInThePlayground(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := tourBlock.FindAllStringSubmatch(string(text), -1)
	h := start(t)
	b := browsertest.Open(t, h.url+"/")
	b.WaitFor("the editor", `document.querySelector(".graphiql-query-editor .CodeMirror") !== null`)
	run := func(step int, sees string) {
		b.SetEditor("query", blocks[step][1])
		b.Click(".graphiql-execute-button")
		b.WaitFor("step "+strconv.Itoa(step+1), browsertest.Result(sees))
	}
	run(0, `"role": "ADMIN"`)
	token := b.Text(`JSON.parse(document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()).data.registerUser.token`)
	b.SetEditor("header", `{"Authorization": "Bearer `+token+`"}`)
	run(1, `"slug": "hello-log"`)
	id := b.Text(`JSON.parse(document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()).data.createContent.content.id`)
	b.SetEditor("variables", `{"id": "`+id+`"}`)
	run(2, `"status": "PUBLISHED"`)
	run(3, `"then": {`)
	run(4, `"notes": "smile"`)
	run(5, `"position": "7"`)
	h.must(token, `mutation { createContent(input: {title: "Live", content: "x"}) { errors { message } } }`, nil)
	b.WaitFor("the live event", browsertest.Result(`"position": "8"`))
	b.Screenshot()
	b.Check()
}
