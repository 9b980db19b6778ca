package domain_test

import (
	"fmt"
	"testing"

	"flightdeck/domain"
)

// draft is the first event of most contents here.
var draft = domain.ContentCreated{
	ContentID: contentID, Title: "Title", Slug: "title", Description: new("About it"), Content: "Text",
	Format: domain.Markdown, AuthorID: authorID, Tags: []string{"a", "b"}, Status: domain.Draft,
}

// creating is a draft with something else.
func creating(change func(*domain.ContentCreated)) func(domain.Content) ([]domain.Event, error) {
	return func(domain.Content) ([]domain.Event, error) { return domain.CreateContent(created(change)) }
}

func created(change func(*domain.ContentCreated)) domain.ContentCreated {
	e := draft
	change(&e)
	return e
}

func TestCreateContent(t *testing.T) {
	t.Parallel()
	same := func(name string, change func(*domain.ContentCreated)) scenario[domain.Content] {
		return scenario[domain.Content]{name: name, when: creating(change), then: then{created(change)}}
	}
	play(t, []scenario[domain.Content]{
		same("with all fields", func(*domain.ContentCreated) {}),
		same("with the least", func(e *domain.ContentCreated) {
			e.Description, e.Tags, e.AuthorID, e.Content = nil, nil, "", ""
		}),
		same("published at once", func(e *domain.ContentCreated) { e.Status = domain.Published }),
		same("archived at once", func(e *domain.ContentCreated) { e.Status = domain.Archived }),
		same("with an empty description", func(e *domain.ContentCreated) { e.Description = new("") }),
		same("with everything as long as may be", func(e *domain.ContentCreated) {
			e.Title, e.Slug, e.Description = times(domain.MaxTitle, "ü"), times(domain.MaxSlug, "s"), new(times(domain.MaxDescription, "☃"))
			e.Content, e.Tags = times(domain.MaxContentBytes, "x"), manyTags(domain.MaxTags)
			e.Tags[0] = times(domain.MaxTag, "ü")
		}),
		{
			name: "with tags that are not normal",
			when: creating(func(e *domain.ContentCreated) { e.Tags = []string{" b ", "a", "b", "A", "a\t"} }),
			then: then{created(func(e *domain.ContentCreated) { e.Tags = []string{"b", "a", "A"} })},
		},
	})
	for _, format := range []domain.ContentFormat{domain.Markdown, domain.HTML, domain.Plaintext, domain.JSON} {
		if _, err := domain.CreateContent(created(func(e *domain.ContentCreated) { e.Format, e.Content = format, "{}" })); err != nil {
			t.Errorf("format %s: %v", format, err)
		}
	}
}

func TestCreateContentNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	refused := func(name string, faults []fault, change func(*domain.ContentCreated)) scenario[domain.Content] {
		return scenario[domain.Content]{name: name, when: creating(change), faults: faults}
	}
	play(t, []scenario[domain.Content]{
		refused("an empty title", invalid("title"), func(e *domain.ContentCreated) { e.Title = "" }),
		refused("a blank title", invalid("title"), func(e *domain.ContentCreated) { e.Title = " \t\n\u00a0" }),
		refused("a long title", invalid("title"), func(e *domain.ContentCreated) { e.Title = times(domain.MaxTitle+1, "ü") }),
		refused("a title with NUL", invalid("title"), func(e *domain.ContentCreated) { e.Title = "a\x00b" }),
		refused("a title in Latin-1", invalid("title"), func(e *domain.ContentCreated) { e.Title = "\xfcber" }),
		refused("a long description", invalid("description"), func(e *domain.ContentCreated) { e.Description = new(times(domain.MaxDescription+1, "x")) }),
		refused("a description with NUL", invalid("description"), func(e *domain.ContentCreated) { e.Description = new("\x00") }),
		refused("a long text", invalid("content"), func(e *domain.ContentCreated) { e.Content = times(domain.MaxContentBytes+1, "x") }),
		refused("a text in Latin-1", invalid("content"), func(e *domain.ContentCreated) { e.Content = "\xe9" }),
		refused("a text with NUL", invalid("content"), func(e *domain.ContentCreated) { e.Content = "x\x00" }),
		refused("many tags", invalid("tags"), func(e *domain.ContentCreated) { e.Tags = manyTags(domain.MaxTags + 1) }),
		refused("an empty tag", invalid("tags"), func(e *domain.ContentCreated) { e.Tags = []string{"a", " "} }),
		refused("a long tag", invalid("tags"), func(e *domain.ContentCreated) { e.Tags = []string{times(domain.MaxTag+1, "x")} }),
		refused("a tag with NUL", invalid("tags"), func(e *domain.ContentCreated) { e.Tags = []string{"a\x00"} }),
		refused("no format", invalid("format"), func(e *domain.ContentCreated) { e.Format = "" }),
		refused("an unknown format", invalid("format"), func(e *domain.ContentCreated) { e.Format = "markdown" }),
		refused("no status", invalid("status"), func(e *domain.ContentCreated) { e.Status = "" }),
		refused("an unknown status", invalid("status"), func(e *domain.ContentCreated) { e.Status = "DELETED" }),
		refused("everything at once", invalid("title", "slug", "description", "content", "tags", "format", "status"), func(e *domain.ContentCreated) {
			*e = domain.ContentCreated{Slug: "/", Description: new("\x00"), Content: "\x00", Tags: []string{""}}
		}),
	})
}

func TestSlugsAreUsableInAnAddress(t *testing.T) {
	t.Parallel()
	for _, slug := range []string{"a", "7", "my-first-page", "a_b.c-d", "docs/deep/page", "2026/03/29", "v1.2.3"} {
		if _, err := domain.CreateContent(created(func(e *domain.ContentCreated) { e.Slug = slug })); err != nil {
			t.Errorf("%q: %v", slug, err)
		}
	}
	for _, slug := range []string{
		"", " ", "A", "ü", "a b", "-a", "a-", "a--b", "a.", ".", "..", "../a", "/a", "a/", "a//b", "a/.", "a?b", "a%20b", "a\n", "a\x00",
		"a\xff", "a#b", times(domain.MaxSlug+1, "a"),
	} {
		_, err := domain.CreateContent(created(func(e *domain.ContentCreated) { e.Slug = slug }))
		mustFault(t, err, invalid("slug"))
	}
}

func manyTags(n int) []string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprint("tag ", i)
	}
	return tags
}
