package siteimport

import (
	"context"
	"fmt"
	"time"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/gitimport"
)

// Options are the choices of an import.
type Options struct {
	// Now is the time of the import. No event is recorded after it, and a page dated after it is a
	// draft.
	Now time.Time
	// Strict makes a file an error that would otherwise be repaired or left out.
	Strict bool
}

// Importer turns commits into events. The events of a commit are recorded at the commit's time,
// with its author as the actor and its hash as the correlation id. One goroutine uses an Importer.
//
// A read as of a commit's time shows that commit and every earlier one, and none of the later ones:
// the last event of a commit is recorded at the commit's time, and the events before it in the
// microseconds before. Commits of the same second share that moment, and so does a commit whose
// time is before the time of its predecessor: a read as of the moment shows all of them. A commit
// that is dated after the import shares the moment of the next one that is not, or of the import.
type Importer struct {
	commands *command.Commands
	now      time.Time
	strict   bool
	pages    map[string]filed  // by path
	slugs    map[string]bool   // of pages
	authors  map[string]string // ids, by e-mail address, or by name and address
	// pending holds the commits of moment. The first of them is recorded once the events of all are
	// counted.
	pending []commitEvents
	moment  time.Time
	// undated holds the last commits, if they are dated after the import.
	undated []commitEvents

	leftOut, repaired, others remarks
	redated                   []Redated
}

// filed is a page, and the slug that its file asks for.
type filed struct {
	state domain.Content
	base  string
}

// commitEvents holds the events of one commit.
type commitEvents struct {
	hash    string
	author  string
	streams []command.StreamEvents
}

// add adds the events that changed a page.
func (c *commitEvents) add(before domain.Content, e edit) {
	if len(e.events) > 0 {
		c.streams = append(c.streams, command.StreamEvents{Kind: domain.KindContent, ID: e.state.ID, From: before.Version, Events: e.events})
	}
}

// New begins an import into the log of the commands. It returns an error if the log has events.
func New(c *command.Commands, o Options) (*Importer, error) {
	if head := c.Log.Head().Position; head > 0 {
		return nil, fmt.Errorf("the log has %s events already, and an import needs an empty one: choose a new file with --db", head)
	}
	return &Importer{
		commands: c, now: o.Now, strict: o.Strict,
		pages: make(map[string]filed), slugs: make(map[string]bool), authors: make(map[string]string),
	}, nil
}

// Pages returns the number of pages after the commits so far.
func (im *Importer) Pages() int { return len(im.pages) }

// Report returns the report on the commits so far.
func (im *Importer) Report() Report {
	r := Report{
		LeftOut: im.leftOut.all(), Repaired: im.repaired.all(), Others: im.others.all(),
		Redated: append([]Redated{}, im.redated...),
	}
	for _, p := range im.pages {
		if p.state.Status == domain.Draft {
			r.Drafts++
		}
	}
	return r
}

// Commit takes the next commit, oldest first. Its events may be recorded only by a later call of
// Commit or Finish.
func (im *Importer) Commit(ctx context.Context, c gitimport.Commit) error {
	future := c.Time.After(im.now)
	if !future && c.Time.After(im.moment) {
		if err := im.record(ctx); err != nil {
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
			if im.strict && domain.CodeOf(err) == domain.Invalid {
				err = fmt.Errorf("%w: leave out --strict, and the import repairs such a file or leaves it out", err)
			}
			return fmt.Errorf("commit %s: %s: %w", c.Hash, change.Path, err)
		}
	}
	for _, other := range c.Others {
		im.others.add(other.Path, "it is a "+string(other.Is), c.Hash)
	}
	if future {
		im.redated = append(im.redated, Redated{c.Hash, c.Time})
		im.undated = append(im.undated, events)
		return nil
	}
	im.pending = append(append(im.pending, im.undated...), events)
	im.undated = nil
	return nil
}

// Finish records every commit that is not recorded yet.
func (im *Importer) Finish(ctx context.Context) error {
	if err := im.record(ctx); err != nil || len(im.undated) == 0 {
		return err
	}
	im.pending, im.undated, im.moment = im.undated, nil, im.now
	return im.record(ctx)
}

// record records the commits of the moment.
func (im *Importer) record(ctx context.Context) error {
	at := im.moment.Add(time.Microsecond)
	for _, c := range im.pending {
		at = at.Add(-c.duration())
	}
	for _, c := range im.pending {
		if err := im.append(ctx, c, at); err != nil {
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

func (im *Importer) append(ctx context.Context, c commitEvents, at time.Time) error {
	if len(c.streams) == 0 {
		return nil
	}
	return im.commands.Append(ctx, at, eventstore.Metadata{Actor: c.author, CorrelationID: c.hash}, c.streams...)
}
