package domain_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

// TestApplyLeavesTheStateItWasGivenAlone folds random histories twice from every prefix: no event
// changes an earlier state.
func TestApplyLeavesTheStateItWasGivenAlone(t *testing.T) {
	t.Parallel()
	for name, history := range map[string]struct {
		none domain.State
		draw func(*rapid.T) []domain.Event
	}{
		"content": {domain.Content{}, contentHistory}, "deck": {domain.Presentation{}, deckHistory}, "user": {domain.User{}, userHistory},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				events := history.draw(r)
				states := []domain.State{history.none}
				written := []string{write(r, history.none)}
				for i, e := range events {
					next := apply(r, states[i], e, i)
					states, written = append(states, next), append(written, write(r, next))
				}
				for i, e := range events {
					if again := apply(r, states[i], e, i); !reflect.DeepEqual(again, states[i+1]) {
						r.Fatalf("%T after %d events gives %s, and %s the second time", e, i, written[i+1], write(r, again))
					}
				}
				for i, s := range states {
					if now := write(r, s); now != written[i] {
						r.Fatalf("the state after %d events was %s, and is %s after all", i, written[i], now)
					}
				}
			})
		})
	}
}

// TestStoredEventsFoldAsDecidedEvents folds events after a round through JSON.
func TestStoredEventsFoldAsDecidedEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := contentHistory(r)
		got, want := fold[content](r, stored(r, events)), fold[content](r, events)
		if !reflect.DeepEqual(normal(got), normal(want)) {
			r.Fatalf("%+v, want %+v", got, want)
		}
		events = deckHistory(r)
		if got, want := fold[deck](r, stored(r, events)), fold[deck](r, events); !sameDeck(got, want) {
			r.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// stored are the events as the log gives them back.
func stored(r *rapid.T, events []domain.Event) []domain.Event {
	r.Helper()
	out := make([]domain.Event, len(events))
	for i, e := range events {
		name, version, data, err := domain.Encode(e)
		if err != nil {
			r.Fatal(err)
		}
		if out[i], err = domain.Decode(name, version, data); err != nil {
			r.Fatal(err)
		}
	}
	return out
}

// TestEveryEventCounts: a state knows its version and when it last changed.
func TestEveryEventCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := contentHistory(r)
		c := fold[content](r, events)
		if c.Version != len(events) || c.UpdatedAt != second(len(events)) || c.CreatedAt != second(1) || c.ID != contentID {
			r.Fatalf("after %d events: %+v", len(events), c)
		}
		if (c.PublishedAt == nil) != (c.Status == domain.Draft) && c.Status != domain.Archived {
			r.Fatalf("%s, published at %v", c.Status, c.PublishedAt)
		}
		events = deckHistory(r)
		p := fold[deck](r, events)
		if p.Version != len(events) || p.UpdatedAt != second(len(events)) || p.CreatedAt != second(1) || p.HeaderVersion < 1 || p.HeaderVersion > p.Version {
			r.Fatalf("after %d events: %+v", len(events), p)
		}
		for _, s := range p.Slides {
			if found, ok := p.Slide(s.ID); !ok || found != s || s.Version < 2 || s.Version > p.Version {
				r.Fatalf("slide %+v of %+v", s, p)
			}
		}
	})
}

// TestAVersionTellsWhatChanged: of a deck, its header or one slide.
func TestAVersionTellsWhatChanged(t *testing.T) {
	t.Parallel()
	events := append(given{}, ofThree...)
	events = append(events,
		domain.SlideUpdated{PresentationID: deckID, SlideID: slideID(2), Content: new("x")}, // 5
		domain.SlideMoved{PresentationID: deckID, SlideID: slideID(3)},                      // 6
		domain.PresentationUpdated{PresentationID: deckID, Title: new("x")},                 // 7
		domain.SlideRemoved{PresentationID: deckID, SlideID: slideID(1)},                    // 8
	)
	p := fold[deck](t, events)
	if p.HeaderVersion != 7 || p.Version != 8 || len(p.Slides) != 2 || p.Slides[0].Version != 6 || p.Slides[1].Version != 5 {
		t.Errorf("%+v", p)
	}
}

func TestEventsOfOtherStreamsAreRefused(t *testing.T) {
	t.Parallel()
	states := map[domain.Kind]domain.State{}
	for _, kind := range []domain.Kind{domain.KindContent, domain.KindPresentation, domain.KindUser} {
		s, err := domain.NewState(kind)
		if err != nil {
			t.Fatal(err)
		}
		states[kind] = s
	}
	accepted := map[domain.Kind]int{}
	for _, s := range samples {
		for kind, state := range states {
			if _, err := state.Apply(s.event, 1); err == nil {
				accepted[kind]++
			}
		}
	}
	inDeck := 0
	for _, s := range samples {
		switch s.event.(type) {
		case domain.SlideUpdated, domain.SlideMoved:
			inDeck++ // they need their slide
		}
	}
	if accepted[domain.KindContent]+accepted[domain.KindPresentation]+accepted[domain.KindUser]+inDeck != len(samples) {
		t.Errorf("of %d events, accepted are %v", len(samples), accepted)
	}
	for _, e := range []domain.Event{domain.SlideUpdated{SlideID: slideID(9)}, domain.SlideMoved{SlideID: slideID(9)}} {
		if _, err := fold[deck](t, ofThree).Apply(e, 1); err == nil {
			t.Errorf("%T of a slide that is not there was applied", e)
		}
	}
}

func apply(r *rapid.T, s domain.State, e domain.Event, i int) domain.State {
	r.Helper()
	next, err := s.Apply(e, second(i+1))
	if err != nil {
		r.Fatalf("apply %T: %v", e, err)
	}
	return next
}

// write returns all of a state, pointers followed, as text.
func write(r *rapid.T, s domain.State) string {
	r.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		r.Fatal(err)
	}
	return string(data)
}

func userHistory(r *rapid.T) []domain.Event {
	events := []domain.Event{registered}
	decide := func(more []domain.Event, err error) {
		if gone := fold[user](r, events).Forgotten; err != nil && !(gone && domain.CodeOf(err) == domain.NotFound) {
			r.Fatal(err)
		}
		events = append(events, more...)
	}
	r.Repeat(map[string]func(*rapid.T){
		"forget": func(r *rapid.T) {
			if rapid.IntRange(0, 9).Draw(r, "forget") == 0 {
				decide(fold[user](r, events).Forget())
			}
		},
		"log in": func(r *rapid.T) { decide(fold[user](r, events).LogIn()) },
		"update": func(r *rapid.T) {
			name := rapid.SampledFrom([]string{"Ann", "Bob"})
			decide(fold[user](r, events).Update(domain.UserUpdated{
				DisplayName: rapid.Ptr(name, true).Draw(r, "name"),
				Email:       rapid.Ptr(rapid.SampledFrom([]string{"ann@example.org", "Bob@example.org"}), true).Draw(r, "email"),
			}))
		},
		"role": func(r *rapid.T) {
			decide(fold[user](r, events).ChangeRole(rapid.SampledFrom([]domain.Role{domain.Admin, domain.Viewer}).Draw(r, "role")))
		},
	})
	return events
}
