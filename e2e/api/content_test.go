package api

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

func TestEveryContentMutationAppendsItsEvent(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	author, token := h.User(domain.Author)
	created := h.Mutate(token, "createContent", harness.Object{"title": "A title", "description": "Sum", "content": "# Text", "tags": []string{"b", "a"}})
	id := created.Text("done", "content", "id")
	harness.WantList(t, "events", created.Texts("type", "done", "events"), "ContentCreated")
	harness.WantText(t, "author", created.Text("done", "content", "author", "id"), author)
	harness.WantText(t, "status", created.Text("done", "content", "status"), "DRAFT")
	harness.WantText(t, "format", created.Text("done", "content", "format"), "MARKDOWN")
	harness.WantText(t, "tags", fmt.Sprint(created.At("done", "content", "tags")), "[b a]")
	harness.WantNull(t, "publishedAt", created.At("done", "content", "publishedAt"))
	version := 1
	for _, step := range []struct{ mutation, event, status string }{
		{"publishContent", "ContentPublished", "PUBLISHED"},
		{"archiveContent", "ContentArchived", "ARCHIVED"},
		{"publishContent", "ContentPublished", "PUBLISHED"},
		{"unpublishContent", "ContentUnpublished", "DRAFT"},
		{"archiveContent", "ContentArchived", "ARCHIVED"},
	} {
		a := h.Mutate(token, step.mutation, harness.Object{"id": id, "expectedVersion": version})
		version++
		harness.WantList(t, step.mutation, a.Texts("type", "done", "events"), step.event)
		harness.WantList(t, step.mutation, a.Texts("position", "done", "events"), a.Text("done", "position"))
		harness.WantText(t, step.mutation, a.Text("done", "content", "status"), step.status)
		if got := a.Number("done", "content", "version"); got != version {
			t.Errorf("%s led to version %d, want %d", step.mutation, got, version)
		}
		again := h.Mutate(token, step.mutation, harness.Object{"id": id})
		harness.WantList(t, step.mutation+" again", again.Texts("type", "done", "events"))
		harness.WantText(t, step.mutation+" again", again.Text("done", "position"), h.Head().String())
	}
	updated := h.Mutate(token, "updateContent", harness.Object{"id": id, "title": "Other"})
	harness.WantList(t, "updateContent", updated.Texts("type", "done", "events"), "ContentUpdated")
	deleted := h.Mutate(token, "deleteContent", harness.Object{"id": id})
	harness.WantList(t, "deleteContent", deleted.Texts("type", "done", "events"), "ContentDeleted")
	harness.WantText(t, "deletedId", deleted.Text("done", "deletedId"), id)
	harness.WantList(t, "deleteContent again", h.Mutate(token, "deleteContent", harness.Object{"id": id}).Texts("type", "done", "events"))
	restored := h.Mutate(token, "restoreContent", harness.Object{"id": id, "toVersion": 1})
	harness.WantList(t, "restoreContent", restored.Texts("type", "done", "events"), "ContentRestored")
}

func TestSlugIsMadeFromTheTitleAndMadeUnique(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, c := range []struct{ title, slug string }{
		{"Hello, World!", "hello-world"},
		{"Hello  world?", "hello-world-2"},
		{"hello world", "hello-world-3"},
		{"Über Größe", "uber-grosse"},
		{"日本語", "ri-ben-yu"},
		{"!!!", "untitled"},
		{"???", "untitled-2"},
		{"foo__bar", "foo-bar"},
		{"a _ b", "a-b"},
		{"__init__", "init"},
		{"-_-", "untitled-3"},
		{"Hello world 2", "hello-world-2-2"},
		{strings.Repeat("word ", 50), strings.TrimSuffix(strings.Repeat("word-", 16), "-")},
		{strings.Repeat("x", 300), strings.Repeat("x", 80)},
	} {
		got := h.Mutate(token, "createContent", harness.Object{"title": c.title, "content": ""}).Text("done", "content", "slug")
		harness.WantText(t, c.title, got, c.slug)
	}
}

