package subscription

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// follow keeps a set of the ids of the objects that a follower knows of: an event adds the object,
// a Withdrawn event removes it.
const follow = `subscription($after: Position) { eventAppended(after: $after) {
	__typename id position streamId type actor { id } correlationId causationId data subject { id }
} }`

// copied reads a listener up to the head and returns the ids in the follower's copy. A follower who
// may see deleted objects hears of a deletion by its event.
func (a *audience) copied(l *harness.Listener) []string {
	a.T.Helper()
	ids := map[string]bool{}
	for last := a.Head(); ; {
		event := l.Next()
		id := event.Text("eventAppended", "streamId")
		if gone := []string{"Withdrawn", "ContentDeleted", "PresentationDeleted"}; slices.Contains(gone, event.Text("eventAppended", "__typename")) {
			delete(ids, id)
		} else if kind, _ := domain.KindOf(id); kind != domain.KindUser {
			ids[id] = true
		}
		if event.Position() >= last {
			return slices.Sorted(maps.Keys(ids))
		}
	}
}

// visible returns the ids of the contents and presentations that a token may see now.
func (a *audience) visible(token string) []string {
	a.T.Helper()
	answer := a.Must(token, `{ contents(first: 50) { nodes { id } } presentations(first: 50) { nodes { id } } }`, nil)
	ids := slices.Concat(answer.Texts("id", "contents", "nodes"), answer.Texts("id", "presentations", "nodes"))
	return slices.Sorted(slices.Values(ids))
}

// TestAFollowerKeepsATrueCopy: a follower of any role that adds the objects of the events it
// receives, and drops the objects of Withdrawn events and deletions, has at the end the objects
// that a query returns to it. This holds for a follower that listened all the time and for a later
// one.
func TestAFollowerKeepsATrueCopy(t *testing.T) {
	t.Parallel()
	a := startAudience(t)
	random := rand.New(rand.NewPCG(1, 2))
	vars := map[string]any{"after": a.Head().String()}
	live := map[string]*harness.Listener{}
	for _, name := range everybody {
		live[name] = a.Listen(a.tokens[name], follow, vars)
	}
	var texts, decks []string
	for range 6 {
		status := []domain.ContentStatus{domain.Draft, domain.Published, domain.Archived}[random.IntN(3)]
		texts = append(texts, a.Harness.Run(a.author, harness.NewContent("Text", status)).ID)
		deck := command.CreatePresentation{Title: "Deck", Theme: "default", IsPublic: random.IntN(2) == 0}
		decks = append(decks, a.Harness.Run(a.author, deck).ID)
	}
	done := 0
	for range 150 {
		text, deck := texts[random.IntN(len(texts))], decks[random.IntN(len(decks))]
		target := command.ContentTarget{ID: text}
		cmd := []command.Command{
			command.PublishContent{ContentTarget: target},
			command.UnpublishContent{ContentTarget: target},
			command.ArchiveContent{ContentTarget: target},
			command.DeleteContent{ContentTarget: target},
			command.RestoreContent{Restore: command.Restore{ID: text, ToVersion: 1}},
			command.UpdatePresentation{ID: deck, IsPublic: harness.Given(random.IntN(2) == 0)},
			command.DeletePresentation{ID: deck},
			command.RestorePresentation{Restore: command.Restore{ID: deck, ToVersion: 1}},
		}[random.IntN(8)]
		_, err := a.Commands.Do(auth.WithActor(t.Context(), a.author), cmd)
		if refused := (*domain.Error)(nil); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		} else if err == nil {
			done++
		}
	}
	if done < 50 {
		t.Fatalf("%d of 150 commands were accepted", done)
	}
	a.Harness.Run(a.author, harness.NewContent("The end", domain.Published))
	for _, name := range everybody {
		want := a.visible(a.tokens[name])
		if got := a.copied(live[name]); !slices.Equal(got, want) {
			t.Errorf("the %s who listened has %v, want %v", name, got, want)
		}
		if got := a.copied(a.ListenBy(harness.LegacyWS, a.tokens[name], follow, vars)); !slices.Equal(got, want) {
			t.Errorf("the %s who came later has %v, want %v", name, got, want)
		}
	}
}

// TestAWithdrawnEventTellsNothingElse: a Withdrawn event names the object and the position. A
// filter by actors or by the types of the log selects none, since the answer would tell them.
func TestAWithdrawnEventTellsNothingElse(t *testing.T) {
	t.Parallel()
	a := startAudience(t)
	ada, _ := a.Actor(domain.Author)
	id := a.Harness.Run(ada, harness.NewContent("Secret", domain.Published)).ID
	start := a.Head()
	a.Harness.Run(ada, command.UpdateContent{ID: id, Content: harness.Given("psst")})
	a.Harness.Run(ada, command.DeleteContent{ContentTarget: command.ContentTarget{ID: id}})
	deleted := a.Head()
	a.Harness.Run(a.admin, command.ForgetUser{ID: ada.UserID})
	forgotten := a.Head()
	last := a.Harness.Run(a.author, harness.NewContent("The end", domain.Published)).Position

	event := func(l *harness.Listener) map[string]any {
		t.Helper()
		fields, _ := l.Next().At("eventAppended").(map[string]any)
		return fields
	}
	l := a.Listen(a.tokens["viewer"], follow, map[string]any{"after": start.String()})
	for _, want := range []struct {
		position string
		stream   string
	}{{deleted.String(), id}, {forgotten.String(), ada.UserID}} {
		got := event(l)
		if got["__typename"] != "Withdrawn" || got["type"] != "Withdrawn" || got["position"] != want.position || got["streamId"] != want.stream {
			t.Errorf("the viewer hears %v, want that %s is gone at %s", got, want.stream, want.position)
		}
		data, _ := got["data"].(map[string]any)
		if data == nil || len(data) > 0 || got["actor"] != nil || got["correlationId"] != nil || got["causationId"] != nil || got["subject"] != nil {
			t.Errorf("the viewer hears more than the place: %v", got)
		}
	}
	filtered := `subscription($after: Position, $filter: EventFilter) { eventAppended(after: $after, filter: $filter) { type position } }`
	for name, c := range map[string]struct {
		filter map[string]any
		want   string
	}{
		"its type":        {map[string]any{"types": []string{"ContentDeleted", "ContentCreated"}}, last.String()},
		"its actor":       {map[string]any{"actorIds": []string{ada.UserID, a.author.UserID}}, last.String()},
		"Withdrawn alone": {map[string]any{"types": []string{"Withdrawn"}}, deleted.String()},
		"its kind":        {map[string]any{"kinds": []string{"CONTENT"}}, deleted.String()},
	} {
		l := a.Listen(a.tokens["viewer"], filtered, map[string]any{"after": start.String(), "filter": c.filter})
		if got := l.Next().Text("eventAppended", "position"); got != c.want {
			t.Errorf("a filter by %s hears position %s first, want %s", name, got, c.want)
		}
	}
}
