package domain_test

import (
	"strings"
	"testing"

	"flightdeck/domain"
)

type (
	content = domain.Content
	updated = domain.ContentUpdated
)

// The events of contents in every status.
var (
	published   = domain.ContentPublished{ContentID: contentID}
	unpublished = domain.ContentUnpublished{ContentID: contentID}
	archived    = domain.ContentArchived{ContentID: contentID}
	deleted     = domain.ContentDeleted{ContentID: contentID}
)

func updating(e updated) func(content) ([]domain.Event, error) {
	return func(c content) ([]domain.Event, error) { return c.Update(e) }
}

func TestUpdateContent(t *testing.T) {
	t.Parallel()
	change := func(name string, e updated) scenario[content] {
		want := e
		want.ContentID = contentID
		return scenario[content]{name: name, given: given{draft}, when: updating(e), then: then{want}}
	}
	without := func(name string, e updated) scenario[content] {
		return scenario[content]{name: name, given: given{draft}, when: updating(e)}
	}
	play(t, []scenario[content]{
		change("the title", updated{Title: new("Other")}),
		change("the slug", updated{Slug: new("other")}),
		change("the description", updated{Description: domain.Set("Other")}),
		change("the description to none", updated{Description: domain.Clear[string]()}),
		change("the description to an empty one", updated{Description: domain.Set("")}),
		change("the text", updated{Content: new("Other")}),
		change("the text to an empty one", updated{Content: new("")}),
		change("the format", updated{Format: new(domain.HTML)}),
		change("the tags", updated{Tags: []string{"b", "a"}}),
		change("the tags to none", updated{Tags: []string{}}),
		change("everything", updated{
			Title: new("Other"), Slug: new("other"), Description: domain.Set("Other"), Content: new(`"Other"`), Format: new(domain.JSON), Tags: []string{"c"},
		}),
		{
			name: "only what differs", given: given{draft},
			when: updating(updated{ContentID: "ignored", Title: &draft.Title, Slug: new("other"), Tags: []string{"a ", "b", "b"}}),
			then: then{updated{ContentID: contentID, Slug: new("other")}},
		},
		{
			name: "a published one, which stays so", given: given{draft, published},
			when: updating(updated{Title: new("Other")}), then: then{updated{ContentID: contentID, Title: new("Other")}},
		},
		{
			name: "an archived one", given: given{draft, archived},
			when: updating(updated{Title: new("Other")}), then: then{updated{ContentID: contentID, Title: new("Other")}},
		},
		without("nothing", updated{}),
		without("what is so already", updated{
			Title: new("Title"), Slug: new("title"), Description: domain.Set("About it"), Content: new("Text"), Format: new(domain.Markdown), Tags: []string{"a", "b"},
		}),
		{
			name: "what is empty already", given: given{created(func(e *domain.ContentCreated) { e.Description, e.Tags = nil, nil })},
			when: updating(updated{Description: domain.Clear[string](), Tags: []string{}}),
		},
	})
}

func TestUpdateContentNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	refused := func(name string, faults []fault, e updated) scenario[content] {
		return scenario[content]{name: name, given: given{draft}, when: updating(e), faults: faults}
	}
	play(t, []scenario[content]{
		{name: "no content", when: updating(updated{Title: new("x")}), faults: notFound("id")},
		{name: "a deleted content", given: given{draft, deleted}, when: updating(updated{Title: new("x")}), faults: notFound("id")},
		{name: "a deleted content, wrongly", given: given{draft, deleted}, when: updating(updated{Title: new("")}), faults: notFound("id")},
		refused("an empty title", invalid("title"), updated{Title: new(" ")}),
		refused("an unusable slug", invalid("slug"), updated{Slug: new("Über")}),
		refused("a long description", invalid("description"), updated{Description: domain.Set(times(domain.MaxDescription+1, "x"))}),
		refused("a long text", invalid("content"), updated{Content: new(times(domain.MaxContentBytes+1, "x"))}),
		refused("an unknown format", invalid("format"), updated{Format: new(domain.ContentFormat("PDF"))}),
		refused("an empty tag", invalid("tags"), updated{Tags: []string{""}}),
		refused("everything", invalid("title", "slug", "description", "content", "format", "tags"), updated{
			Title: new(""), Slug: new(""), Description: domain.Set("\x00"), Content: new("\xff"), Format: new(domain.ContentFormat("")), Tags: manyTags(51),
		}),
	})
}

