package siteimport

import (
	"fmt"
	"testing"
	"time"
)

// now is the time of the import in these tests.
var now = time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC)

func TestPagesThatAGeneratorLeavesOutAreDrafts(t *testing.T) {
	t.Parallel()
	for front, want := range map[string]bool{
		"draft: true": true, "draft: 'true'": true, "draft: yes": true, "draft: false": false, "draft:": false, "published: false": true, "published: no": true,
		"published: true": false, "published: 2030-01-01": false, "publish: false": true, "status: draft": true, "status: done": false, "title: draft": false,
		"date: 2030-01-01": true, "date: 2020-01-01": false, "date: 2026-06-15T14:30:00+02:00": true, "date: 2026-06-15T13:30:00+02:00": false,
		"date: 2026-06-15 14:30:00 +0200": true, "date: 2026-06-15 11:30:00": false, "date: 2026/6/16": true, "date: Jul 08 2030": true, "date: soon": false,
		"pubDate: 'Jul 08 2030'": true, "date: 2020-01-01\npublishDate: 2030-01-01": true, "date: 2030-01-01\npublishDate: 2020-01-01": false, "x: y": false,
	} {
		if got := describe("a.md", "---\n"+front+"\n---\n# A\n", now).draft; got != want {
			t.Errorf("%q: draft is %v, want %v", front, got, want)
		}
	}
	for text, want := range map[string]bool{
		"+++\ndraft = true\n+++\n": true, "+++\ndate = 2030-01-01T00:00:00Z\n+++\n": true, "+++\ndate = 2030-01-01\n+++\n": true, "+++\ndate = 2020-01-01\n+++\n": false,
		"{\n\"draft\": true\n}\n": true, "---\ntitle: a: b\ndraft: true\n---\n": true, "text\n---\ndraft: true\n---\n": false,
	} {
		if got := describe("a.md", text, now).draft; got != want {
			t.Errorf("%q: draft is %v, want %v", text, got, want)
		}
	}
	for file, want := range map[string]bool{
		"_drafts/a.md": true, "blog/_drafts/deep/a.md": true, "drafts/a.md": false, "_drafts.md": false,
		"_posts/2030-01-01-a.md": true, "blog/_posts/x/2030-1-1-a.md": true, "_posts/2020-01-01-a.md": false, "posts/2030-01-01-a.md": false, "_posts/2030-99-99-a.md": false,
	} {
		if got := describe(file, "# A", now).draft; got != want {
			t.Errorf("%s: draft is %v, want %v", file, got, want)
		}
	}
}

func TestFrontMatterDescribesThePage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ file, front, want string }{
		{"docs/a.md", "title: T", "T docs/a [] <nil>"},
		{"docs/a.md", "slug: other page", "A docs/other-page [] <nil>"},
		{"docs/a.md", "slug: /top/b.c", "A top/b-c [] <nil>"},
		{"docs/a.md", "slug: ../up", "A up [] <nil>"},
		{"docs/a.md", "slug: ../../../up", "A up [] <nil>"},
		{"docs/a.md", "slug: /", "A docs/a [] <nil>"},
		{"docs/a.md", "slug: []", "A docs/a [] <nil>"},
		{"a.md", "slug: .", "A untitled [] <nil>"},
		{"a.md", "slug: 日本", "A ri-ben [] <nil>"},
		{"a.md", "tags: [go, ' go ', '', 1, {label: x}]", "A a [go 1] <nil>"},
		{"a.md", "tags: go, sql", "A a [go sql] <nil>"},
		{"a.md", "tags: one tag", "A a [one tag] <nil>"},
		{"a.md", "tags: ['a, b']", "A a [a, b] <nil>"},
		{"a.md", "description: D\nsummary: S", "A a [] D"},
		{"a.md", "summary: S", "A a [] S"},
		{"a.md", "title: \"\\u200b\"", "a.md a [] <nil>"},
	} {
		p := describe(test.file, "---\n"+test.front+"\n---\n# A\n", now)
		description := "<nil>"
		if p.description != nil {
			description = *p.description
		}
		if got := fmt.Sprint(p.title, " ", p.base, " ", p.tags, " ", description); got != test.want {
			t.Errorf("%s with %q: got %s, want %s", test.file, test.front, got, test.want)
		}
	}
}
