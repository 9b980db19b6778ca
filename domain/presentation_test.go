package domain_test

import (
	"fmt"
	"testing"

	"flightdeck/domain"
)

type deck = domain.Presentation

// deckCreated is the first event of most decks here; one, two and three are its slides.
var (
	deckCreated = domain.PresentationCreated{
		PresentationID: deckID, Title: "Deck", Description: new("About it"), AuthorID: authorID, Theme: "night", FrontMatter: "lang: en\n",
	}
	one   = domain.SlideAdded{PresentationID: deckID, SlideID: slideID(1), Title: new("One"), Content: "# One", Notes: new("say one")}
	two   = domain.SlideAdded{PresentationID: deckID, SlideID: slideID(2), Content: "# Two", After: slideID(1)}
	three = domain.SlideAdded{PresentationID: deckID, SlideID: slideID(3), Content: "# Three", After: slideID(2)}

	deckDeleted = domain.PresentationDeleted{PresentationID: deckID}
	ofThree     = given{deckCreated, one, two, three}
	ofNone      = given{deckCreated}
	gone        = given{deckCreated, one, deckDeleted}
)

func slideID(n int) string { return fmt.Sprintf("slide-0190a8c2-7b1e-7000-8000-%012d", n) }

// fresh is a slide that no deck contains yet.
func fresh(n int) domain.SlideAdded {
	return domain.SlideAdded{SlideID: slideID(n), Content: fmt.Sprint("# Slide ", n)}
}

func TestCreatePresentation(t *testing.T) {
	t.Parallel()
	creating := func(change func(*domain.PresentationCreated), slides ...domain.SlideAdded) func(deck) ([]domain.Event, error) {
		e := deckCreated
		change(&e)
		return func(deck) ([]domain.Event, error) { return domain.CreatePresentation(e, slides) }
	}
	asItIs := func(*domain.PresentationCreated) {}
	refused := func(name string, faults []fault, change func(*domain.PresentationCreated), slides ...domain.SlideAdded) scenario[deck] {
		return scenario[deck]{name: name, when: creating(change, slides...), faults: faults}
	}
	loose := func(s domain.SlideAdded) domain.SlideAdded { // the form that an import has
		s.PresentationID, s.After = "", "elsewhere"
		return s
	}
	play(t, []scenario[deck]{
		{name: "without slides", when: creating(asItIs), then: then{deckCreated}},
		{name: "with slides, in their order", when: creating(asItIs, loose(one), loose(two), loose(three)), then: then(ofThree)},
		refused("an empty title", invalid("title"), func(e *domain.PresentationCreated) { e.Title = "" }),
		refused("a long title", invalid("title"), func(e *domain.PresentationCreated) { e.Title = times(domain.MaxTitle+1, "x") }),
		refused("a long description", invalid("description"), func(e *domain.PresentationCreated) { e.Description = new(times(domain.MaxDescription+1, "x")) }),
		refused("no theme", invalid("theme"), func(e *domain.PresentationCreated) { e.Theme = "" }),
		refused("a long theme", invalid("theme"), func(e *domain.PresentationCreated) { e.Theme = times(domain.MaxTheme+1, "x") }),
		refused("long front matter", invalid("markdown"), func(e *domain.PresentationCreated) { e.FrontMatter = times(domain.MaxNotesBytes+1, "x") }),
		refused("too many slides", invalid("markdown"), asItIs, manySlides(domain.MaxSlides+1)...),
		refused("slides that are wrong", invalid("title", "content", "notes"), asItIs, domain.SlideAdded{
			Title: new("\x00"), Content: "\xff", Notes: new(times(domain.MaxNotesBytes+1, "x")),
		}, fresh(1)),
		refused("everything", invalid("title", "description", "theme", "markdown", "content"), func(e *domain.PresentationCreated) {
			*e = domain.PresentationCreated{Description: new("\x00"), FrontMatter: "\xff"}
		}, domain.SlideAdded{Content: "\x00"}),
	})
	if events, err := domain.CreatePresentation(deckCreated, manySlides(domain.MaxSlides)); len(events) != domain.MaxSlides+1 || err != nil {
		t.Errorf("as many slides as may be: %d events, error %v", len(events), err)
	}
}

func manySlides(n int) []domain.SlideAdded {
	slides := make([]domain.SlideAdded, n)
	for i := range slides {
		slides[i] = fresh(i)
	}
	return slides
}

