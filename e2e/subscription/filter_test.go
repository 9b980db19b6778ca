package subscription

import (
	"slices"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// everyEvent selects the fields of every event, and every typed field.
const everyEvent = `{ __typename id position streamId streamVersion type recordedAt actor { id } correlationId causationId data
	subject { __typename id ... on Content { contentTitle: title version } ... on Presentation { version slides { id notes } } ... on User { version } }
	... on ContentCreated { title slug content format tags status }
	... on ContentUpdated { changes newTitle: title newContent: content newTags: tags }
	... on ContentRestored { fromVersion title status }
	... on PresentationCreated { title theme isPublic }
	... on PresentationUpdated { changes newTheme: theme newIsPublic: isPublic }
	... on PresentationRestored { fromVersion title theme isPublic }
	... on SlideAdded { slideId content notes after }
	... on SlideUpdated { slideId changes newContent: content notes }
	... on SlideMoved { slideId after }
	... on SlideRemoved { slideId } }`

// catchUp returns the events of eventStream up to the end of the log.
func catchUp(l *harness.Listener) (events []harness.Answer) {
	for {
		a := l.Next()
		switch a.Text("eventStream", "__typename") {
		case "EventReceived":
			events = append(events, a)
		case "CaughtUp":
			return events
		}
	}
}

const streamPositions = `subscription($after: Position, $filter: EventFilter) { eventStream(after: $after, filter: $filter) {
	__typename ... on EventReceived { position event { id } } ... on CaughtUp { position } ... on Checkpoint { position } } }`

func TestFilterSelectsExactlyItsEvents(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	author, _ := h.Actor(domain.Author)
	content, deck := oneOfEach(h, author, admin)
	oneOfEach(h, author, admin)
	log, err := h.Log.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	middle := domain.InstantOf(log[len(log)/2].RecordedAt)
	later := middle + domain.Instant(log[len(log)-5].RecordedAt.Sub(middle.Time()).Microseconds())
	is := func(e eventstore.Event, ids ...string) bool { return slices.Contains(ids, string(e.Stream.ID)) }
	from := func(e eventstore.Event) bool { return domain.InstantOf(e.RecordedAt) >= middle }
	for name, test := range map[string]struct {
		filter  map[string]any
		selects func(eventstore.Event) bool
	}{
		"nothing given": {map[string]any{}, func(eventstore.Event) bool { return true }},
		"nulls":         {map[string]any{"kinds": nil, "from": nil}, func(eventstore.Event) bool { return true }},
		"stream":        {map[string]any{"streamIds": []string{content}}, func(e eventstore.Event) bool { return is(e, content) }},
		"streams":       {map[string]any{"streamIds": []string{content, deck, author.UserID}}, func(e eventstore.Event) bool { return is(e, content, deck, author.UserID) }},
		"kind":          {map[string]any{"kinds": []string{"USER"}}, func(e eventstore.Event) bool { return e.Stream.Type == "USER" }},
		"kinds":         {map[string]any{"kinds": []string{"CONTENT", "PRESENTATION"}}, func(e eventstore.Event) bool { return e.Stream.Type != "USER" }},
		"types": {map[string]any{"types": []string{"SlideAdded", "ContentDeleted"}},
			func(e eventstore.Event) bool { return e.Type == "SlideAdded" || e.Type == "ContentDeleted" }},
		"actor":    {map[string]any{"actorIds": []string{author.UserID}}, func(e eventstore.Event) bool { return e.Actor == author.UserID }},
		"from":     {map[string]any{"from": middle.String()}, from},
		"to":       {map[string]any{"to": middle.String()}, func(e eventstore.Event) bool { return !from(e) }},
		"from, to": {map[string]any{"from": middle.String(), "to": later.String()}, func(e eventstore.Event) bool { return from(e) && domain.InstantOf(e.RecordedAt) < later }},
		"all together": {
			map[string]any{"streamIds": []string{content, deck}, "kinds": []string{"PRESENTATION"}, "types": []string{"SlideAdded", "ContentCreated"}, "actorIds": []string{author.UserID}, "to": middle.String()},
			func(e eventstore.Event) bool {
				return is(e, deck) && e.Type == "SlideAdded" && !from(e)
			},
		},
		"empty list": {map[string]any{"types": []string{}}, func(eventstore.Event) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := h.In(t)
			var want []string
			for _, e := range log {
				if test.selects(e) {
					want = append(want, e.ID)
				}
			}
			var got []string
			vars := map[string]any{"after": "0", "filter": test.filter}
			for _, a := range catchUp(h.Listen(token, streamPositions, vars)) {
				got = append(got, a.Text("eventStream", "event", "id"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("the stream delivers %d events, want %d:\n%v\n%v", len(got), len(want), got, want)
			}
			// The list of events has the same filter.
			listed := h.Must(token, `query($filter: EventFilter) { events(first: 500, filter: $filter) { nodes { id } totalCount } }`, vars)
			nodes, _ := listed.At("events", "nodes").([]any)
			got = nil
			for i := range nodes {
				got = append(got, listed.Text("events", "nodes", i, "id"))
			}
			if !slices.Equal(got, want) || listed.At("events", "totalCount") != float64(len(want)) {
				t.Errorf("the list has %s, want %v", listed.Raw, want)
			}
		})
	}
}

func TestEventsCarryTypedFieldsAndTheirSubject(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	author, _ := h.Actor(domain.Author)
	start := h.Head()
	l := h.Listen(token, `subscription { eventAppended(after: "`+start.String()+`") `+everyEvent+` }`, nil)
	oneOfEach(h, author, admin)
	h.Run(admin, command.ForgetUser{ID: author.UserID})
	log, err := h.Log.Read(t.Context(), start, 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]harness.Answer)
	for _, e := range log {
		a := l.Next()
		at := func(path ...any) any { return a.At(append([]any{"eventAppended"}, path...)...) }
		for field, want := range map[string]any{
			"__typename": e.Type, "id": e.ID, "position": e.Position.String(), "streamId": string(e.Stream.ID), "type": e.Type,
			"streamVersion": float64(e.Version), "recordedAt": domain.InstantOf(e.RecordedAt).String(), "causationId": nil,
		} {
			if got := at(field); got != want {
				t.Errorf("%s: %s is %v, want %v", e.Type, field, got, want)
			}
		}
		if got := at("actor", "id"); got != e.Actor {
			t.Errorf("%s: by %v, want %s", e.Type, got, e.Actor)
		}
		deleted := e.Type == "ContentDeleted" || e.Type == "PresentationDeleted"
		if got := at("subject", "id"); deleted != (got == nil) || !deleted && (got != string(e.Stream.ID) || at("subject", "version") != float64(e.Version)) {
			t.Errorf("%s: its subject is %v, want version %d", e.Type, at("subject"), e.Version)
		}
		seen[e.Type] = a
	}
	for _, name := range domain.EventNames() {
		if _, ok := seen[name]; !ok && name != "UserRegistered" {
			t.Errorf("no %s was delivered", name)
		}
	}
	for _, want := range []struct {
		event, field string
		value        any
	}{
		{"ContentCreated", "title", "A content"}, {"ContentCreated", "slug", "a-content"}, {"ContentCreated", "status", "DRAFT"},
		{"ContentUpdated", "newTitle", "Another title"}, {"ContentUpdated", "newContent", nil},
		{"ContentRestored", "title", "A content"}, {"ContentRestored", "fromVersion", 1.0}, {"ContentRestored", "status", "ARCHIVED"},
		{"PresentationCreated", "theme", "default"}, {"PresentationCreated", "isPublic", false},
		{"PresentationUpdated", "newTheme", "dark"}, {"PresentationUpdated", "newIsPublic", nil}, {"PresentationRestored", "fromVersion", 2.0},
		{"SlideAdded", "content", "# First"}, {"SlideAdded", "notes", nil}, {"SlideUpdated", "notes", "hush"}, {"SlideUpdated", "newContent", nil},
	} {
		if got := seen[want.event].At("eventAppended", want.field); got != want.value {
			t.Errorf("%s: %s is %v, want %v", want.event, want.field, got, want.value)
		}
	}
}

// TestSubjectIsAsTheEventLeftIt: the subject of an event is its version right after the event,
// regardless of later events.
func TestSubjectIsAsTheEventLeftIt(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	admin, token := h.Actor(domain.Admin)
	id := h.AppendContent(admin, "version 1", domain.Draft).ID
	start := h.Head() - 1
	for n := 2; n <= 5; n++ {
		h.Run(admin, command.UpdateContent{ID: id, Title: harness.Given("version " + string(rune('0'+n)))})
	}
	l := h.Listen(token, `subscription($after: Position) { eventAppended(after: $after) { position streamVersion subject { ... on Content { title } } } }`,
		map[string]any{"after": start.String()})
	for n := 1; n <= 5; n++ {
		if got := l.Next().Text("eventAppended", "subject", "title"); got != "version "+string(rune('0'+n)) {
			t.Errorf("the subject of version %d has the title %q", n, got)
		}
	}
}
