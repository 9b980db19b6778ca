package subscription

import (
	"slices"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// audience is a subscriber of every role, by name.
type audience struct {
	*harness.Harness
	admin, author domain.Actor
	tokens        map[string]string
	expected      map[string][]eventstore.Position
}

// Groups of subscribers with the same visible events.
var (
	everybody = []string{"visitor", "viewer", "author", "other author", "editor", "admin"}
	insiders  = []string{"author", "editor", "admin"}
)

func startAudience(t *testing.T) *audience {
	t.Helper()
	a := &audience{Harness: harness.Start(t), tokens: map[string]string{"visitor": ""}, expected: map[string][]eventstore.Position{}}
	a.admin, a.tokens["admin"] = a.Actor(domain.Admin)
	a.author, a.tokens["author"] = a.Actor(domain.Author)
	for name, role := range map[string]domain.Role{"viewer": domain.Viewer, "other author": domain.Author, "editor": domain.Editor} {
		_, a.tokens[name] = a.Actor(role)
	}
	return a
}

// do runs a command whose events a group of subscribers may see.
func (a *audience) do(group []string, actor domain.Actor, cmd command.Command) command.Result {
	a.T.Helper()
	done := a.Harness.Run(actor, cmd)
	for _, name := range group {
		a.expected[name] = append(a.expected[name], harness.Span(done.First, done.Position)...)
	}
	return done
}

const deckOfTwo = "# One\n\n<!-- psst: one -->\n\n---\n\n# Two\n\n<!-- psst: two -->\n"

// play appends events that all subscribers may see, that some may see, and that only admins may
// see. Objects that are hidden in the end were always hidden.
func (a *audience) play() {
	a.T.Helper()
	draft := a.do(insiders, a.author, harness.NewContent("Draft", domain.Draft)).ID
	public := a.do(everybody, a.author, harness.NewContent("Public", domain.Published)).ID
	a.do(insiders, a.author, command.UpdateContent{ID: draft, Title: harness.Given("Another draft")})
	a.do(everybody, a.author, command.UpdateContent{ID: public, Title: harness.Given("Another title")})
	private := a.do(insiders, a.author, command.CreatePresentation{Title: "Private", Theme: "default", Markdown: harness.Pointer(deckOfTwo)}).ID
	a.do(insiders, a.author, command.AddSlide{PresentationID: private, Content: "# Three", Notes: harness.Pointer("psst")})
	open := a.do(everybody, a.author, command.CreatePresentation{Title: "Open", Theme: "default", IsPublic: true, Markdown: harness.Pointer(deckOfTwo)}).ID
	slide := a.do(everybody, a.author, command.AddSlide{PresentationID: open, Content: "# Three", Notes: harness.Pointer("psst")}).SlideID
	a.do(everybody, a.author, command.UpdateSlide{PresentationID: open, SlideID: slide, Notes: harness.Given("psst, again")})
	a.do(everybody, a.author, command.MoveSlide{PresentationID: open, SlideID: slide, To: command.Placement{Order: harness.Pointer(1)}})
	a.do(everybody, a.author, command.RestorePresentation{Restore: command.Restore{ID: open, ToVersion: 4}})
	a.do([]string{"author", "admin"}, a.author, command.UpdateUser{ID: a.author.UserID, Email: harness.Given("psst@example.org")})
	a.do([]string{"admin"}, domain.System, command.CreateUser{Email: "new@example.org", DisplayName: "New", Role: domain.Viewer})
	a.do([]string{"admin"}, a.admin, command.UpdateUser{ID: a.admin.UserID, DisplayName: harness.Given("The admin")})
	a.do(insiders, a.author, command.DeletePresentation{ID: private})
	a.do(insiders, a.author, command.DeleteContent{ContentTarget: command.ContentTarget{ID: draft}})
	a.do(everybody, a.author, harness.NewContent("The end", domain.Published))
}

// hears compares the events that a listener receives with the expected ones.
func (a *audience) hears(t *testing.T, name string, l *harness.Listener) {
	t.Helper()
	notes := slices.Contains([]string{"author", "editor", "admin"}, name)
	var got []eventstore.Position
	for len(got) == 0 || got[len(got)-1] < a.Head() {
		event := l.Next()
		got = append(got, event.Position())
		if !notes && strings.Contains(string(event.Raw), "psst") {
			t.Errorf("the %s hears %s", name, event.Raw)
		}
		if has := strings.Contains(string(event.Raw), `"notes":"psst`); notes && !has && event.Text("eventAppended", "__typename") == "SlideAdded" {
			t.Errorf("the %s hears no notes: %s", name, event.Raw)
		}
	}
	harness.WantPositions(t, name, got, a.expected[name])
}

func TestSubscribersHearOnlyVisibleEvents(t *testing.T) {
	t.Parallel()
	a := startAudience(t)
	vars := map[string]any{"after": a.Head().String()}
	const query = `subscription($after: Position) { eventAppended(after: $after) ` + everyEvent + ` }`
	live := make(map[string]*harness.Listener)
	for _, name := range everybody {
		live[name] = a.Listen(a.tokens[name], query, vars)
	}
	a.play()
	for _, name := range everybody {
		t.Run(name, func(t *testing.T) {
			a.hears(t, name, live[name])
			// A later subscriber receives the same events.
			a.hears(t, name, a.In(t).ListenBy(harness.LegacyWS, a.tokens[name], query, vars))
		})
	}
}

// TestTheHistoryOfHiddenObjectsIsNotDelivered: the events of objects that were public and are
// hidden now are hidden too. Only the end of their public time is told, by a Withdrawn event.
func TestTheHistoryOfHiddenObjectsIsNotDelivered(t *testing.T) {
	t.Parallel()
	a := startAudience(t)
	start := a.Head()
	content := a.do(insiders, a.author, harness.NewContent("Unpublished", domain.Published)).ID
	deleted := a.do(insiders, a.author, harness.NewContent("Deleted", domain.Published)).ID
	deck := a.do(insiders, a.author, command.CreatePresentation{Title: "Closed", Theme: "default", IsPublic: true}).ID
	a.do(everybody, a.author, command.UnpublishContent{ContentTarget: command.ContentTarget{ID: content}})
	a.do(everybody, a.author, command.DeleteContent{ContentTarget: command.ContentTarget{ID: deleted}})
	a.do(everybody, a.author, command.UpdatePresentation{ID: deck, IsPublic: harness.Given(false)})
	back := a.do(insiders, a.author, harness.NewContent("Published again", domain.Draft)).ID
	a.do(everybody, a.author, command.PublishContent{ContentTarget: command.ContentTarget{ID: back}})
	a.do(everybody, a.author, command.ArchiveContent{ContentTarget: command.ContentTarget{ID: back}})
	a.do(everybody, a.author, command.PublishContent{ContentTarget: command.ContentTarget{ID: back}})
	for _, name := range everybody {
		l := a.Listen(a.tokens[name], listenToPositions, map[string]any{"after": start.String()})
		harness.WantPositions(t, name, l.Positions(a.Head()), a.expected[name])
	}
}

func TestWatchersSeeObjectsComeAndGo(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{harness.TransportWS, harness.LegacyWS} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			a := startAudience(t)
			content := a.Harness.Run(a.author, harness.NewContent("Content", domain.Draft)).ID
			deck := a.Harness.Run(a.author, command.CreatePresentation{Title: "Deck", Theme: "default", Markdown: harness.Pointer(deckOfTwo)}).ID
			watch := func(name, query, id string) *harness.Listener {
				return a.ListenBy(protocol, a.tokens[name], query, map[string]any{"id": id})
			}
			const watchContent = `subscription($id: ID!) { it: contentChanged(id: $id) { version title status author { id } } }`
			const watchDeck = `subscription($id: ID!) { it: presentationChanged(id: $id) { version title slides { notes order } } }`
			visitor, author := watch("visitor", watchContent, content), watch("author", watchContent, content)
			visitorsDeck, authorsDeck := watch("visitor", watchDeck, deck), watch("author", watchDeck, deck)
			version := func(who string, l *harness.Listener, want any) harness.Answer {
				t.Helper()
				it := l.Next()
				if got := it.At("it", "version"); got != want || want == nil && it.At("it") != nil {
					t.Errorf("the %s sees version %v, want %v: %s", who, got, want, it.Raw)
				}
				return it
			}
			target := command.ContentTarget{ID: content}
			version("visitor", visitor, nil)
			version("author", author, 1.0)
			a.Harness.Run(a.author, command.UpdateContent{ID: content, Title: harness.Given("Changed")})
			version("author", author, 2.0)
			a.Harness.Run(a.author, command.PublishContent{ContentTarget: target})
			version("author", author, 3.0)
			if it := version("visitor", visitor, 3.0); it.Text("it", "title") != "Changed" || it.Text("it", "author", "id") != a.author.UserID {
				t.Errorf("the visitor sees %s", it.Raw)
			}
			a.Harness.Run(a.author, command.DeleteContent{ContentTarget: target})
			version("author", author, nil)
			version("visitor", visitor, nil)
			a.Harness.Run(a.author, command.RestoreContent{Restore: command.Restore{ID: content, ToVersion: 1}})
			version("author", author, 5.0)

			version("visitor", visitorsDeck, nil)
			version("author", authorsDeck, 3.0)
			a.Harness.Run(a.author, command.UpdatePresentation{ID: deck, IsPublic: harness.Given(true)})
			if it := version("visitor", visitorsDeck, 4.0); strings.Contains(string(it.Raw), "psst") || it.At("it", "slides", 1, "order") != 2.0 {
				t.Errorf("the visitor sees %s", it.Raw)
			}
			if it := version("author", authorsDeck, 4.0); it.Text("it", "slides", 1, "notes") != "psst: two" {
				t.Errorf("the author sees %s", it.Raw)
			}
			a.Harness.Run(a.author, command.DeletePresentation{ID: deck})
			version("author", authorsDeck, nil)
			version("visitor", visitorsDeck, nil)

			nobody := watch("visitor", watchContent, domain.NewID(domain.KindContent, "0190a8c2-7b1e-7000-8000-000000000000"))
			version("visitor", nobody, nil)
			for _, id := range []string{deck, "nothing", ""} {
				if code := watch("admin", watchContent, id).Refused(); code != string(domain.Invalid) {
					t.Errorf("watching content %q is refused with %s", id, code)
				}
			}
		})
	}
}
