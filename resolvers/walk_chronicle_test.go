package resolvers_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/projection"
)

// chronicle is the folded log: every state of every object. It tells the answers that the API must
// give, from the events and the table of package policy alone.
type chronicle struct {
	t       testing.TB
	log     *eventstore.Store
	model   projection.Model
	events  []eventstore.Event
	streams map[string][]moment
	rules   policy.Table
	// erased has the marks of the people that were forgotten before the log was read.
	erased []string
}

// moment is a state, with the event that led to it.
type moment struct {
	state domain.State
	event eventstore.Event
	marks []string // of all texts in the state and the event
}

func newChronicle(t testing.TB, d *desk) *chronicle {
	c := &chronicle{t: t, log: d.log, model: projection.Model{Vault: d.vault}, streams: map[string][]moment{}, rules: policy.Rules()}
	c.read()
	return c
}

// read folds the events that were appended since the last call.
func (c *chronicle) read() {
	c.t.Helper()
	for {
		page, err := c.log.Read(context.Background(), eventstore.Position(len(c.events)), 500)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(page) == 0 {
			return
		}
		for _, e := range page {
			id := string(e.Stream.ID)
			var before any
			if n := len(c.streams[id]); n > 0 {
				before = c.streams[id][n-1].state
			}
			after, err := c.model.Apply(before, e)
			if err != nil {
				c.t.Fatal(err)
			}
			text, err := json.Marshal(after)
			if err != nil {
				c.t.Fatal(err)
			}
			c.events = append(c.events, e)
			c.streams[id] = append(c.streams[id], moment{after.(domain.State), e, unique(append(marksIn(string(text)), marksIn(string(e.Data))...))})
		}
	}
}

// ids returns the ids of a type of the schema.
func (c *chronicle) ids(typename string) (all []string) {
	for id, moments := range c.streams {
		switch moments[0].state.(type) {
		case domain.Content:
			if typename == "Content" || typename == "Node" {
				all = append(all, id)
			}
		case domain.User:
			if typename == "User" || typename == "Node" {
				all = append(all, id)
			}
		case domain.Presentation:
			if typename == "Presentation" || typename == "Node" {
				all = append(all, id)
			}
			for _, m := range moments {
				for _, s := range m.state.(domain.Presentation).Slides {
					if typename == "Slide" || typename == "Node" {
						all = append(all, s.ID)
					}
				}
			}
		}
	}
	return unique(all)
}

// at returns the last moment of a stream up to a position. ok is false before the first one.
func (c *chronicle) at(id string, p eventstore.Position) (m moment, ok bool) {
	for _, next := range c.streams[id] {
		if next.event.Position > p {
			break
		}
		m, ok = next, true
	}
	return m, ok
}

// thing is a content or a deck.
type thing interface {
	Exists() bool
	Owner() string
	Public() bool
}

// may reports whether an actor may see the event of a moment, and whether the actor may see the
// state after it. A deleted state is never visible.
func (c *chronicle) may(a domain.Actor, m moment) (event, state bool) {
	id := string(m.event.Stream.ID)
	now := c.streams[id][len(c.streams[id])-1].state
	then, ok := m.state.(thing)
	if !ok || domain.Kind(m.event.Stream.Type) == domain.KindUser {
		return c.rules.May(a, policy.SeeAccount, id), c.rules.May(a, policy.SeeUser, id)
	}
	latest := now.(thing)
	sight := policy.VisibilityOf(policy.ExposureOf(then.Public(), !then.Exists()), policy.ExposureOf(latest.Public(), !latest.Exists()))
	right := sight.Content()
	if domain.Kind(m.event.Stream.Type) == domain.KindPresentation {
		right = sight.Deck()
	}
	event = c.rules.May(a, right, then.Owner())
	return event, event && then.Exists()
}

// seesSlide returns a slide as of a position. ok is false if the actor may not see its deck.
func (c *chronicle) seesSlide(a domain.Actor, id string, p eventstore.Position) (domain.Slide, bool) {
	for _, deck := range c.ids("Presentation") {
		if state, ok := c.sees(a, deck, p); ok {
			if slide, ok := state.(domain.Presentation).Slide(id); ok {
				return slide, true
			}
		}
	}
	return domain.Slide{}, false
}

// sees returns the state of an object as of a position. ok is false if the actor may not see it.
func (c *chronicle) sees(a domain.Actor, id string, p eventstore.Position) (domain.State, bool) {
	m, ok := c.at(id, p)
	if !ok {
		return nil, false
	}
	_, ok = c.may(a, m)
	return m.state, ok
}

