package siteimport

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/gitimport"
)

// Importer turns commits into events. The events of a commit are recorded at the commit's time,
// with its author as the actor and its hash as the correlation id. One goroutine uses an Importer.
//
// A read as of a commit's time shows that commit and every earlier one, and none of the later ones:
// the last event of a commit is recorded at the commit's time, and the events before it in the
// microseconds before. Commits of the same second share that moment, and so does a commit whose
// time is before the time of its predecessor: a read as of the moment shows all of them.
type Importer struct {
	commands *command.Commands
	pages    map[string]domain.Content // by path
	slugs    map[string]bool           // of pages
	authors  map[string]domain.User    // by e-mail address
	// pending holds the commits of moment. The first of them is recorded once the events of all are
	// counted.
	pending []commitEvents
	moment  time.Time
}

// commitEvents holds the events of one commit.
type commitEvents struct {
	hash    string
	author  string
	streams []command.StreamEvents
}

// New begins an import into the log of the commands. It returns an error if the log has events.
func New(c *command.Commands) (*Importer, error) {
	if head := c.Log.Head().Position; head > 0 {
		return nil, fmt.Errorf("the log has %s events already, and an import needs an empty one: choose a new file with --db", head)
	}
	return &Importer{
		commands: c, pages: make(map[string]domain.Content), slugs: make(map[string]bool), authors: make(map[string]domain.User),
	}, nil
}

// Pages returns the number of pages after the commits so far.
func (im *Importer) Pages() int { return len(im.pages) }

// Commit takes the next commit, oldest first. Its events may be recorded only by a later call of
// Commit or Finish.
func (im *Importer) Commit(ctx context.Context, c gitimport.Commit) error {
	if c.Time.After(im.moment) {
		if err := im.Finish(ctx); err != nil {
			return err
		}
		im.moment = c.Time
	}
	events := commitEvents{hash: c.Hash}
	author, err := im.author(&events, c)
	if err != nil {
		return fmt.Errorf("commit %s: %w", c.Hash, err)
	}
	events.author = author
	for _, change := range c.Changes {
		if err := im.change(&events, change); err != nil {
			return fmt.Errorf("commit %s: %s: %w: leave the file out with --path '*.md' --path ':(exclude,literal)%s'",
				c.Hash, change.Path, err, strings.ReplaceAll(change.Path, "'", `'\''`))
		}
	}
	im.pending = append(im.pending, events)
	return nil
}

// Finish records every commit that is not recorded yet.
func (im *Importer) Finish(ctx context.Context) error {
	at := im.moment.Add(time.Microsecond)
	for _, c := range im.pending {
		at = at.Add(-c.duration())
	}
	for _, c := range im.pending {
		if err := im.record(ctx, c, at); err != nil {
			return fmt.Errorf("record commit %s: %w", c.hash, err)
		}
		at = at.Add(c.duration())
	}
	im.pending = nil
	return nil
}

// duration returns the time that the events of the commit take up in the log: a microsecond each.
func (c commitEvents) duration() (d time.Duration) {
	for _, s := range c.streams {
		d += time.Duration(len(s.Events)) * time.Microsecond
	}
	return d
}

func (im *Importer) record(ctx context.Context, c commitEvents, at time.Time) error {
	if len(c.streams) == 0 {
		return nil
	}
	return im.commands.Append(ctx, at, eventstore.Metadata{Actor: c.author, CorrelationID: c.hash}, c.streams...)
}
