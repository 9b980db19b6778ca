package command_test

import (
	"fmt"
	"strings"

	"flightdeck/command"
	"flightdeck/domain"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"
)

// generator draws commands about the objects of the model.
type generator struct {
	*rapid.T
	m    *model
	keys int
}

// The texts are few, so that two objects often have the same one, and most are words to search for.
// The last of each list is unusual and is rarely drawn.
var (
	titles       = []string{"Alpha", "Béta and alpha", "gamma", "Alpha ", "R&D", strings.Repeat("x", 301)}
	texts        = []string{"", "alpha", "# Delta\n\nalpha beta", "zéta", `{"alpha": "beta"}`, `["zéta"]`, "with \x00"}
	descriptions = []string{"beta", "", "a zeta", strings.Repeat("y", 2001)}
	slugs        = []string{"alpha", "one/two", "gamma", "delta", "Not a slug"}
	tags         = []string{"red", "blue", "R&D", " red ", `"`, "ünter", " "}
	markdowns    = []string{"# One\n\nalpha\n\n<!-- note -->\n\n---\n\n# Two", "---\ntheme: dark\nother: 1\n---\n\n# Alone", "", "---\n: :\n---\n"}
	formats      = []domain.ContentFormat{domain.Markdown, domain.HTML, domain.Plaintext, domain.JSON, "OTHER"}
	statuses     = []domain.ContentStatus{domain.Draft, domain.Published, domain.Published, domain.Archived, "OTHER"}
	themes       = []string{"dark", "default", ""}
	names        = []string{"Another name", "A user", " "}
)

// below draws a number from 0 to n-1 with equal chances. The generators of rapid prefer small
// numbers, which would leave most commands undrawn.
func (g *generator) below(what string, n int) int {
	return rapid.Custom(func(t *rapid.T) (v int) {
		for bits := n * 8; bits > 0; bits /= 2 {
			v *= 2
			if rapid.Bool().Draw(t, "bit") {
				v++
			}
		}
		return v % n
	}).Draw(g.T, what)
}

func pick[T any](g *generator, what string, from []T) T { return from[g.below(what, len(from))] }

func (g *generator) chance(what string, percent int) bool { return g.below(what, 100) < percent }

// value draws one of the values, rarely the last, unusual one.
func value[T any](g *generator, what string, from []T) T {
	if g.chance("odd "+what, 2) {
		return from[len(from)-1]
	}
	return pick(g, what, from[:len(from)-1])
}

// maybe draws one of the values, or nil.
func maybe[T any](g *generator, what string, from []T) *T {
	if g.chance(what+"?", 50) {
		return nil
	}
	return ptr(value(g, what, from))
}

// field draws an input field: left out, a value or, rarely, null.
func field[T any](g *generator, what string, from []T) graphql.Omittable[*T] {
	switch n := g.below(what+"?", 50); {
	case n < 25:
		return graphql.Omittable[*T]{}
	case n == 25:
		return graphql.OmittableOf[*T](nil)
	}
	return graphql.OmittableOf(ptr(value(g, what, from)))
}

func (g *generator) tags() []string {
	list := make([]string, g.below("tags", 5))
	for i := range list {
		list[i] = value(g, "tag", tags)
	}
	return list
}

// id draws an id of the kind or, rarely, one without an object or of another kind.
func (g *generator) id(kind domain.Kind) string {
	var live, known []string
	other := []string{domain.NewID(kind, "00000000-0000-7000-8000-000000000000"), "not an id"}
	for _, id := range g.m.order {
		if k, ok := domain.KindOf(id); !ok || k != kind {
			other = append(other, id)
			continue
		}
		known = append(known, id)
		if s, ok := g.m.now()[id].(interface{ Exists() bool }); ok && s.Exists() {
			live = append(live, id)
		}
	}
	switch {
	case len(live) > 0 && g.chance("there", 90):
		return pick(g, "id", live)
	case len(known) > 0 && g.chance("known", 90):
		return pick(g, "id", known)
	}
	return pick(g, "id", other)
}

// version draws an expected version: mostly none, else the present version or an earlier one.
func (g *generator) version(id string) *int {
	s, ok := g.m.now()[id].(interface{ AtVersion() int })
	if !ok || g.chance("any version", 70) {
		return nil
	}
	v := s.AtVersion() - (g.below("behind", 4) - 1)
	return &v
}

// slide draws the id of a slide that the deck has or had.
func (g *generator) slide(deck string) string {
	ids := []string{domain.NewID(domain.KindSlide, "00000000-0000-7000-8000-000000000000")}
	for p := range g.m.at {
		if d, ok := g.m.at[p][deck].(domain.Presentation); ok {
			for _, s := range d.Slides {
				ids = append(ids, s.ID)
			}
		}
	}
	if d, ok := g.m.now()[deck].(domain.Presentation); ok && len(d.Slides) > 0 && g.chance("slide there", 80) {
		return pick(g, "slide", d.Slides).ID
	}
	return pick(g, "slide", ids)
}

func (g *generator) placement(deck string) *command.Placement {
	switch g.below("place", 5) {
	case 0:
		return &command.Placement{After: ptr(g.slide(deck))}
	case 1:
		return &command.Placement{Before: ptr(g.slide(deck))}
	case 2, 3:
		return &command.Placement{Order: ptr(1 + g.below("order", 4))}
	}
	return &command.Placement{}
}

