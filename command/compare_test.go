package command_test

import (
	"context"
	"slices"
	"strings"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"

	"pgregory.net/rapid"
)

// This file compares the answers of the reader with the states of the model, written as text.

func contentOf(c domain.Content) map[string]any {
	return map[string]any{
		"id": c.ID, "version": c.Version, "title": c.Title, "slug": c.Slug, "description": c.Description, "content": c.Content,
		"format": c.Format, "status": c.Status, "author": c.AuthorID, "tags": append([]string{}, c.Tags...),
		"created": c.CreatedAt, "updated": c.UpdatedAt, "published": c.PublishedAt,
	}
}

func contentRow(c *readmodel.Content) map[string]any {
	return map[string]any{
		"id": c.ID, "version": c.Version, "title": c.Title, "slug": c.Slug, "description": c.Description, "content": c.Content,
		"format": c.Format, "status": c.Status, "author": c.AuthorID, "tags": c.Tags,
		"created": c.CreatedAt, "updated": c.UpdatedAt, "published": c.PublishedAt,
	}
}

func deckOf(actor domain.Actor, d domain.Presentation) map[string]any {
	slides := make([]any, len(d.Slides))
	for i, s := range d.Slides {
		if !seesHidden(actor, d.AuthorID) {
			s.Notes = nil
		}
		slides[i] = []any{s.ID, s.Title, s.Content, s.Notes, i + 1}
	}
	return map[string]any{
		"id": d.ID, "version": d.Version, "title": d.Title, "description": d.Description, "author": d.AuthorID, "theme": d.Theme,
		"public": d.IsPublic, "extra": d.FrontMatter, "created": d.CreatedAt, "updated": d.UpdatedAt, "slides": slides,
	}
}

func deckRow(ctx context.Context, t rapid.TB, d *readmodel.Presentation) map[string]any {
	rows, err := d.Slides(ctx)
	if err != nil {
		t.Fatal(err)
	}
	slides := make([]any, len(rows))
	for i, s := range rows {
		slides[i] = []any{s.ID, s.Title, s.Content, s.Notes(), s.Order()}
	}
	return map[string]any{
		"id": d.ID, "version": d.Version, "title": d.Title, "description": d.Description, "author": d.AuthorID, "theme": d.Theme,
		"public": d.IsPublic, "extra": d.FrontMatter, "created": d.CreatedAt, "updated": d.UpdatedAt, "slides": slides,
	}
}

// comparison compares one actor's view of one position.
type comparison struct {
	t     rapid.TB
	m     *model
	r     *readmodel.Reader
	ctx   context.Context
	actor domain.Actor
	p     eventstore.Position
	view  readmodel.View
}

// compare checks every object that an actor can read as of a position.
func compare(t rapid.TB, m *model, r *readmodel.Reader, actor domain.Actor, p eventstore.Position) {
	t.Helper()
	c := comparison{t, m, r, as(actor), actor, p, readmodel.View{At: p, Actor: actor, Named: true}}
	c.contents()
	c.decks()
	c.users()
}

// same fails unless the two lists are equal.
func (c comparison) same(what string, got []any, err error, want []any) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s as of %s by %v: %v", what, c.p, c.actor, err)
	}
	if g, w := text(c.t, got), text(c.t, want); g != w {
		c.t.Fatalf("%s as of %s by %v: the rows say\n%s\nthe events say\n%s", what, c.p, c.actor, g, w)
	}
}

var wholePage = readmodel.Page{First: ptr(readmodel.MaxPage)}

var byCreation = &readmodel.Order{Field: readmodel.CreatedAt, Direction: readmodel.Ascending}

func (c comparison) contents() {
	visible := c.m.contents(c.actor, c.p)
	c.list("all", visible, readmodel.ContentFilter{}, "", func(domain.Content) bool { return true })
	c.list("tagged", visible, readmodel.ContentFilter{TagsAll: []string{"red", "R&D"}}, "",
		func(s domain.Content) bool { return slices.Contains(s.Tags, "red") && slices.Contains(s.Tags, "R&D") })
	c.list("any tag", visible, readmodel.ContentFilter{TagsAny: []string{"red", "blue"}}, "",
		func(s domain.Content) bool { return slices.Contains(s.Tags, "red") || slices.Contains(s.Tags, "blue") })
	c.list("drafts", visible, readmodel.ContentFilter{Status: []domain.ContentStatus{domain.Draft, domain.Archived}}, "",
		func(s domain.Content) bool { return s.Status != domain.Published })
	c.list("own", visible, readmodel.ContentFilter{AuthorID: &c.actor.UserID}, "",
		func(s domain.Content) bool { return s.AuthorID == c.actor.UserID })
	for _, w := range []string{"alpha", "beta", "red", `"R&D"`, "zeta"} {
		c.list("search "+w, visible, readmodel.ContentFilter{}, w, func(s domain.Content) bool {
			texts := append([]string{s.Title, or(s.Description), s.Content}, s.Tags...)
			if phrase := strings.Trim(w, `"`); phrase != w {
				return strings.Contains(strings.Join(texts, " | "), phrase)
			}
			return words(texts...)[w]
		})
	}
	counts := make(map[string]int)
	for _, s := range visible {
		for _, tag := range s.Tags {
			counts[tag]++
		}
	}
	page, err := c.r.Tags(c.ctx, c.view, wholePage, "")
	tags := make(map[string]int)
	for _, tag := range page.Nodes {
		tags[tag.Name] = tag.Count
	}
	c.same("tags", []any{tags}, err, []any{counts})
	for _, s := range all[domain.Content](c.m, eventstore.Position(len(c.m.events))) {
		then, _ := c.m.at[c.p][s.ID].(domain.Content) //nolint:errcheck // the zero value does not exist
		one, err := c.r.Content(c.ctx, c.view, s.ID)
		bySlug, slugErr := c.r.ContentBySlug(c.ctx, c.view, then.Slug)
		if !c.m.sees(c.actor, s.ID, then) {
			if one != nil || err != nil {
				c.t.Fatalf("%s as of %s by %v: %v, %v", s.ID, c.p, c.actor, one, err)
			}
			continue
		}
		c.same("content", []any{contentRow(one)}, err, []any{contentOf(then)})
		c.same("content by slug", []any{contentRow(bySlug)}, slugErr, []any{contentOf(then)})
	}
}