// seesNotes reports whether an actor may read the notes of a deck.
func (c *chronicle) seesNotes(a domain.Actor, owner string) bool {
	return c.rules.May(a, policy.SeeNotes, owner)
}

// list returns the ids of a type that an actor may see as of a position.
func (c *chronicle) list(a domain.Actor, typename string, p eventstore.Position) (ids []string) {
	for _, id := range c.ids(typename) {
		if _, ok := c.sees(a, id, p); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// eventsOf returns the positions, after one and up to another, of the events that an actor may see:
// of one stream, or of all streams for "".
func (c *chronicle) eventsOf(a domain.Actor, stream string, after, until eventstore.Position) (positions []string) {
	for _, e := range c.events {
		id := string(e.Stream.ID)
		if e.Position <= after || e.Position > until || stream != "" && id != stream {
			continue
		}
		if told, _ := c.may(a, c.streams[id][e.Version-1]); told {
			positions = append(positions, e.Position.String())
		}
	}
	return positions
}

// withdrawn reports whether the event of a moment took its object away from an actor who may not
// see the event.
func (c *chronicle) withdrawn(a domain.Actor, m moment) bool {
	id := string(m.event.Stream.ID)
	if told, _ := c.may(a, m); told || m.event.Version < 2 {
		return false
	}
	if user, ok := m.state.(domain.User); ok {
		return user.Forgotten && c.rules.May(a, policy.SeeUser, id)
	}
	saw := func(m moment) bool {
		state := m.state.(thing)
		is := policy.ExposureOf(state.Public(), !state.Exists())
		right := policy.VisibilityOf(is, is).Content()
		if domain.Kind(m.event.Stream.Type) == domain.KindPresentation {
			right = policy.VisibilityOf(is, is).Deck()
		}
		return state.Exists() && c.rules.May(a, right, state.Owner())
	}
	return saw(c.streams[id][m.event.Version-2]) && !saw(m)
}

// withdrawals returns the positions after one and up to another at which objects were taken away
// from an actor, and the ids of these objects.
func (c *chronicle) withdrawals(a domain.Actor, after, until eventstore.Position) (positions, ids []string) {
	for _, e := range c.events {
		id := string(e.Stream.ID)
		if e.Position > after && e.Position <= until && c.withdrawn(a, c.streams[id][e.Version-1]) {
			positions, ids = append(positions, e.Position.String()), append(ids, id)
		}
	}
	return positions, ids
}

// marksIn returns the marks in a text. Marks are words in everything that may have to be hidden: in
// the texts of each version of an object, in speaker notes and in addresses.
func marksIn(text string) (all []string) {
	for _, word := range []string{"canaryx", "whisperx", "mailx"} {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, word)
			if !ok {
				break
			}
			n := 0
			for n < len(after) && (after[n] == 'x' || after[n] >= '0' && after[n] <= '9') {
				n++
			}
			all = append(all, word+after[:n])
			rest = after[n:]
		}
	}
	return all
}

// uuidsIn returns the UUIDs in a text. Those of events are marks, too.
func uuidsIn(text string) (all []string) {
	for i := 8; i+28 <= len(text); i++ {
		if text[i] == '-' && text[i+5] == '-' && text[i+10] == '-' && text[i+15] == '-' {
			all = append(all, text[i-8:i+28])
			i += 27
		}
	}
	return all
}

// permitted returns the marks that an actor may see at any position, and all marks.
func (c *chronicle) permitted(a domain.Actor) (shown, all map[string]bool) {
	shown, all = map[string]bool{}, map[string]bool{}
	for _, mark := range c.erased {
		all[mark] = true
	}
	for id, moments := range c.streams {
		for _, m := range moments {
			told, seen := c.may(a, m)
			all[m.event.ID] = true
			shown[m.event.ID] = shown[m.event.ID] || told
			for _, mark := range m.marks {
				ok := told || seen
				user, isUser := moments[len(moments)-1].state.(domain.User)
				switch {
				case isUser && user.Forgotten:
					ok = false
				case mark[0] == 'w':
					ok = ok && c.seesNotes(a, m.state.(domain.Presentation).AuthorID)
				case mark[0] == 'm':
					ok = told || c.rules.May(a, policy.SeeEmail, id)
				}
				all[mark] = true
				shown[mark] = shown[mark] || ok
			}
		}
	}
	return shown, all
}

// slugs returns every slug that a content has had.
func (c *chronicle) slugs() (all []string) {
	for _, id := range c.ids("Content") {
		for _, m := range c.streams[id] {
			all = append(all, m.state.(domain.Content).Slug)
		}
	}
	return unique(all)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