// command draws a command with the idempotency key; nil is none.
func (g *generator) command(key *string) command.Command {
	switch g.below("about", 10) {
	case 0, 1, 2, 3:
		return g.aboutContent(key)
	case 4, 5, 6, 7:
		return g.aboutDeck(key)
	case 8:
		return g.aboutUser(key)
	}
	if key == nil && g.chance("no batch in a batch", 50) {
		return g.aboutContent(nil)
	}
	batch := command.Batch{IdempotencyKey: key}
	for range g.below("commands", 5) {
		if g.chance("content", 50) {
			batch.Commands = append(batch.Commands, g.aboutContent(nil))
		} else {
			batch.Commands = append(batch.Commands, g.aboutDeck(nil))
		}
	}
	return batch
}

func (g *generator) aboutContent(key *string) command.Command {
	if g.chance("new", 25) {
		return command.CreateContent{
			IdempotencyKey: key, Title: value(g, "title", titles), Slug: maybe(g, "slug", slugs), Description: maybe(g, "description", descriptions),
			Content: value(g, "content", texts), Format: value(g, "format", formats), Tags: g.tags(), Status: value(g, "status", statuses),
		}
	}
	id := g.id(domain.KindContent)
	target := command.ContentTarget{IdempotencyKey: key, ID: id, ExpectedVersion: g.version(id)}
	switch g.below("verb", 12) {
	case 0, 1, 2, 3, 4:
		in := command.UpdateContent{
			IdempotencyKey: key, ID: id, ExpectedVersion: target.ExpectedVersion, Title: field(g, "title", titles), Slug: field(g, "slug", slugs),
			Description: field(g, "description", descriptions), Content: field(g, "content", texts), Format: field(g, "format", formats),
		}
		if g.chance("tags", 50) {
			in.Tags = graphql.OmittableOf(g.tags())
		}
		return in
	case 5, 6:
		return command.PublishContent{ContentTarget: target}
	case 7:
		return command.UnpublishContent{ContentTarget: target}
	case 8:
		return command.ArchiveContent{ContentTarget: target}
	case 9:
		return command.DeleteContent{ContentTarget: target}
	}
	return command.RestoreContent{Restore: g.restore(key, id)}
}

func (g *generator) restore(key *string, id string) command.Restore {
	return command.Restore{IdempotencyKey: key, ID: id, ToVersion: g.below("to version", 7), ExpectedVersion: g.version(id)}
}

func (g *generator) aboutDeck(key *string) command.Command {
	if g.chance("new", 15) {
		return command.CreatePresentation{
			IdempotencyKey: key, Title: value(g, "title", titles), Description: maybe(g, "description", descriptions), Theme: "default",
			IsPublic: g.chance("public", 50), Markdown: maybe(g, "markdown", markdowns),
		}
	}
	id := g.id(domain.KindPresentation)
	expected := g.version(id)
	switch g.below("verb", 12) {
	case 0, 1, 10, 11:
		return command.UpdatePresentation{
			IdempotencyKey: key, ID: id, ExpectedVersion: expected, Title: field(g, "title", titles), Description: field(g, "description", descriptions),
			Theme: field(g, "theme", themes), IsPublic: field(g, "public", []bool{true, false, true}),
		}
	case 2:
		return command.DeletePresentation{IdempotencyKey: key, ID: id, ExpectedVersion: expected}
	case 3:
		return command.RestorePresentation{Restore: g.restore(key, id)}
	case 4, 5:
		in := command.AddSlide{IdempotencyKey: key, PresentationID: id, ExpectedVersion: expected, Title: maybe(g, "title", titles), Content: value(g, "content", texts), Notes: maybe(g, "notes", texts)}
		if g.chance("placed", 50) {
			in.At = g.placement(id)
		}
		return in
	case 6, 7:
		return command.UpdateSlide{
			IdempotencyKey: key, PresentationID: id, SlideID: g.slide(id), ExpectedVersion: expected,
			Title: field(g, "title", titles), Content: field(g, "content", texts), Notes: field(g, "notes", texts),
		}
	case 8:
		return command.MoveSlide{IdempotencyKey: key, PresentationID: id, SlideID: g.slide(id), To: *g.placement(id), ExpectedVersion: expected}
	}
	return command.RemoveSlide{IdempotencyKey: key, PresentationID: id, SlideID: g.slide(id), ExpectedVersion: expected}
}

// aboutUser draws a command that creates a user or changes one. The actors of the test are never
// changed, so that their roles stay the same.
func (g *generator) aboutUser(key *string) command.Command {
	address := fmt.Sprintf("user%d@example.org", 1+g.below("address", 4))
	id := g.id(domain.KindUser)
	u, _ := g.m.now()[id].(domain.User) //nolint:errcheck // the zero value does not exist
	switch verb := g.below("verb", 4); {
	case verb == 0:
		return command.CreateUser{Email: address, DisplayName: "A user", Role: pick(g, "role", []domain.Role{domain.Viewer, domain.Author, "OTHER"})}
	case verb == 1 && strings.HasPrefix(u.Email, "user"):
		return command.ChangeRole{IdempotencyKey: key, ID: id, Role: pick(g, "role", []domain.Role{domain.Viewer, domain.Admin})}
	}
	in := command.UpdateUser{IdempotencyKey: key, ID: id, DisplayName: field(g, "name", names)}
	if strings.HasPrefix(u.Email, "user") {
		in.Email = field(g, "email", []string{address, strings.ToUpper(address), "nobody"})
	}
	return in
}

// ptr returns a pointer to v.
func ptr[T any](v T) *T { return &v }
