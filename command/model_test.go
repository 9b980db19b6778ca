package command_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"pgregory.net/rapid"
)

// model holds the states of all streams at every position, folded from the events without the
// database.
type model struct {
	events []eventstore.Event
	at     []map[string]domain.State // by position
	order  []string                  // ids of streams, in order of creation
}

func newModel() *model { return &model{at: []map[string]domain.State{{}}} }

// follow folds the events that were appended since the last call, and checks the properties of
// every log.
func (m *model) follow(t rapid.TB, w *world) (added []eventstore.Event) {
	t.Helper()
	added, err := w.engine.Read(context.Background(), eventstore.Position(len(m.events)), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range added {
		if e.Position != eventstore.Position(len(m.events)+1) {
			t.Fatalf("position %s follows %d", e.Position, len(m.events))
		}
		if n := len(m.events); n > 0 && !e.RecordedAt.After(m.events[n-1].RecordedAt) {
			t.Fatalf("position %s was recorded at %s, the one before it at %s", e.Position, e.RecordedAt, m.events[n-1].RecordedAt)
		}
		m.fold(t, e)
	}
	if head := w.log.Head().Position; head != eventstore.Position(len(m.events)) {
		t.Fatalf("the head is at %s, the log ends at %d", head, len(m.events))
	}
	return added
}

func (m *model) fold(t rapid.TB, e eventstore.Event) {
	t.Helper()
	fact, err := domain.Decode(e.Type, e.SchemaVersion, e.Data)
	if err != nil {
		t.Fatal(err)
	}
	states := maps.Clone(m.now())
	id := string(e.Stream.ID)
	state, ok := states[id]
	if !ok {
		if state, err = domain.NewState(domain.Kind(e.Stream.Type)); err != nil {
			t.Fatal(err)
		}
		m.order = append(m.order, id)
	}
	if states[id], err = state.Apply(fact, domain.InstantOf(e.RecordedAt)); err != nil {
		t.Fatal(err)
	}
	if v, ok := states[id].(interface{ AtVersion() int }); ok && v.AtVersion() != e.Version {
		t.Fatalf("%s is at version %d, the event says %d", id, v.AtVersion(), e.Version)
	}
	m.events = append(m.events, e)
	m.at = append(m.at, states)
}

func (m *model) now() map[string]domain.State { return m.at[len(m.at)-1] }

// all returns the states of a type at a position, in order of creation.
func all[S domain.State](m *model, p eventstore.Position) (states []S) {
	for _, id := range m.order {
		if s, ok := m.at[p][id].(S); ok {
			states = append(states, s)
		}
	}
	return states
}

// hideable is a state that has an owner and may be public.
type hideable interface {
	domain.State
	Exists() bool
	Owner() string
	Public() bool
}

// sees reports whether an actor sees the object in a state: it was public then and is public now,
// or the actor may see hidden objects. The rule is the table of package policy in other words.
func (m *model) sees(actor domain.Actor, id string, then hideable) bool {
	now, _ := m.now()[id].(hideable) //nolint:errcheck // it was hideable then
	return then.Exists() && (seesHidden(actor, then.Owner()) || then.Public() && now.Public())
}

// seesHidden reports whether an actor sees the hidden objects of an owner, and the notes.
func seesHidden(actor domain.Actor, owner string) bool {
	return actor.Role == domain.Editor || actor.Role == domain.Admin || actor.Owns(owner)
}

// contents returns the contents that an actor sees as of a position.
func (m *model) contents(actor domain.Actor, p eventstore.Position) []domain.Content {
	return slices.DeleteFunc(all[domain.Content](m, p), func(c domain.Content) bool { return !m.sees(actor, c.ID, c) })
}

// decks returns the decks that an actor sees as of a position.
func (m *model) decks(actor domain.Actor, p eventstore.Position) []domain.Presentation {
	return slices.DeleteFunc(all[domain.Presentation](m, p), func(d domain.Presentation) bool { return !m.sees(actor, d.ID, d) })
}

// invariants checks the properties that no command may break.
func (m *model) invariants(t rapid.TB) {
	t.Helper()
	slugs, addresses, admins := make(map[string]string), make(map[string]string), 0
	head := eventstore.Position(len(m.events))
	for _, c := range all[domain.Content](m, head) {
		if other, ok := slugs[c.Slug]; ok && !c.Deleted {
			t.Fatalf("%s and %s have the slug %q", other, c.ID, c.Slug)
		}
		if !c.Deleted {
			slugs[c.Slug] = c.ID
		}
	}
	for _, u := range all[domain.User](m, head) {
		if other, ok := addresses[u.Email]; ok {
			t.Fatalf("%s and %s have the address %q", other, u.ID, u.Email)
		}
		addresses[u.Email] = u.ID
		if u.Role == domain.Admin {
			admins++
		}
	}
	if admins == 0 {
		t.Fatal("no admin is left")
	}
	for _, d := range all[domain.Presentation](m, head) {
		ids := make(map[string]bool)
		for _, s := range d.Slides {
			if ids[s.ID] {
				t.Fatalf("%s has %s twice", d.ID, s.ID)
			}
			ids[s.ID] = true
		}
	}
}

// words returns the words of texts, as a search finds them.
func words(texts ...string) map[string]bool {
	found := make(map[string]bool)
	for _, text := range texts {
		text = strings.NewReplacer("é", "e", "É", "e").Replace(text)
		for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }) {
			found[w] = true
		}
	}
	return found
}

// text returns a value as JSON, for comparisons and messages.
func text(t rapid.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// or returns *p, or the zero value for nil.
func or[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
