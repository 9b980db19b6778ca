package domain_test

import (
	"reflect"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

func TestRestoreContent(t *testing.T) {
	t.Parallel()
	other := updated{ContentID: contentID, Title: new("Other"), Slug: new("other"), Description: domain.Clear[string](), Tags: []string{}}
	// to restores the version of the content after so many of its events.
	to := func(events given, version int) func(content) ([]domain.Event, error) {
		return func(c content) ([]domain.Event, error) { return c.Restore(fold[content](t, events[:version])) }
	}
	restored := func(version int, status domain.ContentStatus) domain.ContentRestored {
		return domain.ContentRestored{
			ContentID: contentID, FromVersion: version, Title: draft.Title, Slug: draft.Slug, Description: draft.Description,
			Content: draft.Content, Format: draft.Format, Tags: draft.Tags, Status: status,
		}
	}
	row := func(name string, events given, version int, result then, faults []fault) scenario[content] {
		return scenario[content]{name: name, given: events, when: to(events, version), then: result, faults: faults}
	}
	play(t, []scenario[content]{
		row("a changed draft", given{draft, other}, 1, then{restored(1, domain.Draft)}, nil),
		row("a public one stays public", given{draft, other, published}, 1, then{restored(1, domain.Published)}, nil),
		row("an archived one stays archived", given{draft, published, other, archived}, 1, then{restored(1, domain.Archived)}, nil),
		row("what was public when it is a draft", given{draft, published, unpublished, other}, 2, then{restored(2, domain.Draft)}, nil),
		row("a deleted draft", given{draft, deleted}, 1, then{restored(1, domain.Draft)}, nil),
		row("a deleted public one comes back as a draft", given{draft, published, deleted}, 2, then{restored(2, domain.Draft)}, nil),
		row("a deleted archived one comes back archived", given{draft, archived, deleted}, 1, then{restored(1, domain.Archived)}, nil),
		row("a version from before an earlier deletion", given{draft, deleted, restored(1, domain.Draft), other}, 1, then{restored(1, domain.Draft)}, nil),
		row("what it is already", given{draft}, 1, nil, nil),
		row("fields it has already", given{draft, published, archived}, 1, nil, nil),
		row("a deleted version", given{draft, deleted}, 2, nil, invalid("toVersion")),
		row("a deleted version of what is there", given{draft, deleted, restored(1, domain.Draft)}, 2, nil, invalid("toVersion")),
		row("no version", given{draft}, 0, nil, notFound("toVersion")),
		row("no content", given{}, 0, nil, notFound("id")),
	})
}

// TestRestoringAContentGivesTheFieldsOfTheVersionAndPublishesNothing restores any version of any
// history.
func TestRestoringAContentGivesTheFieldsOfTheVersionAndPublishesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := contentHistory(r)
		old := fold[content](t, events[:rapid.IntRange(1, len(events)).Draw(r, "version")])
		now := fold[content](t, events)
		decided, err := now.Restore(old)
		if old.Deleted {
			mustBeCode(r, err, domain.Invalid)
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		after := foldFrom(t, now, decided)
		status := now.Status
		if now.Deleted && status == domain.Published {
			status = domain.Draft
		}
		publishedAt := now.PublishedAt
		if status == domain.Draft {
			publishedAt = nil
		}
		want := content{
			ID: now.ID, Version: now.Version + len(decided), AuthorID: now.AuthorID, CreatedAt: now.CreatedAt,
			Title: old.Title, Slug: old.Slug, Description: old.Description, Content: old.Content, Format: old.Format, Tags: old.Tags,
			Status: status, PublishedAt: publishedAt, UpdatedAt: after.UpdatedAt,
		}
		if !reflect.DeepEqual(normal(after), normal(want)) {
			r.Fatalf("restored %+v, want %+v", after, want)
		}
		if again, err := after.Restore(old); len(again) != 0 || err != nil {
			r.Fatalf("restored twice: %v, error %v", again, err)
		}
	})
}

func mustBeCode(r *rapid.T, err error, want domain.Code) {
	r.Helper()
	if domain.CodeOf(err) != want {
		r.Fatalf("error is %v, want %s", err, want)
	}
}

// normal makes no difference between no tags and none.
func normal(c content) content {
	if len(c.Tags) == 0 {
		c.Tags = nil
	}
	return c
}

// contentHistory draws a random history of a content from its deciding methods.
func contentHistory(r *rapid.T) []domain.Event {
	events, err := domain.CreateContent(created(func(e *domain.ContentCreated) {
		e.Status = rapid.SampledFrom([]domain.ContentStatus{domain.Draft, domain.Published, domain.Archived}).Draw(r, "status")
	}))
	if err != nil {
		r.Fatal(err)
	}
	state := func() content { return fold[content](r, events) }
	decide := func(more []domain.Event, err error) {
		if err != nil && domain.CodeOf(err) == "" {
			r.Fatal(err)
		}
		events = append(events, more...)
	}
	r.Repeat(map[string]func(*rapid.T){
		"update":    func(r *rapid.T) { decide(state().Update(contentUpdate(r))) },
		"publish":   func(*rapid.T) { decide(state().Publish()) },
		"unpublish": func(*rapid.T) { decide(state().Unpublish()) },
		"archive":   func(*rapid.T) { decide(state().Archive()) },
		"delete":    func(*rapid.T) { decide(state().Delete()) },
		"restore": func(r *rapid.T) {
			decide(state().Restore(fold[content](r, events[:rapid.IntRange(1, len(events)).Draw(r, "version")])))
		},
	})
	return events
}

// contentUpdate draws a change, some of it without effect, some of it wrong.
func contentUpdate(r *rapid.T) updated {
	text := rapid.SampledFrom([]string{"title", "other", "Text", "x", ""})
	return updated{
		Title:       rapid.Ptr(text, true).Draw(r, "title"),
		Slug:        rapid.Ptr(rapid.SampledFrom([]string{"title", "other"}), true).Draw(r, "slug"),
		Description: anyChange(text).Draw(r, "description"),
		Content:     rapid.Ptr(text, true).Draw(r, "content"),
		Format:      rapid.Ptr(rapid.SampledFrom([]domain.ContentFormat{domain.Markdown, domain.HTML, "none"}), true).Draw(r, "format"),
		Tags:        rapid.OneOf(rapid.Just[[]string](nil), rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", " b", "c"}), 0, 3)).Draw(r, "tags"),
	}
}

// anyChange generates changes of all three sorts.
func anyChange(value *rapid.Generator[string]) *rapid.Generator[domain.Change[string]] {
	return rapid.OneOf(
		rapid.Just(domain.Change[string]{}),
		rapid.Just(domain.Clear[string]()),
		rapid.Map(value, func(s string) domain.Change[string] { return domain.Set(s) }),
	)
}