func TestFiftyConcurrentNamesakesGetFiftySlugs(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	slugs := make([]string, 50)
	var all sync.WaitGroup
	for i := range slugs {
		all.Go(func() {
			slugs[i] = h.Mutate(token, "createContent", harness.Object{"title": "Same title", "content": "x"}).Text("done", "content", "slug")
		})
	}
	all.Wait()
	slices.Sort(slugs)
	if n := len(slices.Compact(slugs)); n != 50 || slugs[0] == "" {
		t.Errorf("got %d different slugs: %q", n, slugs)
	}
}

func TestTakenSlugIsAnErrorThatShowsOnlyWhatTheAskerMaySee(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, owner := h.User(domain.Author)
	_, other := h.User(domain.Author)
	public := h.CreateContent(owner, harness.Object{"slug": "public", "status": "PUBLISHED"})
	h.CreateContent(owner, harness.Object{"slug": "draft"})
	e := h.Refused("AlreadyTakenError", other, "createContent", harness.Object{"title": "x", "content": "", "slug": "public"})
	harness.WantText(t, "path", e.Path, "input slug")
	harness.WantText(t, "existing", fmt.Sprint(e.At("existing", "id")), public)
	e = h.Refused("AlreadyTakenError", other, "createContent", harness.Object{"title": "x", "content": "", "slug": "draft"})
	harness.WantNull(t, "existing", e.At("existing"))
	e = h.Refused("AlreadyTakenError", owner, "updateContent", harness.Object{"id": public, "slug": "draft"})
	if e.At("existing") == nil {
		t.Error("the owner of both is not shown which content has the slug")
	}
}

func TestSlugIsFreeAgainWhenItsContentIsDeletedOrRenamed(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	first := h.CreateContent(token, harness.Object{"slug": "page"})
	h.Mutate(token, "deleteContent", harness.Object{"id": first})
	second := h.CreateContent(token, harness.Object{"slug": "page"})
	e := h.Refused("AlreadyTakenError", token, "restoreContent", harness.Object{"id": first, "toVersion": 1})
	harness.WantText(t, "existing", fmt.Sprint(e.At("existing", "id")), second)
	harness.WantText(t, "path", e.Path, "input slug")
	h.Mutate(token, "updateContent", harness.Object{"id": second, "slug": "moved/page-2"})
	h.Mutate(token, "restoreContent", harness.Object{"id": first, "toVersion": 1})
	a := h.Must(token, `{ a: contentBySlug(slug: "page") { id } b: contentBySlug(slug: "moved/page-2") { id } c: contentBySlug(slug: "none") { id } }`, nil)
	harness.WantText(t, "page", a.Text("a", "id"), first)
	harness.WantText(t, "moved/page-2", a.Text("b", "id"), second)
	harness.WantNull(t, "none", a.At("c"))
}

func TestUpdateKeepsOmittedFieldsAndClearsNulls(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, harness.Object{"description": "Sum", "tags": []string{"a"}})
	a := h.Mutate(token, "updateContent", harness.Object{"id": id, "title": "New"})
	harness.WantText(t, "data", fmt.Sprint(a.At("done", "events", 0, "data")), fmt.Sprintf("map[contentId:%s title:New]", id))
	harness.WantText(t, "description", a.Text("done", "content", "description"), "Sum")
	a = h.Mutate(token, "updateContent", harness.Object{"id": id, "description": nil})
	harness.WantText(t, "data", fmt.Sprint(a.At("done", "events", 0, "data")), fmt.Sprintf("map[contentId:%s description:<nil>]", id))
	harness.WantNull(t, "description", a.At("done", "content", "description"))
	a = h.Mutate(token, "updateContent", harness.Object{"id": id, "tags": nil})
	harness.WantText(t, "tags", fmt.Sprint(a.At("done", "content", "tags")), "[]")
	a = h.Mutate(token, "updateContent", harness.Object{"id": id, "tags": []string{" b ", "c", "b"}, "format": "HTML", "slug": "s", "content": "<p>", "description": ""})
	harness.WantText(t, "tags", fmt.Sprint(a.At("done", "content", "tags")), "[b c]")
	harness.WantList(t, "events", a.Texts("type", "done", "events"), "ContentUpdated")
	for _, same := range []harness.Object{
		{},
		{"title": "New"},
		{"description": ""},
		{"tags": []string{"b", "c"}},
		{"format": "HTML", "content": "<p>", "slug": "s"},
	} {
		same["id"] = id
		before := h.Head().String()
		again := h.Mutate(token, "updateContent", same)
		harness.WantList(t, "no-op update", again.Texts("type", "done", "events"))
		harness.WantText(t, "no-op position", again.Text("done", "position"), before)
	}
	for _, field := range []string{"title", "slug", "content", "format"} {
		e := h.Refused("ValidationError", token, "updateContent", harness.Object{"id": id, field: nil})
		harness.WantText(t, "path", e.Path, "input "+field)
	}
}