// list compares a list of contents.
func (c comparison) list(what string, visible []domain.Content, f readmodel.ContentFilter, search string, selects func(domain.Content) bool) {
	c.t.Helper()
	var query *string
	if search != "" {
		query = &search
	}
	page, err := c.r.Contents(c.ctx, c.view, wholePage, f, byCreation, query)
	if err != nil {
		c.t.Fatalf("%s as of %s: %v", what, c.p, err)
	}
	var got, want []any
	for _, row := range page.Nodes {
		got = append(got, contentRow(row))
	}
	for _, s := range visible {
		if selects(s) {
			want = append(want, contentOf(s))
		}
	}
	count, err := page.TotalCount(c.ctx)
	c.same("contents, "+what, append(got, count), err, append(want, len(want)))
}

func (c comparison) decks() {
	visible := c.m.decks(c.actor, c.p)
	for _, search := range []string{"", "alpha"} {
		var query *string
		if search != "" {
			query = &search
		}
		page, err := c.r.Presentations(c.ctx, c.view, wholePage, readmodel.PresentationFilter{}, byCreation, query)
		if err != nil {
			c.t.Fatalf("decks as of %s: %v", c.p, err)
		}
		var got, want []any
		for _, row := range page.Nodes {
			got = append(got, deckRow(c.ctx, c.t, row))
		}
		for _, d := range visible {
			texts := []string{d.Title, or(d.Description)}
			for _, s := range d.Slides {
				texts = append(texts, or(s.Title), s.Content)
			}
			if search == "" || words(texts...)[search] {
				want = append(want, deckOf(c.actor, d))
			}
		}
		c.same("decks "+search, got, err, want)
	}
	for _, d := range all[domain.Presentation](c.m, eventstore.Position(len(c.m.events))) {
		then, _ := c.m.at[c.p][d.ID].(domain.Presentation) //nolint:errcheck // the zero value does not exist
		one, err := c.r.Presentation(c.ctx, c.view, d.ID)
		if !c.m.sees(c.actor, d.ID, then) {
			if one != nil || err != nil {
				c.t.Fatalf("%s as of %s by %v: %v, %v", d.ID, c.p, c.actor, one, err)
			}
			continue
		}
		c.same("deck", []any{deckRow(c.ctx, c.t, one)}, err, []any{deckOf(c.actor, then)})
		for i, s := range then.Slides {
			slide, err := c.r.Slide(c.ctx, c.view, s.ID)
			if err != nil || slide == nil || slide.Order() != i+1 || slide.Content != s.Content || slide.Presentation().Version != then.Version {
				c.t.Fatalf("slide %s as of %s by %v: %v, %v", s.ID, c.p, c.actor, slide, err)
			}
		}
	}
}

func (c comparison) users() {
	page, err := c.r.Users(c.ctx, c.view, wholePage)
	if c.actor.Visitor() {
		if domain.CodeOf(err) != domain.Unauthenticated {
			c.t.Fatalf("a visitor lists users: %v", err)
		}
		return
	}
	if err != nil {
		c.t.Fatal(err)
	}
	var got, want []any
	for _, u := range page.Nodes {
		got = append(got, []any{u.ID, u.Version, u.DisplayName(), u.Email(), u.Role, u.CreatedAt, u.LastLoginAt})
	}
	for _, u := range all[domain.User](c.m, c.p) {
		var email *string
		if c.actor.Role == domain.Admin || c.actor.Owns(u.ID) {
			email = &u.Email
		}
		want = append(want, []any{u.ID, u.Version, u.DisplayName, email, u.Role, u.CreatedAt, u.LastLoginAt})
		one, err := c.r.User(c.ctx, c.view, u.ID)
		if err != nil || one == nil || one.Version != u.Version {
			c.t.Fatalf("user %s as of %s: %v, %v", u.ID, c.p, one, err)
		}
	}
	c.same("users", got, err, want)
}
