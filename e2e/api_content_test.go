package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
)

func TestEveryContentMutationAppendsItsEvent(t *testing.T) {
	t.Parallel()
	h := start(t)
	author, token := h.user(domain.Author)
	created := h.do(token, "createContent", object{"title": "A title", "description": "Sum", "content": "# Text", "tags": []string{"b", "a"}})
	id := created.text("done", "content", "id")
	wantList(t, "events", created.texts("type", "done", "events"), "ContentCreated")
	wantText(t, "author", created.text("done", "content", "author", "id"), author)
	wantText(t, "status", created.text("done", "content", "status"), "DRAFT")
	wantText(t, "format", created.text("done", "content", "format"), "MARKDOWN")
	wantText(t, "tags", fmt.Sprint(created.at("done", "content", "tags")), "[b a]")
	wantNull(t, "publishedAt", created.at("done", "content", "publishedAt"))
	version := 1
	for _, step := range []struct{ mutation, event, status string }{
		{"publishContent", "ContentPublished", "PUBLISHED"},
		{"archiveContent", "ContentArchived", "ARCHIVED"},
		{"publishContent", "ContentPublished", "PUBLISHED"},
		{"unpublishContent", "ContentUnpublished", "DRAFT"},
		{"archiveContent", "ContentArchived", "ARCHIVED"},
	} {
		a := h.do(token, step.mutation, object{"id": id, "expectedVersion": version})
		version++
		wantList(t, step.mutation, a.texts("type", "done", "events"), step.event)
		wantList(t, step.mutation, a.texts("position", "done", "events"), a.text("done", "position"))
		wantText(t, step.mutation, a.text("done", "content", "status"), step.status)
		if got := a.number("done", "content", "version"); got != version {
			t.Errorf("%s led to version %d, want %d", step.mutation, got, version)
		}
		again := h.do(token, step.mutation, object{"id": id})
		wantList(t, step.mutation+" again", again.texts("type", "done", "events"))
		wantText(t, step.mutation+" again", again.text("done", "position"), h.head())
	}
	updated := h.do(token, "updateContent", object{"id": id, "title": "Other"})
	wantList(t, "updateContent", updated.texts("type", "done", "events"), "ContentUpdated")
	deleted := h.do(token, "deleteContent", object{"id": id})
	wantList(t, "deleteContent", deleted.texts("type", "done", "events"), "ContentDeleted")
	wantText(t, "deletedId", deleted.text("done", "deletedId"), id)
	wantList(t, "deleteContent again", h.do(token, "deleteContent", object{"id": id}).texts("type", "done", "events"))
	restored := h.do(token, "restoreContent", object{"id": id, "toVersion": 1})
	wantList(t, "restoreContent", restored.texts("type", "done", "events"), "ContentRestored")
}

func TestSlugIsMadeFromTheTitleAndMadeUnique(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
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
		got := h.do(token, "createContent", object{"title": c.title, "content": ""}).text("done", "content", "slug")
		wantText(t, c.title, got, c.slug)
	}
}