func TestRestoreNeitherPublishesNorDestroys(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, harness.Object{"title": "One", "content": "first", "status": "PUBLISHED", "tags": []string{"a"}})
	h.Mutate(token, "unpublishContent", harness.Object{"id": id})
	h.Mutate(token, "updateContent", harness.Object{"id": id, "title": "Two", "content": "second", "tags": []string{}, "description": "d"})
	a := h.Mutate(token, "restoreContent", harness.Object{"id": id, "toVersion": 1})
	harness.WantText(t, "status of a content that was published then", a.Text("done", "content", "status"), "DRAFT")
	harness.WantText(t, "content", a.Text("done", "content", "content"), "first")
	harness.WantText(t, "tags", fmt.Sprint(a.At("done", "content", "tags")), "[a]")
	harness.WantNull(t, "description", a.At("done", "content", "description"))
	h.Mutate(token, "publishContent", harness.Object{"id": id})
	a = h.Mutate(token, "restoreContent", harness.Object{"id": id, "toVersion": 3})
	harness.WantText(t, "status of a content that was a draft then", a.Text("done", "content", "status"), "PUBLISHED")
	harness.WantText(t, "content", a.Text("done", "content", "content"), "second")
	again := h.Mutate(token, "restoreContent", harness.Object{"id": id, "toVersion": 3})
	harness.WantList(t, "the same once more", again.Texts("type", "done", "events"))
	old := h.Must(token, `query($id: ID!) { content(id: $id) { revision(version: 4) { content status } history { nodes { type } } } }`, harness.Object{"id": id})
	harness.WantText(t, "the version before stays", old.Text("content", "revision", "content"), "first")
	harness.WantList(t, "history", old.Texts("type", "content", "history", "nodes"),
		"ContentCreated", "ContentUnpublished", "ContentUpdated", "ContentRestored", "ContentPublished", "ContentRestored")
}

func TestDeletedContentComesBackAsADraft(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	id := h.CreateContent(token, harness.Object{"status": "PUBLISHED", "tags": []string{"tag"}})
	h.Mutate(token, "deleteContent", harness.Object{"id": id})
	const look = `query($id: ID!) { content(id: $id) { status } tags { nodes { name } } contents { totalCount } }`
	gone := h.Must(token, look, harness.Object{"id": id})
	harness.WantNull(t, "deleted content", gone.At("content"))
	harness.WantList(t, "tags", gone.Texts("name", "tags", "nodes"))
	e := h.Refused("ValidationError", token, "restoreContent", harness.Object{"id": id, "toVersion": 2})
	harness.WantText(t, "path", e.Path, "input toVersion")
	h.Refused("NotFoundError", token, "restoreContent", harness.Object{"id": id, "toVersion": 3})
	for _, mutation := range []string{"publishContent", "archiveContent", "unpublishContent", "updateContent"} {
		h.Refused("NotFoundError", token, mutation, harness.Object{"id": id})
	}
	h.Mutate(token, "restoreContent", harness.Object{"id": id, "toVersion": 1})
	back := h.Must(token, look, harness.Object{"id": id})
	harness.WantText(t, "status", back.Text("content", "status"), "DRAFT")
	harness.WantList(t, "tags", back.Texts("name", "tags", "nodes"), "tag")
	harness.WantNull(t, "a visitor sees", h.Must("", look, harness.Object{"id": id}).At("content"))
}

