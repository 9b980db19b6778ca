package siteimport

import (
	"cmp"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/gitimport"
	"flightdeck/markdown/html"
)

// author returns the id of the commit's author. The first commit of an author registers the user,
// under the name in that commit.
func (im *Importer) author(to *commitEvents, c gitimport.Commit) (id string, err error) {
	email := domain.NormalEmail(c.AuthorEmail)
	if user, ok := im.authors[email]; ok {
		return user.ID, nil
	}
	e := domain.UserRegistered{UserID: command.NewID(domain.KindUser), Email: email, DisplayName: clip(c.AuthorName, domain.MaxDisplayName), Role: domain.Author}
	if e.DisplayName == "" {
		e.DisplayName = "unknown"
	}
	events, err := domain.RegisterUser(e)
	if domain.CodeOf(err) == domain.Invalid { // git takes any text for an address
		e.Email = "author-" + strconv.Itoa(len(im.authors)+1) + "@unknown.invalid"
		events, err = domain.RegisterUser(e)
	}
	if err != nil {
		return "", err
	}
	to.streams = append(to.streams, command.StreamEvents{Kind: domain.KindUser, ID: e.UserID, Events: events})
	im.authors[email] = domain.User{ID: e.UserID}
	return e.UserID, nil
}

// change adds the events of a changed file to the commit.
func (im *Importer) change(to *commitEvents, c gitimport.Change) error {
	before := im.pages[cmp.Or(c.OldPath, c.Path)]
	if c.Kind == gitimport.Removed {
		events, err := before.Delete()
		if err != nil {
			return err
		}
		return im.apply(to, before, c.Path, "", events)
	}
	text := string(c.Content)
	title := clip(cmp.Or(html.PageTitle(text), path.Base(c.Path)), domain.MaxTitle)
	if before.Version == 0 {
		id := command.NewID(domain.KindContent)
		events, err := domain.CreateContent(domain.ContentCreated{
			ContentID: id, Title: title, Slug: im.freeSlug(c.Path, ""), Content: text,
			Format: domain.Markdown, AuthorID: to.author, Status: domain.Published,
		})
		if err != nil {
			return err
		}
		return im.apply(to, domain.Content{ID: id}, c.Path, c.Path, events)
	}
	slug := before.Slug
	if c.Kind == gitimport.Renamed {
		slug = im.freeSlug(c.Path, before.Slug)
	}
	events, err := before.Update(domain.ContentUpdated{Title: &title, Slug: &slug, Content: &text})
	if err != nil {
		return err
	}
	return im.apply(to, before, cmp.Or(c.OldPath, c.Path), c.Path, events)
}

// apply adds the events of a page to the commit, and files the page that they lead to under its new
// path, or under none if that is empty.
func (im *Importer) apply(to *commitEvents, before domain.Content, oldPath, newPath string, events []domain.Event) error {
	delete(im.pages, oldPath)
	delete(im.slugs, before.Slug)
	var state domain.State = before
	var err error
	for _, e := range events {
		if state, err = state.Apply(e, 0); err != nil {
			return err
		}
	}
	after, _ := state.(domain.Content) //nolint:errcheck // a content's Apply returns a content
	if newPath != "" {
		im.pages[newPath] = after
		im.slugs[after.Slug] = true
	}
	if len(events) > 0 {
		to.streams = append(to.streams, command.StreamEvents{Kind: domain.KindContent, ID: after.ID, From: before.Version, Events: events})
	}
	return nil
}

// freeSlug returns the slug of a file's path, with a number if another page has that slug. own is
// the page's present slug.
func (im *Importer) freeSlug(file, own string) string {
	base := SlugOfPath(file)
	for n, candidate := 1, base; ; candidate = base + "-" + strconv.Itoa(n) {
		if candidate == own || !im.slugs[candidate] {
			return candidate
		}
		n++
	}
}

// SlugOfPath returns the slug that the path of a file suggests: the path without its extension,
// each part in lower-case ASCII with hyphens between the words.
func SlugOfPath(file string) string {
	parts := strings.Split(strings.TrimSuffix(file, path.Ext(file)), "/")
	for i, p := range parts {
		parts[i] = cmp.Or(command.Hyphenate(p), "untitled")
	}
	s := strings.Join(parts, "/")
	if len(s) > domain.MaxSlug-10 {
		s = strings.Trim(s[len(s)-domain.MaxSlug+10:], "-/")
	}
	return s
}

// clip returns the text on one line, cut to a number of characters.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")), " ")
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most])
	}
	return s
}
