package domain_test

import (
	"slices"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

type slideUpdated = domain.SlideUpdated

func TestUpdateSlide(t *testing.T) {
	t.Parallel()
	updating := func(e slideUpdated) func(deck) ([]domain.Event, error) {
		return func(p deck) ([]domain.Event, error) { return p.UpdateSlide(e) }
	}
	change := func(name string, e slideUpdated) scenario[deck] {
		e.SlideID = slideID(1)
		want := e
		want.PresentationID = deckID
		return scenario[deck]{name: name, given: ofThree, when: updating(e), then: then{want}}
	}
	of := func(n int, e slideUpdated) func(deck) ([]domain.Event, error) {
		e.SlideID = slideID(n)
		return updating(e)
	}
	play(t, []scenario[deck]{
		change("the title", slideUpdated{Title: domain.Set("Other")}),
		change("the title to none", slideUpdated{Title: domain.Clear[string]()}),
		change("the text", slideUpdated{Content: new("Other")}),
		change("the text to an empty one", slideUpdated{Content: new("")}),
		change("the notes", slideUpdated{Notes: domain.Set("Other")}),
		change("the notes to none", slideUpdated{Notes: domain.Clear[string]()}),
		change("everything", slideUpdated{Title: domain.Set(""), Content: new("Other"), Notes: domain.Set("")}),
		{
			name: "only what differs", given: ofThree,
			when: of(1, slideUpdated{PresentationID: "ignored", Title: domain.Set("One"), Content: new("Other"), Notes: domain.Set("say one")}),
			then: then{slideUpdated{PresentationID: deckID, SlideID: slideID(1), Content: new("Other")}},
		},
		{name: "nothing", given: ofThree, when: of(1, slideUpdated{})},
		{name: "what is so already", given: ofThree, when: of(2, slideUpdated{
			Title: domain.Clear[string](), Content: new("# Two"), Notes: domain.To[string](nil),
		})},
		{name: "a slide that is not there", given: ofThree, when: of(9, slideUpdated{Content: new("x")}), faults: notFound("slideId")},
		{name: "no deck", when: of(1, slideUpdated{Content: new("x")}), faults: notFound("presentationId")},
		{name: "a deleted deck", given: gone, when: of(1, slideUpdated{Content: new("x")}), faults: notFound("presentationId")},
		{name: "everything wrong", given: ofThree, when: of(1, slideUpdated{
			Title: domain.Set(times(domain.MaxTitle+1, "x")), Content: new("\x00"), Notes: domain.Set("\xff"),
		}), faults: invalid("title", "content", "notes")},
	})
	mustEqual(t, slideUpdated{Title: domain.Clear[string](), Content: new(""), Notes: domain.Set("")}.Changes(), []string{"title", "content", "notes"})
}

func TestMoveSlide(t *testing.T) {
	t.Parallel()
	move := func(n int, to domain.Placement) func(deck) ([]domain.Event, error) {
		return func(p deck) ([]domain.Event, error) { return p.MoveSlide(slideID(n), to) }
	}
	moved := func(name string, n int, to domain.Placement, after string) scenario[deck] {
		return scenario[deck]{
			name: name, given: ofThree, when: move(n, to),
			then: then{domain.SlideMoved{PresentationID: deckID, SlideID: slideID(n), After: after}},
		}
	}
	stays := func(name string, n int, to domain.Placement) scenario[deck] {
		return scenario[deck]{name: name, given: ofThree, when: move(n, to)}
	}
	refused := func(name string, faults []fault, n int, to domain.Placement) scenario[deck] {
		return scenario[deck]{name: name, given: ofThree, when: move(n, to), faults: faults}
	}
	play(t, []scenario[deck]{
		moved("to the end", 1, domain.Placement{}, slideID(3)),
		moved("after the next", 1, domain.Placement{After: slideID(2)}, slideID(2)),
		moved("before the first", 3, domain.Placement{Before: slideID(1)}, ""),
		moved("before the last", 1, domain.Placement{Before: slideID(3)}, slideID(2)),
		moved("to number 1", 2, domain.Placement{Order: 1}, ""),
		moved("down to number 2", 1, domain.Placement{Order: 2}, slideID(2)),
		moved("up to number 2", 3, domain.Placement{Order: 2}, slideID(1)),
		moved("to number 3, the end", 1, domain.Placement{Order: 3}, slideID(3)),
		stays("to the end, where it is", 3, domain.Placement{}),
		stays("after the one before it", 2, domain.Placement{After: slideID(1)}),
		stays("before the one after it", 2, domain.Placement{Before: slideID(3)}),
		stays("to its own number", 2, domain.Placement{Order: 2}),
		stays("the first to number 1", 1, domain.Placement{Order: 1}),
		refused("after itself", invalid("to"), 2, domain.Placement{After: slideID(2)}),
		refused("before itself", invalid("to"), 2, domain.Placement{Before: slideID(2)}),
		refused("after none", notFound("to.after"), 2, domain.Placement{After: slideID(9)}),
		refused("before none", notFound("to.before"), 2, domain.Placement{Before: slideID(9)}),
		refused("to number 4 of 3", invalid("to.order"), 2, domain.Placement{Order: 4}),
		refused("to number -1", invalid("to.order"), 2, domain.Placement{Order: -1}),
		refused("a slide that is not there", notFound("slideId"), 9, domain.Placement{}),
		{name: "no deck", when: move(1, domain.Placement{}), faults: notFound("presentationId")},
		{name: "a deleted deck", given: gone, when: move(1, domain.Placement{}), faults: notFound("presentationId")},
	})
}

func TestRemoveSlide(t *testing.T) {
	t.Parallel()
	remove := func(n int) func(deck) ([]domain.Event, error) {
		return func(p deck) ([]domain.Event, error) { return p.RemoveSlide(slideID(n)) }
	}
	removed := domain.SlideRemoved{PresentationID: deckID, SlideID: slideID(2)}
	play(t, []scenario[deck]{
		{name: "a slide", given: ofThree, when: remove(2), then: then{removed}},
		{name: "twice", given: append(slices.Clone(ofThree), removed), when: remove(2), faults: notFound("slideId")},
		{name: "no deck", when: remove(1), faults: notFound("presentationId")},
		{name: "a deleted deck", given: gone, when: remove(1), faults: notFound("presentationId")},
	})
}

// TestSlidesStandWhereTheyWerePut adds, moves and removes slides at random.
func TestSlidesStandWhereTheyWerePut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := fold[deck](t, ofNone)
		added := 0
		r.Repeat(map[string]func(*rapid.T){
			"add": func(r *rapid.T) {
				added++
				at := placement(r, p, added)
				events, err := p.AddSlide(fresh(added), at)
				p = mustPut(r, p, slideID(added), at, events, err)
			},
			"move": func(r *rapid.T) {
				id := anySlide(r, added)
				at := placement(r, p, added)
				events, err := p.MoveSlide(id, at)
				p = mustPut(r, p, id, at, events, err)
			},
			"remove": func(r *rapid.T) {
				id := anySlide(r, added)
				want := slices.DeleteFunc(order(p), func(s string) bool { return s == id })
				if events, err := p.RemoveSlide(id); err == nil {
					p = foldFrom(r, p, events)
				} else {
					mustBeCode(r, err, domain.NotFound)
				}
				mustOrder(r, p, want)
			},
		})
	})
}

