package command

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/gitimport"
	"flightdeck/markdown"
)

// Site turns the history of a folder of pages, kept in git, into events: a commit
// becomes the events of its changes, recorded at the commit's time, caused by its
// author, correlated by its hash. It is used by one goroutine.
//
// As of the time of a commit everything up to and with that commit has happened,
// and nothing of later ones: the last event of a commit is recorded at its time,
// those before it in the microseconds before. Commits of the same second, and
// those whose time is before their predecessor's, share the last moment: as of it,
// all of them have happened.
type Site struct {
	commands *Commands
	pages    map[string]domain.Content // by path
	slugs    map[string]bool
	authors  map[string]domain.User // by e-mail address
	// waiting are commits of the same moment, whose events are counted before the
	// first of them is recorded.
	waiting []recording
	moment  time.Time
}

// recording is what is to be appended for one commit.
type recording struct {
	hash   string
	author string
	parts  []part
}

// part is what happened to one stream.
type part struct {
	kind   domain.Kind
	id     string
	from   int // the version before
	events []domain.Event
}

// NewSite begins an import. The log must be empty.
func (c *Commands) NewSite() (*Site, error) {
	if head := c.Log.Head().Position; head > 0 {
		return nil, fmt.Errorf("the log has %s events already, and an import needs an empty one: choose a new file with --db", head)
	}
	return &Site{
		commands: c, pages: make(map[string]domain.Content), slugs: make(map[string]bool), authors: make(map[string]domain.User),
	}, nil
}

// Pages returns how many pages there are now.
func (s *Site) Pages() int { return len(s.pages) }

// Commit takes the next commit. It may be recorded only with a later one, or by
// Finish.
func (s *Site) Commit(ctx context.Context, c gitimport.Commit) error {
	if c.Time.After(s.moment) {
		if err := s.Finish(ctx); err != nil {
			return err
		}
		s.moment = c.Time
	}
	r := recording{hash: c.Hash}
	author, err := s.author(&r, c)
	if err != nil {
		return fmt.Errorf("commit %s: %w", c.Hash, err)
	}
	r.author = author
	for _, change := range c.Changes {
		if err := s.change(&r, change); err != nil {
			return fmt.Errorf("commit %s: %s: %w: leave the file out with --path '*.md' --path ':(exclude,literal)%s'",
				c.Hash, change.Path, err, strings.ReplaceAll(change.Path, "'", `'\''`))
		}
	}
	s.waiting = append(s.waiting, r)
	return nil
}

// Finish records everything that waits.
func (s *Site) Finish(ctx context.Context) error {
	at := s.moment.Add(time.Microsecond)
	for _, r := range s.waiting {
		at = at.Add(-time.Duration(r.size()) * time.Microsecond)
	}
	for _, r := range s.waiting {
		if err := s.record(ctx, r, at); err != nil {
			return fmt.Errorf("record commit %s: %w", r.hash, err)
		}
		at = at.Add(time.Duration(r.size()) * time.Microsecond)
	}
	s.waiting = nil
	return nil
}

func (r recording) size() (n int) {
	for _, p := range r.parts {
		n += len(p.events)
	}
	return n
}

func (s *Site) record(ctx context.Context, r recording, at time.Time) error {
	if r.size() == 0 {
		return nil
	}
	info := eventstore.Command{At: at, Metadata: eventstore.Metadata{Actor: r.author, CorrelationID: r.hash}}
	_, err := s.commands.Log.Update(ctx, info, func(tx *eventstore.Tx) error {
		u := &unit{Commands: s.commands, tx: tx}
		for _, p := range r.parts {
			if err := u.append(p.kind, p.id, eventstore.Exactly(p.from), p.events); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// author returns the user who is a commit's author, registering them the first
// time. An author's name is the one of their first commit.
func (s *Site) author(r *recording, c gitimport.Commit) (id string, err error) {
	email := domain.NormalEmail(c.AuthorEmail)
	if user, ok := s.authors[email]; ok {
		return user.ID, nil
	}
	e := domain.UserRegistered{UserID: newID(domain.KindUser), Email: email, DisplayName: clip(c.AuthorName, domain.MaxDisplayName), Role: domain.Author}
	if e.DisplayName == "" {
		e.DisplayName = "unknown"
	}
	events, err := domain.RegisterUser(e)
	if domain.CodeOf(err) == domain.Invalid { // git takes any text for an address
		e.Email = "author-" + strconv.Itoa(len(s.authors)+1) + "@unknown.invalid"
		events, err = domain.RegisterUser(e)
	}
	if err != nil {
		return "", err
	}
	r.parts = append(r.parts, part{domain.KindUser, e.UserID, 0, events})
	s.authors[email] = domain.User{ID: e.UserID}
	return e.UserID, nil
}

// change decides what a change of a file means.
func (s *Site) change(r *recording, c gitimport.Change) error {
	before := s.pages[cmp.Or(c.OldPath, c.Path)]
	if c.Kind == gitimport.Removed {
		events, err := before.Delete()
		return s.keep(r, before, c.Path, "", events, err)
	}
	text := string(c.Content)
	title := clip(cmp.Or(markdown.PageTitle(text), path.Base(c.Path)), domain.MaxTitle)
	if before.Version == 0 {
		id := newID(domain.KindContent)
		events, err := domain.CreateContent(domain.ContentCreated{
			ContentID: id, Title: title, Slug: s.slug(c.Path, ""), Content: text,
			Format: domain.Markdown, AuthorID: r.author, Status: domain.Published,
		})
		return s.keep(r, domain.Content{ID: id}, c.Path, c.Path, events, err)
	}
	address := before.Slug
	if c.Kind == gitimport.Renamed {
		address = s.slug(c.Path, before.Slug)
	}
	events, err := before.Update(domain.ContentUpdated{Title: &title, Slug: &address, Content: &text})
	return s.keep(r, before, cmp.Or(c.OldPath, c.Path), c.Path, events, err)
}

// keep notes the events of a page, and the page they lead to under its new path.
func (s *Site) keep(r *recording, before domain.Content, oldPath, newPath string, events []domain.Event, err error) error {
	if err != nil {
		return err
	}
	delete(s.pages, oldPath)
	delete(s.slugs, before.Slug)
	var state domain.State = before
	for _, e := range events {
		if state, err = state.Apply(e, 0); err != nil {
			return err
		}
	}
	after, _ := state.(domain.Content) //nolint:errcheck // it was one
	if newPath != "" {
		s.pages[newPath] = after
		s.slugs[after.Slug] = true
	}
	if len(events) > 0 {
		r.parts = append(r.parts, part{domain.KindContent, after.ID, before.Version, events})
	}
	return nil
}

// slug returns the address of a page: its path without the extension, each part
// made fit for an address, with a number where another page has it already.
func (s *Site) slug(file, own string) string {
	base := SlugOfPath(file)
	for n, candidate := 1, base; ; candidate = base + "-" + strconv.Itoa(n) {
		if candidate == own || !s.slugs[candidate] {
			return candidate
		}
		n++
	}
}

// SlugOfPath returns the slug that the path of a file suggests.
func SlugOfPath(file string) string {
	parts := strings.Split(strings.TrimSuffix(file, path.Ext(file)), "/")
	for i, p := range parts {
		parts[i] = cmp.Or(hyphenated(p), "untitled")
	}
	s := strings.Join(parts, "/")
	if len(s) > domain.MaxSlug-10 {
		s = strings.Trim(s[len(s)-domain.MaxSlug+10:], "-/")
	}
	return s
}

// clip cuts a text to as many characters and makes it one line.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")), " ")
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most])
	}
	return s
}