func TestContentOfTheFormatJSONIsJSON(t *testing.T) {
	t.Parallel()
	asJSON := func(text string) domain.ContentCreated {
		return created(func(e *domain.ContentCreated) { e.Format, e.Content = domain.JSON, text })
	}
	object, odd := asJSON(`{"a": 1}`), asJSON(`{a: 1}`) // odd was written before there was a rule
	for _, text := range []string{"", " ", "Text", "{", "{}{}", "{'a': 1}", `{"a": 1,}`, "NaN", "\ufeff{}", "// {}", strings.Repeat("[", 20_000)} {
		_, err := domain.CreateContent(asJSON(text))
		mustFault(t, err, invalid("content"))
		_, err = fold[content](t, given{object}).Update(updated{Content: &text})
		mustFault(t, err, invalid("content"))
	}
	for _, text := range []string{"null", "0", `"x"`, " [1, 2]\n", `{"a": {"a": 1, "a": 2}}`} {
		if _, err := domain.CreateContent(asJSON(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err := domain.CreateContent(asJSON(`{"a": 1, b}`))
	mustEqual(t, err.Error(), "content is not valid JSON at byte 10: correct it, or choose another format")
	play(t, []scenario[content]{
		{name: "text to JSON", given: given{draft}, when: updating(updated{Format: new(domain.JSON)}), faults: invalid("format")},
		{name: "text to JSON, with other text", given: given{draft}, when: updating(updated{Format: new(domain.JSON), Content: new("x")}), faults: invalid("content")},
		{name: "text and a title, wrongly", given: given{object}, when: updating(updated{Title: new(""), Content: new("x")}), faults: invalid("title", "content")},
		{name: "a NUL is named as such", given: given{object}, when: updating(updated{Content: new("\"\x00\"")}), faults: invalid("content")},
		{
			name: "text to JSON, with JSON", given: given{draft}, when: updating(updated{Format: new(domain.JSON), Content: new("1")}),
			then: then{updated{ContentID: contentID, Format: new(domain.JSON), Content: new("1")}},
		},
		{
			name: "JSON to other JSON", given: given{object}, when: updating(updated{Content: new("[]")}),
			then: then{updated{ContentID: contentID, Content: new("[]")}},
		},
		{
			name: "JSON to text", given: given{object}, when: updating(updated{Format: new(domain.Plaintext), Content: new("Text")}),
			then: then{updated{ContentID: contentID, Format: new(domain.Plaintext), Content: new("Text")}},
		},
		{
			name: "the title of what is odd", given: given{odd}, when: updating(updated{Title: new("Other"), Format: new(domain.JSON), Content: &odd.Content}),
			then: then{updated{ContentID: contentID, Title: new("Other")}},
		},
		{name: "what is odd to text", given: given{odd}, when: updating(updated{Format: new(domain.Plaintext)}), then: then{updated{ContentID: contentID, Format: new(domain.Plaintext)}}},
		{name: "what is odd to something as odd", given: given{odd}, when: updating(updated{Content: new("{b: 1}")}), faults: invalid("content")},
	})
}

func TestContentUpdatedNamesWhatItChanges(t *testing.T) {
	t.Parallel()
	all := updated{Title: new(""), Slug: new(""), Description: domain.Clear[string](), Content: new(""), Format: new(domain.HTML), Tags: []string{}}
	mustEqual(t, all.Changes(), []string{"title", "slug", "description", "content", "format", "tags"})
	mustEqual(t, updated{ContentID: contentID}.Changes(), []string(nil))
}

// TestContentStatuses is every step from every status.
func TestContentStatuses(t *testing.T) {
	t.Parallel()
	steps := map[string]func(content) ([]domain.Event, error){
		"publish": content.Publish, "unpublish": content.Unpublish, "archive": content.Archive, "delete": content.Delete,
	}
	froms := map[string]struct {
		given given
		leads map[string]domain.Event // no event where there is none
	}{
		"a draft":     {given{draft}, map[string]domain.Event{"publish": published, "archive": archived, "delete": deleted}},
		"a published": {given{draft, published}, map[string]domain.Event{"unpublish": unpublished, "archive": archived, "delete": deleted}},
		"an archived": {given{draft, published, archived}, map[string]domain.Event{"publish": published, "unpublish": unpublished, "delete": deleted}},
	}
	var table []scenario[content]
	for step, when := range steps {
		for from, c := range froms {
			s := scenario[content]{name: step + " " + from, given: c.given, when: when}
			if e, ok := c.leads[step]; ok {
				s.then = then{e}
			}
			table = append(table, s)
		}
		table = append(table, scenario[content]{name: step + " none", when: when, faults: notFound("id")})
		gone := scenario[content]{name: step + " a deleted", given: given{draft, published, deleted}, when: when, faults: notFound("id")}
		if step == "delete" {
			gone.faults = nil // twice is not an error
		}
		table = append(table, gone)
	}
	play(t, table)
}

func TestPublicationIsRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given given
		at    domain.Instant // 0 for never
		seen  bool
	}{
		"a draft":                {given{draft}, 0, false},
		"born published":         {given{created(func(e *domain.ContentCreated) { e.Status = domain.Published })}, second(1), true},
		"published":              {given{draft, published}, second(2), true},
		"published, changed":     {given{draft, published, updated{Title: new("x")}}, second(2), true},
		"archived":               {given{draft, published, archived}, second(2), false},
		"archived from a draft":  {given{draft, archived}, 0, false},
		"published again":        {given{draft, published, archived, published}, second(4), true},
		"a draft again":          {given{draft, published, unpublished}, 0, false},
		"deleted when published": {given{draft, published, deleted}, second(2), false},
	} {
		got := fold[content](t, c.given)
		if (got.PublishedAt == nil) != (c.at == 0) || got.PublishedAt != nil && *got.PublishedAt != c.at {
			t.Errorf("%s: published at %v, want %v", name, got.PublishedAt, c.at)
		}
		if got.Public() != c.seen || got.AtVersion() != len(c.given) || got.Owner() != authorID {
			t.Errorf("%s: public is %t, version %d, owner %s", name, got.Public(), got.AtVersion(), got.Owner())
		}
	}
}