func TestUpdatePresentation(t *testing.T) {
	t.Parallel()
	type update = domain.PresentationUpdated
	updating := func(e update) func(deck) ([]domain.Event, error) {
		return func(p deck) ([]domain.Event, error) { return p.Update(e) }
	}
	change := func(name string, e update) scenario[deck] {
		want := e
		want.PresentationID = deckID
		return scenario[deck]{name: name, given: ofThree, when: updating(e), then: then{want}}
	}
	refused := func(name string, faults []fault, e update) scenario[deck] {
		return scenario[deck]{name: name, given: ofNone, when: updating(e), faults: faults}
	}
	play(t, []scenario[deck]{
		change("the title", update{Title: new("Other")}),
		change("the description", update{Description: domain.Set("Other")}),
		change("the description to none", update{Description: domain.Clear[string]()}),
		change("the theme", update{Theme: new("day")}),
		change("who sees it", update{IsPublic: new(true)}),
		change("everything", update{Title: new("Other"), Description: domain.Set(""), Theme: new("day"), IsPublic: new(true)}),
		{
			name: "only what differs", given: ofNone, when: updating(update{PresentationID: "ignored", Title: new("Deck"), Theme: new("day"), IsPublic: new(false)}),
			then: then{update{PresentationID: deckID, Theme: new("day")}},
		},
		{name: "nothing", given: ofNone, when: updating(update{})},
		{name: "what is so already", given: ofNone, when: updating(update{
			Title: new("Deck"), Description: domain.Set("About it"), Theme: new("night"), IsPublic: new(false),
		})},
		{name: "no deck", when: updating(update{Title: new("")}), faults: notFound("id")},
		{name: "a deleted deck", given: gone, when: updating(update{Title: new("x")}), faults: notFound("id")},
		refused("an empty title", invalid("title"), update{Title: new("")}),
		refused("everything wrong", invalid("title", "description", "theme"), update{
			Title: new(times(domain.MaxTitle+1, "x")), Description: domain.Set(times(domain.MaxDescription+1, "x")), Theme: new("\x00"),
		}),
	})
	mustEqual(t, update{Title: new(""), Description: domain.Clear[string](), Theme: new(""), IsPublic: new(false)}.Changes(),
		[]string{"title", "description", "theme", "isPublic"})
}

func TestDeletePresentation(t *testing.T) {
	t.Parallel()
	play(t, []scenario[deck]{
		{name: "a deck", given: ofThree, when: deck.Delete, then: then{deckDeleted}},
		{name: "twice", given: gone, when: deck.Delete},
		{name: "no deck", when: deck.Delete, faults: notFound("id")},
	})
}

func TestAddSlide(t *testing.T) {
	t.Parallel()
	add := func(at domain.Placement) func(deck) ([]domain.Event, error) {
		return func(p deck) ([]domain.Event, error) { return p.AddSlide(fresh(4), at) }
	}
	placed := func(name string, at domain.Placement, after string) scenario[deck] {
		e := fresh(4)
		e.PresentationID, e.After = deckID, after
		return scenario[deck]{name: name, given: ofThree, when: add(at), then: then{e}}
	}
	refused := func(name string, faults []fault, at domain.Placement) scenario[deck] {
		return scenario[deck]{name: name, given: ofThree, when: add(at), faults: faults}
	}
	wrong := func(name string, faults []fault, e domain.SlideAdded) scenario[deck] {
		return scenario[deck]{name: name, given: ofThree, faults: faults, when: func(p deck) ([]domain.Event, error) { return p.AddSlide(e, domain.Placement{}) }}
	}
	full := append(given{deckCreated}, asEvents(manySlides(domain.MaxSlides))...)
	play(t, []scenario[deck]{
		placed("at the end", domain.Placement{}, slideID(3)),
		placed("after the first", domain.Placement{After: slideID(1)}, slideID(1)),
		placed("after the last", domain.Placement{After: slideID(3)}, slideID(3)),
		placed("before the first", domain.Placement{Before: slideID(1)}, ""),
		placed("before the last", domain.Placement{Before: slideID(3)}, slideID(2)),
		placed("as number 1", domain.Placement{Order: 1}, ""),
		placed("as number 3", domain.Placement{Order: 3}, slideID(2)),
		placed("as number 4, the end", domain.Placement{Order: 4}, slideID(3)),
		refused("as number 5 of 3", invalid("at.order"), domain.Placement{Order: 5}),
		refused("as number -1", invalid("at.order"), domain.Placement{Order: -1}),
		refused("after none", notFound("at.after"), domain.Placement{After: slideID(9)}),
		refused("before none", notFound("at.before"), domain.Placement{Before: slideID(9)}),
		{name: "no deck", when: add(domain.Placement{}), faults: notFound("presentationId")},
		{name: "a deleted deck", given: gone, when: add(domain.Placement{}), faults: notFound("presentationId")},
		{name: "a full deck", given: full, when: func(p deck) ([]domain.Event, error) {
			return p.AddSlide(fresh(domain.MaxSlides), domain.Placement{})
		}, faults: invalid("presentationId")},
		wrong("a long title", invalid("title"), domain.SlideAdded{Title: new(times(domain.MaxTitle+1, "x"))}),
		wrong("a text with NUL", invalid("content"), domain.SlideAdded{Content: "\x00"}),
		wrong("everything", invalid("title", "content", "notes"), domain.SlideAdded{
			Title: new("\xff"), Content: times(domain.MaxContentBytes+1, "x"), Notes: new("\x00"),
		}),
	})
}

func asEvents(slides []domain.SlideAdded) (events given) {
	for _, s := range slides {
		events = append(events, s)
	}
	return events
}