func TestFiftyConcurrentNamesakesGetFiftySlugs(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	slugs := make([]string, 50)
	var all sync.WaitGroup
	for i := range slugs {
		all.Go(func() {
			slugs[i] = h.do(token, "createContent", object{"title": "Same title", "content": "x"}).text("done", "content", "slug")
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
	h := start(t)
	_, owner := h.user(domain.Author)
	_, other := h.user(domain.Author)
	public := h.content(owner, object{"slug": "public", "status": "PUBLISHED"})
	h.content(owner, object{"slug": "draft"})
	e := h.refused("AlreadyTakenError", other, "createContent", object{"title": "x", "content": "", "slug": "public"})
	wantText(t, "path", e.Path, "input slug")
	wantText(t, "existing", fmt.Sprint(e.at("existing", "id")), public)
	e = h.refused("AlreadyTakenError", other, "createContent", object{"title": "x", "content": "", "slug": "draft"})
	wantNull(t, "existing", e.at("existing"))
	e = h.refused("AlreadyTakenError", owner, "updateContent", object{"id": public, "slug": "draft"})
	if e.at("existing") == nil {
		t.Error("the owner of both is not shown which content has the slug")
	}
}

func TestSlugIsFreeAgainWhenItsContentIsDeletedOrRenamed(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	first := h.content(token, object{"slug": "page"})
	h.do(token, "deleteContent", object{"id": first})
	second := h.content(token, object{"slug": "page"})
	e := h.refused("AlreadyTakenError", token, "restoreContent", object{"id": first, "toVersion": 1})
	wantText(t, "existing", fmt.Sprint(e.at("existing", "id")), second)
	wantText(t, "path", e.Path, "input toVersion")
	h.do(token, "updateContent", object{"id": second, "slug": "moved/page-2"})
	h.do(token, "restoreContent", object{"id": first, "toVersion": 1})
	a := h.must(token, `{ a: contentBySlug(slug: "page") { id } b: contentBySlug(slug: "moved/page-2") { id } c: contentBySlug(slug: "none") { id } }`, nil)
	wantText(t, "page", a.text("a", "id"), first)
	wantText(t, "moved/page-2", a.text("b", "id"), second)
	wantNull(t, "none", a.at("c"))
}

func TestUpdateKeepsWhatIsOmittedAndClearsWhatIsNull(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	id := h.content(token, object{"description": "Sum", "tags": []string{"a"}})
	a := h.do(token, "updateContent", object{"id": id, "title": "New"})
	wantText(t, "data", fmt.Sprint(a.at("done", "events", 0, "data")), fmt.Sprintf("map[contentId:%s title:New]", id))
	wantText(t, "description", a.text("done", "content", "description"), "Sum")
	a = h.do(token, "updateContent", object{"id": id, "description": nil})
	wantText(t, "data", fmt.Sprint(a.at("done", "events", 0, "data")), fmt.Sprintf("map[contentId:%s description:<nil>]", id))
	wantNull(t, "description", a.at("done", "content", "description"))
	a = h.do(token, "updateContent", object{"id": id, "tags": nil})
	wantText(t, "tags", fmt.Sprint(a.at("done", "content", "tags")), "[]")
	a = h.do(token, "updateContent", object{"id": id, "tags": []string{" b ", "c", "b"}, "format": "HTML", "slug": "s", "content": "<p>", "description": ""})
	wantText(t, "tags", fmt.Sprint(a.at("done", "content", "tags")), "[b c]")
	wantList(t, "events", a.texts("type", "done", "events"), "ContentUpdated")
	for _, same := range []object{
		{},
		{"title": "New"},
		{"description": ""},
		{"tags": []string{"b", "c"}},
		{"format": "HTML", "content": "<p>", "slug": "s"},
	} {
		same["id"] = id
		before := h.head()
		again := h.do(token, "updateContent", same)
		wantList(t, "no-op update", again.texts("type", "done", "events"))
		wantText(t, "no-op position", again.text("done", "position"), before)
	}
	for _, field := range []string{"title", "slug", "content", "format"} {
		e := h.refused("ValidationError", token, "updateContent", object{"id": id, field: nil})
		wantText(t, "path", e.Path, "input "+field)
	}
}

func TestRestoreNeitherPublishesNorDestroys(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	id := h.content(token, object{"title": "One", "content": "first", "status": "PUBLISHED", "tags": []string{"a"}})
	h.do(token, "unpublishContent", object{"id": id})
	h.do(token, "updateContent", object{"id": id, "title": "Two", "content": "second", "tags": []string{}, "description": "d"})
	a := h.do(token, "restoreContent", object{"id": id, "toVersion": 1})
	wantText(t, "status of what was published then", a.text("done", "content", "status"), "DRAFT")
	wantText(t, "content", a.text("done", "content", "content"), "first")
	wantText(t, "tags", fmt.Sprint(a.at("done", "content", "tags")), "[a]")
	wantNull(t, "description", a.at("done", "content", "description"))
	h.do(token, "publishContent", object{"id": id})
	a = h.do(token, "restoreContent", object{"id": id, "toVersion": 3})
	wantText(t, "status of what was a draft then", a.text("done", "content", "status"), "PUBLISHED")
	wantText(t, "content", a.text("done", "content", "content"), "second")
	again := h.do(token, "restoreContent", object{"id": id, "toVersion": 3})
	wantList(t, "the same once more", again.texts("type", "done", "events"))
	old := h.must(token, `query($id: ID!) { content(id: $id) { revision(version: 4) { content status } history { nodes { type } } } }`, object{"id": id})
	wantText(t, "the version before stays", old.text("content", "revision", "content"), "first")
	wantList(t, "history", old.texts("type", "content", "history", "nodes"),
		"ContentCreated", "ContentUnpublished", "ContentUpdated", "ContentRestored", "ContentPublished", "ContentRestored")
}

func TestDeletedContentComesBackAsADraft(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	id := h.content(token, object{"status": "PUBLISHED", "tags": []string{"tag"}})
	h.do(token, "deleteContent", object{"id": id})
	const look = `query($id: ID!) { content(id: $id) { status } tags { nodes { name } } contents { totalCount } }`
	gone := h.must(token, look, object{"id": id})
	wantNull(t, "deleted content", gone.at("content"))
	wantList(t, "tags", gone.texts("name", "tags", "nodes"))
	e := h.refused("ValidationError", token, "restoreContent", object{"id": id, "toVersion": 2})
	wantText(t, "path", e.Path, "input toVersion")
	h.refused("NotFoundError", token, "restoreContent", object{"id": id, "toVersion": 3})
	for _, mutation := range []string{"publishContent", "archiveContent", "unpublishContent", "updateContent"} {
		h.refused("NotFoundError", token, mutation, object{"id": id})
	}
	h.do(token, "restoreContent", object{"id": id, "toVersion": 1})
	back := h.must(token, look, object{"id": id})
	wantText(t, "status", back.text("content", "status"), "DRAFT")
	wantList(t, "tags", back.texts("name", "tags", "nodes"), "tag")
	wantNull(t, "a visitor sees", h.must("", look, object{"id": id}).at("content"))
}

func TestHTMLIsSanitised(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	const evil = "<script>alert(1)</script><a href=javascript:alert(1) onclick=x()>a</a> <img src=x onerror=alert(1)><iframe src=//x></iframe>\n\n**b**"
	for _, format := range []string{"MARKDOWN", "HTML", "PLAINTEXT", "JSON"} {
		text := evil
		if format == "JSON" {
			text = `"` + strings.ReplaceAll(evil, "\n", `\n`) + `"`
		}
		html := h.do(token, "createContent", object{"title": format, "content": text, "format": format}).text("done", "content", "html")
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

func TestVersionConflictSaysWhatHappenedSince(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, owner := h.user(domain.Author)
	_, editor := h.user(domain.Editor)
	id := h.content(owner, nil)
	h.do(editor, "updateContent", object{"id": id, "title": "Theirs", "expectedVersion": 1})
	h.do(editor, "publishContent", object{"id": id})
	for _, mutation := range []string{"updateContent", "publishContent", "unpublishContent", "archiveContent", "deleteContent", "restoreContent"} {
		input := object{"id": id, "expectedVersion": 1}
		if mutation == "restoreContent" {
			input["toVersion"] = 1
		}
		e := h.refused("VersionConflictError", owner, mutation, input)
		wantText(t, mutation, fmt.Sprintln(e.at("expected"), e.at("actual"), e.at("current", "id")), fmt.Sprintln(1, 3, id))
		wantText(t, mutation, e.Path, "input expectedVersion")
		wantList(t, mutation, e.raw.texts("type", "done", "errors", 0, "eventsSince"), "ContentUpdated", "ContentPublished")
	}
	e := h.refused("VersionConflictError", owner, "updateContent", object{"id": id, "expectedVersion": 9})
	wantList(t, "events since the future", e.raw.texts("type", "done", "errors", 0, "eventsSince"))
}

func TestContentCanBeginInEveryStatusAndFormat(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	for _, status := range []string{"DRAFT", "PUBLISHED", "ARCHIVED"} {
		for _, format := range []string{"MARKDOWN", "HTML", "PLAINTEXT", "JSON"} {
			a := h.do(token, "createContent", object{"title": "t", "content": "{}", "status": status, "format": format})
			wantText(t, "made", a.text("done", "content", "status")+a.text("done", "content", "format"), status+format)
			if published := a.at("done", "content", "publishedAt") != nil; published != (status == "PUBLISHED") {
				t.Errorf("publishedAt of a new %s content: %v", status, a.at("done", "content", "publishedAt"))
			}
		}
	}
}

func TestContentKeepsEveryByteOfItsText(t *testing.T) {
	t.Parallel()
	h := start(t)
	_, token := h.user(domain.Author)
	for _, text := range []string{
		"", "\r\n\ttrailing  \n\n", "'; DROP TABLE events; --", `?0 ?TableAlias \u0041 \\ "q" 'q' %s`, "\u2028\ufeff\u0001\u007f",
		"e\u0301 😀 \U0010ffff", "<b>&amp;</b>", strings.Repeat("long ", 20_000),
	} {
		id := h.content(token, object{"content": text, "description": text[:min(len(text), 200)]})
		a := h.must(token, `query($id: ID!) { content(id: $id) { content description history { nodes { ... on ContentCreated { content data } } } } }`, object{"id": id})
		for _, got := range []string{
			a.text("content", "content"), a.text("content", "history", "nodes", 0, "content"),
			a.text("content", "history", "nodes", 0, "data", "content"),
		} {
			if got != text {
				t.Errorf("%.40q came back as %.40q", text, got)
			}
		}
		wantText(t, "description", a.text("content", "description"), text[:min(len(text), 200)])
	}
}
