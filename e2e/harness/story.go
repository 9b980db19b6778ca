package harness

import (
	"fmt"
	"strings"
	"testing"

	"flightdeck/domain"
)

// Story is a sequence of steps that changes every field of the read model.
type Story struct {
	*Harness
	IDs Object // IDs are the variables of queries: the ids of a content, a deck, a slide and a user.
	// Tokens are the tokens of the askers, by role. The token of "visitor" is empty.
	Tokens map[string]string
	// Steps are the changes, to be called in their order.
	Steps []func()
}

// NewStory returns a story on a new server, before its first step.
func NewStory(t *testing.T) *Story {
	s := &Story{Harness: Start(t), IDs: Object{}}
	admin, adminToken := s.User(domain.Admin)
	author, token := s.User(domain.Author)
	_, viewer := s.User(domain.Viewer)
	s.Tokens = map[string]string{"ADMIN": adminToken, "AUTHOR": token, "VIEWER": viewer, "visitor": ""}
	s.IDs["user"] = author
	id := s.CreateContent(token, Object{"title": "Alpha page", "slug": "alpha", "tags": []string{"go", "old"}, "content": "first words"})
	deck, slides := s.CreatePresentation(token, Object{"title": "Alpha deck", "markdown": ThreeSlides})
	s.IDs["content"], s.IDs["deck"], s.IDs["slide"] = id, deck, slides[1]
	step := func(mutation string, input Object) func() { return func() { s.Mutate(token, mutation, input) } }
	target := Object{"id": id}
	s.Steps = []func(){
		step("publishContent", target),
		step("updatePresentation", Object{"id": deck, "isPublic": true}),
		func() {
			s.CreateContent(adminToken, Object{"title": "Beta page", "slug": "beta", "status": "PUBLISHED", "tags": []string{"go"}})
		},
		step("updateContent", Object{"id": id, "title": "Alpha page, changed", "content": "second words", "tags": []string{"new"}}),
		step("updateContent", Object{"id": id, "slug": "alpha-moved", "description": "about"}),
		step("updateSlide", Object{"presentationId": deck, "slideId": slides[1], "content": "changed slide", "notes": "n"}),
		step("moveSlide", Object{"presentationId": deck, "slideId": slides[1], "to": Object{"order": 1}}),
		step("updateUser", Object{"id": author, "displayName": "Renamed"}),
		func() {
			s.Mutate(adminToken, "changeRole", Object{"id": author, "role": "EDITOR"})
			token = s.Session(author)
			s.Tokens["AUTHOR"] = token
		},
		step("archiveContent", target),
		step("restoreContent", Object{"id": id, "toVersion": 1}),
		step("publishContent", target),
		step("removeSlide", Object{"presentationId": deck, "slideId": slides[1]}),
		step("restorePresentation", Object{"id": deck, "toVersion": 4}),
		step("deleteContent", target),
		func() {
			s.CreateContent(token, Object{"title": "Alpha again", "slug": "alpha", "status": "PUBLISHED", "tags": []string{"old"}})
		},
		step("deletePresentation", Object{"id": deck}),
		func() {
			s.Mutate(adminToken, "changeRole", Object{"id": author, "role": "AUTHOR"})
			token = s.Session(author)
			s.Tokens["AUTHOR"] = token
		},
		step("restorePresentation", Object{"id": deck, "toVersion": 4}),
		func() { s.Mutate(adminToken, "updateUser", Object{"id": admin, "email": "new@example.org"}) },
	}
	return s
}

