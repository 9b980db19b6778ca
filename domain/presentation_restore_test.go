package domain_test

import (
	"reflect"
	"slices"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

func TestRestorePresentation(t *testing.T) {
	t.Parallel()
	public := domain.PresentationUpdated{PresentationID: deckID, IsPublic: new(true)}
	private := domain.PresentationUpdated{PresentationID: deckID, IsPublic: new(false)}
	other := domain.PresentationUpdated{PresentationID: deckID, Title: new("Other"), Description: domain.Clear[string](), Theme: new("day")}
	restored := func(version int, isPublic bool, slides ...domain.SlideAdded) domain.PresentationRestored {
		e := domain.PresentationRestored{
			PresentationID: deckID, FromVersion: version, Title: deckCreated.Title, Description: deckCreated.Description,
			Theme: deckCreated.Theme, FrontMatter: deckCreated.FrontMatter, IsPublic: isPublic, Slides: []domain.RestoredSlide{},
		}
		for _, s := range slides {
			e.Slides = append(e.Slides, domain.RestoredSlide{SlideID: s.SlideID, Title: s.Title, Content: s.Content, Notes: s.Notes})
		}
		return e
	}
	row := func(name string, events given, version int, result then, faults []fault) scenario[deck] {
		return scenario[deck]{name: name, given: events, then: result, faults: faults, when: func(p deck) ([]domain.Event, error) {
			return p.Restore(fold[deck](t, events[:version]))
		}}
	}
	more := func(events given, others ...domain.Event) given { return append(slices.Clone(events), others...) }
	play(t, []scenario[deck]{
		row("a changed deck", more(ofThree, other), 4, then{restored(4, false, one, two, three)}, nil),
		row("a deck with fewer slides", ofThree, 2, then{restored(2, false, one)}, nil),
		row("a deck without slides", ofThree, 1, then{restored(1, false)}, nil),
		row("a public deck stays public", more(ofThree, public, other), 2, then{restored(2, true, one)}, nil),
		row("a private deck stays private", given{deckCreated, public, one, private, two}, 3, then{restored(3, false, one)}, nil),
		row("who sees it is not restored", given{deckCreated, public, one, private}, 3, nil, nil),
		row("a deleted deck", gone, 2, then{restored(2, false, one)}, nil),
		row("a deleted public deck comes back private", given{deckCreated, public, deckDeleted}, 2, then{restored(2, false)}, nil),
		row("what it is already", ofThree, 4, nil, nil),
		row("fields and slides it has already", more(ofThree, other, restored(4, false, one, two, three)), 4, nil, nil),
		row("a deleted version", gone, 3, nil, invalid("toVersion")),
		row("no version", ofThree, 0, nil, notFound("toVersion")),
		row("no deck", given{}, 0, nil, notFound("id")),
	})
}

// TestRestoringADeckGivesTheFieldsAndSlidesOfTheVersionAndPublishesNothing restores every version
// of random histories.
func TestRestoringADeckGivesTheFieldsAndSlidesOfTheVersionAndPublishesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := deckHistory(r)
		old := fold[deck](t, events[:rapid.IntRange(1, len(events)).Draw(r, "version")])
		now := fold[deck](t, events)
		decided, err := now.Restore(old)
		if old.Deleted {
			mustBeCode(r, err, domain.Invalid)
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		after := foldFrom(t, now, decided)
		want := now
		want.Title, want.Description, want.Theme, want.FrontMatter = old.Title, old.Description, old.Theme, old.FrontMatter
		want.IsPublic, want.Deleted = now.IsPublic && !now.Deleted, false
		want.Slides = slices.Clone(old.Slides)
		for i := range want.Slides {
			want.Slides[i].Version = after.Slides[i].Version
		}
		want.Version, want.HeaderVersion, want.UpdatedAt = after.Version, after.HeaderVersion, after.UpdatedAt
		if !sameDeck(after, want) || len(decided) > 1 {
			r.Fatalf("restored %+v, want %+v", after, want)
		}
		if again, err := after.Restore(old); len(again) != 0 || err != nil {
			r.Fatalf("restored twice: %v, error %v", again, err)
		}
	})
}

// sameDeck treats nil and an empty list of slides as equal.
func sameDeck(a, b deck) bool {
	if len(a.Slides) == 0 && len(b.Slides) == 0 {
		a.Slides, b.Slides = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// deckHistory draws a random history of a deck from its deciding methods.
func deckHistory(r *rapid.T) []domain.Event {
	events := slices.Clone(ofNone)
	added := 0
	state := func() deck { return fold[deck](r, events) }
	decide := func(more []domain.Event, err error) {
		if err != nil && domain.CodeOf(err) == "" {
			r.Fatal(err)
		}
		events = append(events, more...)
	}
	text := rapid.SampledFrom([]string{"Deck", "x", "y", ""})
	r.Repeat(map[string]func(*rapid.T){
		"update": func(r *rapid.T) {
			decide(state().Update(domain.PresentationUpdated{
				Title: rapid.Ptr(text, true).Draw(r, "title"), Description: anyChange(text).Draw(r, "description"),
				Theme: rapid.Ptr(text, true).Draw(r, "theme"), IsPublic: rapid.Ptr(rapid.Bool(), true).Draw(r, "public"),
			}))
		},
		"add": func(r *rapid.T) {
			added++
			p := state()
			decide(p.AddSlide(fresh(added), placement(r, p, added)))
		},
		"change": func(r *rapid.T) {
			decide(state().UpdateSlide(slideUpdated{
				SlideID: anySlide(r, added), Title: anyChange(text).Draw(r, "title"),
				Content: rapid.Ptr(text, true).Draw(r, "content"), Notes: anyChange(text).Draw(r, "notes"),
			}))
		},
		"move": func(r *rapid.T) {
			p := state()
			decide(p.MoveSlide(anySlide(r, added), placement(r, p, added)))
		},
		"remove": func(r *rapid.T) { decide(state().RemoveSlide(anySlide(r, added))) },
		"delete": func(r *rapid.T) {
			if rapid.IntRange(0, 4).Draw(r, "really") == 0 {
				decide(state().Delete())
			}
		},
		"restore": func(r *rapid.T) {
			decide(state().Restore(fold[deck](r, events[:rapid.IntRange(1, len(events)).Draw(r, "version")])))
		},
	})
	return events
}