func TestHTMLIsSanitised(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	const evil = "<script>alert(1)</script><a href=javascript:alert(1) onclick=x()>a</a> <img src=x onerror=alert(1)><iframe src=//x></iframe>\n\n**b**"
	for _, format := range []string{"MARKDOWN", "HTML", "PLAINTEXT", "JSON"} {
		text := evil
		if format == "JSON" {
			text = `"` + strings.ReplaceAll(evil, "\n", `\n`) + `"`
		}
		html := h.Mutate(token, "createContent", harness.Object{"title": format, "content": text, "format": format}).Text("done", "content", "html")
		for _, tag := range []string{"<script", "<iframe", `href="javascript:`} {
			if strings.Contains(strings.ToLower(html), tag) {
				t.Errorf("%s is rendered with %s: %s", format, tag, html)
			}
		}
		if escaped := strings.Contains(html, "&lt;"); !escaped && (strings.Contains(html, "onclick") || strings.Contains(html, "onerror")) {
			t.Errorf("%s is rendered with a handler: %s", format, html)
		}
		if strings.Contains(html, "<strong>b</strong>") != (format == "MARKDOWN") {
			t.Errorf("%s is rendered as %s", format, html)
		}
	}
}

func TestVersionConflictTellsTheEventsSince(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, owner := h.User(domain.Author)
	_, editor := h.User(domain.Editor)
	id := h.CreateContent(owner, nil)
	h.Mutate(editor, "updateContent", harness.Object{"id": id, "title": "Theirs", "expectedVersion": 1})
	h.Mutate(editor, "publishContent", harness.Object{"id": id})
	for _, mutation := range []string{"updateContent", "publishContent", "unpublishContent", "archiveContent", "deleteContent", "restoreContent"} {
		input := harness.Object{"id": id, "expectedVersion": 1}
		if mutation == "restoreContent" {
			input["toVersion"] = 1
		}
		e := h.Refused("VersionConflictError", owner, mutation, input)
		harness.WantText(t, mutation, fmt.Sprintln(e.At("expected"), e.At("actual"), e.At("current", "id")), fmt.Sprintln(1, 3, id))
		harness.WantText(t, mutation, e.Path, "input expectedVersion")
		harness.WantList(t, mutation, e.Answer.Texts("type", "done", "errors", 0, "eventsSince"), "ContentUpdated", "ContentPublished")
	}
	e := h.Refused("VersionConflictError", owner, "updateContent", harness.Object{"id": id, "expectedVersion": 9})
	harness.WantList(t, "events since the future", e.Answer.Texts("type", "done", "errors", 0, "eventsSince"))
}

func TestContentCanBeginInEveryStatusAndFormat(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, status := range []string{"DRAFT", "PUBLISHED", "ARCHIVED"} {
		for _, format := range []string{"MARKDOWN", "HTML", "PLAINTEXT", "JSON"} {
			a := h.Mutate(token, "createContent", harness.Object{"title": "t", "content": "{}", "status": status, "format": format})
			harness.WantText(t, "made", a.Text("done", "content", "status")+a.Text("done", "content", "format"), status+format)
			if published := a.At("done", "content", "publishedAt") != nil; published != (status == "PUBLISHED") {
				t.Errorf("publishedAt of a new %s content: %v", status, a.At("done", "content", "publishedAt"))
			}
		}
	}
}

func TestContentKeepsEveryByteOfItsText(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, text := range []string{
		"", "\r\n\ttrailing  \n\n", "'; DROP TABLE events; --", `?0 ?TableAlias \u0041 \\ "q" 'q' %s`, "\u2028\ufeff\u0001\u007f",
		"e\u0301 😀 \U0010ffff", "<b>&amp;</b>", strings.Repeat("long ", 20_000),
	} {
		id := h.CreateContent(token, harness.Object{"content": text, "description": text[:min(len(text), 200)]})
		a := h.Must(token, `query($id: ID!) { content(id: $id) { content description history { nodes { ... on ContentCreated { content data } } } } }`, harness.Object{"id": id})
		for _, got := range []string{
			a.Text("content", "content"), a.Text("content", "history", "nodes", 0, "content"),
			a.Text("content", "history", "nodes", 0, "data", "content"),
		} {
			if got != text {
				t.Errorf("%.40q came back as %.40q", text, got)
			}
		}
		harness.WantText(t, "description", a.Text("content", "description"), text[:min(len(text), 200)])
	}
}