// everything selects each field of Query that takes asOf, and the fields below it.
const everything = `{
	content(id: $content, asOf: $at) { ...content author { ...user } history { totalCount nodes { ...event } } revision(version: 2) { ...content } last: revision(version: 5) { ...content } }
	alpha: contentBySlug(slug: "alpha", asOf: $at) { ...content } moved: contentBySlug(slug: "alpha-moved", asOf: $at) { ...content }
	contents(asOf: $at) { totalCount position nodes { ...content author { ...user } } pageInfo { endCursor hasNextPage } }
	titles: contents(asOf: $at, orderBy: {field: TITLE, direction: ASC}, filter: {tagsAny: ["go", "new"]}) { totalCount nodes { id } }
	found: contents(asOf: $at, search: "alpha words") { totalCount nodes { ...content } }
	presentation(id: $deck, asOf: $at) { ...deck author { ...user } history { nodes { ...event } } revision(version: 4) { ...deck } }
	presentations(asOf: $at) { totalCount nodes { ...deck } }
	decks: presentations(asOf: $at, search: "slide") { totalCount nodes { id } }
	node(id: $slide, asOf: $at) { ... on Slide { ...slide presentation { ...deck } } }
	nodes(ids: [$content, $deck, $slide, $user], asOf: $at) { __typename id ... on Content { ...content } ... on User { ...user } }
	user(id: $user, asOf: $at) { ...user }
	tags(asOf: $at) { totalCount nodes { name count } }
}
fragment user on User { id version displayName role lastLoginAt email }
fragment content on Content { id version title slug description content html format status tags createdAt updatedAt publishedAt }
fragment slide on Slide { id title content notes order }
fragment deck on Presentation { id version title description theme isPublic createdAt updatedAt markdown slides { ...slide } }
fragment event on Event { position type data recordedAt actor { ...user } subject { id ... on Content { ...content } ... on Presentation { ...deck } } }`

// Everything returns the answer to a query of everything, as of a point in time, or now if at is
// nil.
func (s *Story) Everything(token string, at any) string {
	s.T.Helper()
	vars := Object{"at": at}
	for k, v := range s.IDs {
		vars[k] = v
	}
	const declare = `query($content: ID!, $deck: ID!, $slide: ID!, $user: ID!, $at: AsOf) `
	a := s.Must(token, declare+everything, vars)
	return string(a.Raw)
}

// ToldStory returns a story after its last step.
func ToldStory(t *testing.T) *Story {
	s := NewStory(t)
	for _, step := range s.Steps {
		step()
	}
	return s
}

// Answers returns everything as of every position and instant, for each asker, and events in many
// selections and orders. Archiving, rebuilding and importing must not change an answer.
func (s *Story) Answers() map[string]string {
	s.T.Helper()
	all := map[string]string{}
	for role, token := range s.Tokens {
		for position := range int(s.Log.Head().Position) + 1 {
			all[fmt.Sprintf("%s as of %d", role, position)] = s.Everything(token, fmt.Sprint(position))
		}
		for name, filter := range map[string]Object{
			"all": nil, "of one": {"streamIds": []any{s.IDs["content"], s.IDs["deck"]}}, "of a type": {"types": []string{"ContentUpdated", "SlideAdded"}},
			"of a kind": {"kinds": []string{"PRESENTATION"}}, "by one": {"actorIds": []any{s.IDs["user"]}},
		} {
			for _, way := range []string{"first", "last"} {
				a := s.Must(token, `query($f: EventFilter) { events(`+way+`: 500, filter: $f) { totalCount nodes { position id type data streamVersion recordedAt correlationId
					actor { displayName } subject { id } } } }`, Object{"f": filter})
				all[role+" events "+name+" "+way] = string(a.Raw)
			}
		}
		d := s
		l := d.Listen(token, `subscription { eventStream(after: "0") { __typename ... on EventReceived { position event { id type data subject { id } } } ... on CaughtUp { position } ... on Checkpoint { position } } }`, nil)
		var heard []string
		for len(heard) == 0 || !strings.Contains(heard[len(heard)-1], "CaughtUp") {
			if raw := string(l.Next().Raw); !strings.Contains(raw, "Checkpoint") { // whose number is not promised
				heard = append(heard, raw)
			}
		}
		l.Close()
		all[role+" listening"] = strings.Join(heard, "\n")
	}
	events, err := s.Log.Read(s.T.Context(), 0, 1000)
	if err != nil {
		s.T.Fatal(err)
	}
	last := domain.InstantOf(events[len(events)-1].RecordedAt)
	for _, e := range events {
		at := domain.InstantOf(e.RecordedAt)
		all["as of "+at.String()] = s.Everything(s.Tokens["ADMIN"], at.String())
		between := Object{"from": at.String(), "to": last.String()}
		all["events from "+at.String()] = string(s.Must(s.Tokens["ADMIN"],
			`query($f: EventFilter) { events(first: 500, filter: $f) { totalCount nodes { position } } }`, Object{"f": between}).Raw)
	}
	return all
}

// WantAnswers compares answers with earlier ones.
func WantAnswers(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for question, answer := range want {
		if got[question] != answer {
			t.Errorf("%s, %s: %s", what, question, FirstDifference(got[question], answer))
		}
	}
}