// mustPut applies the decided events, and checks that the slide is in the wanted place and that all
// other slides keep their order.
func mustPut(r *rapid.T, p deck, id string, at domain.Placement, events []domain.Event, err error) deck {
	r.Helper()
	others := slices.DeleteFunc(order(p), func(s string) bool { return s == id })
	if err != nil {
		if code := domain.CodeOf(err); code != domain.NotFound && code != domain.Invalid {
			r.Fatal(err)
		}
		return p
	}
	p = foldFrom(r, p, events)
	index := len(others)
	switch {
	case at.After != "":
		index = slices.Index(others, at.After) + 1
	case at.Before != "":
		index = slices.Index(others, at.Before)
	case at.Order != 0:
		index = at.Order - 1
	}
	mustOrder(r, p, slices.Insert(others, index, id))
	if again, err := p.MoveSlide(id, at); len(again) != 0 || err != nil {
		r.Fatalf("moved to where it is: %+v, error %v", again, err)
	}
	return p
}

// order lists the slides of a deck.
func order(p deck) []string {
	ids := make([]string, len(p.Slides))
	for i, s := range p.Slides {
		ids[i] = s.ID
	}
	return ids
}

func mustOrder(r *rapid.T, p deck, want []string) {
	r.Helper()
	if !slices.Equal(order(p), want) {
		r.Fatalf("slides are %v, want %v", order(p), want)
	}
}

// anySlide draws a slide, or one that was removed or never there.
func anySlide(r *rapid.T, added int) string {
	return slideID(rapid.IntRange(1, added+1).Draw(r, "slide"))
}

// placement draws a place that may be there.
func placement(r *rapid.T, p deck, added int) domain.Placement {
	return rapid.OneOf(
		rapid.Just(domain.Placement{}),
		rapid.Map(rapid.IntRange(1, added+1), func(n int) domain.Placement { return domain.Placement{After: slideID(n)} }),
		rapid.Map(rapid.IntRange(1, added+1), func(n int) domain.Placement { return domain.Placement{Before: slideID(n)} }),
		rapid.Map(rapid.IntRange(-1, len(p.Slides)+2), func(n int) domain.Placement { return domain.Placement{Order: n} }),
	).Draw(r, "at")
}
