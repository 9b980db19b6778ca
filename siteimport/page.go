package siteimport

import (
	"cmp"
	"strconv"
	"strings"
	"unicode/utf8"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/gitimport"
)

// author returns the id of the commit's author. The first commit of an author registers the user,
// under the name in that commit.
func (im *Importer) author(to *commitEvents, c gitimport.Commit) (id string, err error) {
	email, name := domain.NormalEmail(c.AuthorEmail), clip(c.AuthorName, domain.MaxDisplayName)
	e := domain.UserRegistered{UserID: command.NewID(domain.KindUser), Email: email, DisplayName: firstVisible(name, "unknown"), Role: domain.Author}
	key := email
	events, err := domain.RegisterUser(e)
	if !isPersonal(email) || domain.CodeOf(err) == domain.Invalid { // git takes any text for an address
		key = name + "\x00" + email
		e.Email = "author-" + strconv.Itoa(len(im.authors)+1) + "@unknown.invalid"
		events, err = domain.RegisterUser(e)
	}
	if user, ok := im.authors[key]; ok {
		return user, nil
	}
	if err != nil {
		return "", err
	}
	to.streams = append(to.streams, command.StreamEvents{Kind: domain.KindUser, ID: e.UserID, Events: events})
	im.authors[key] = e.UserID
	return e.UserID, nil
}

// isPersonal reports whether an address can belong to one person: its host has a name in the world.
// Tools that convert histories write devnull@localhost or none@none for everybody.
func isPersonal(email string) bool {
	_, host, _ := strings.Cut(email, "@")
	return strings.Contains(host, ".") && !strings.HasPrefix(host, "localhost.") &&
		!strings.HasSuffix(host, ".localdomain") && !strings.HasSuffix(host, ".(none)")
}

// change adds the events of a changed file to the commit. A version that cannot be kept is left
// out; with Options.Strict it is an error.
func (im *Importer) change(to *commitEvents, c gitimport.Change) error {
	before := im.pages[cmp.Or(c.OldPath, c.Path)].state
	if c.Kind == gitimport.Removed {
		return im.remove(to, c.Path)
	}
	text, encoding, err := decode(c)
	if im.strict && encoding != "" {
		err = domain.Errorf(domain.Invalid, "it is in %s, not in UTF-8", encoding)
	}
	if err == nil {
		err = im.write(to, c, text)
	}
	switch {
	case err == nil && encoding != "":
		im.repaired.add(c.Path, "it was in "+encoding, to.hash)
	case domain.CodeOf(err) == domain.Invalid && !im.strict:
		im.leftOut.add(c.Path, err.Error(), to.hash)
		if before.Version == 0 {
			return nil
		}
		return im.write(to, c, before.Content)
	}
	return err
}

// remove deletes the page of a file, if there is one.
func (im *Importer) remove(to *commitEvents, file string) error {
	before, ok := im.pages[file]
	if !ok {
		return nil
	}
	e := edit{state: before.state}
	e.do(domain.Content.Delete)
	if e.err != nil {
		return e.err
	}
	delete(im.pages, file)
	delete(im.slugs, before.state.Slug)
	to.add(before.state, e)
	return nil
}

// write makes the page of a changed file, or changes it, so that it has this text. It changes
// nothing if it returns an error.
func (im *Importer) write(to *commitEvents, c gitimport.Change, text string) error {
	from := cmp.Or(c.OldPath, c.Path)
	before := im.pages[from]
	p := describe(c.Path, text, im.now)
	slug := before.state.Slug
	if p.base != before.base {
		slug = im.freeSlug(p.base, slug)
	}
	e := edit{state: before.state}
	if before.state.Version == 0 {
		e.create(p, slug, to.author)
	} else {
		e.update(p, slug)
	}
	if e.err != nil {
		return e.err
	}
	delete(im.pages, from)
	delete(im.slugs, before.state.Slug)
	im.pages[c.Path] = filed{e.state, p.base}
	im.slugs[slug] = true
	to.add(before.state, e)
	return nil
}

// edit is a series of decisions about one page. The first error ends it.
type edit struct {
	state  domain.Content
	events []domain.Event
	err    error
}

// do takes one decision.
func (e *edit) do(decide func(domain.Content) ([]domain.Event, error)) {
	if e.err != nil {
		return
	}
	events, err := decide(e.state)
	for _, event := range events {
		var state domain.State
		if err == nil {
			state, err = e.state.Apply(event, 0)
		}
		if content, ok := state.(domain.Content); ok {
			e.state = content
		}
	}
	e.events, e.err = append(e.events, events...), err
}

func (e *edit) create(p page, slug, author string) {
	e.state.ID = command.NewID(domain.KindContent)
	status := domain.Published
	if p.draft {
		status = domain.Draft
	}
	e.do(func(c domain.Content) ([]domain.Event, error) {
		return domain.CreateContent(domain.ContentCreated{
			ContentID: c.ID, Title: p.title, Slug: slug, Description: p.description, Content: p.text,
			Format: domain.Markdown, AuthorID: author, Tags: p.tags, Status: status,
		})
	})
}

// update changes the page. The text of a draft is never public, and that of a page becomes public.
func (e *edit) update(p page, slug string) {
	if p.draft {
		e.do(domain.Content.Unpublish)
	}
	e.do(func(c domain.Content) ([]domain.Event, error) {
		return c.Update(domain.ContentUpdated{
			Title: &p.title, Slug: &slug, Description: domain.To(p.description), Content: &p.text, Tags: p.tags,
		})
	})
	if !p.draft {
		e.do(domain.Content.Publish)
	}
}

// freeSlug returns the base, with a number if another page has that slug. own is the page's present
// slug.
func (im *Importer) freeSlug(base, own string) string {
	for n, candidate := 1, base; ; candidate = base + "-" + strconv.Itoa(n) {
		if candidate == own || !im.slugs[candidate] {
			return candidate
		}
		n++
	}
}

// clip returns the text on one line, cut to a number of characters.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")), " ")
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most])
	}
	return s
}
