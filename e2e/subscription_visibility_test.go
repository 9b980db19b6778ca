package e2e

import (
	"slices"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// audience is everybody who may listen, by name.
type audience struct {
	*desk
	admin, author domain.Actor
	tokens        map[string]string
	expected      map[string][]eventstore.Position
}

// Who sees what.
var (
	everybody = []string{"visitor", "viewer", "author", "other author", "editor", "admin"}
	insiders  = []string{"author", "editor", "admin"}
)

func startAudience(t *testing.T) *audience {
	t.Helper()
	a := &audience{desk: startDesk(t), tokens: map[string]string{"visitor": ""}, expected: map[string][]eventstore.Position{}}
	a.admin, a.tokens["admin"] = a.actor(domain.Admin)
	a.author, a.tokens["author"] = a.actor(domain.Author)
	for name, role := range map[string]domain.Role{"viewer": domain.Viewer, "other author": domain.Author, "editor": domain.Editor} {
		_, a.tokens[name] = a.actor(role)
	}
	return a
}

// do runs a command whose events these may see.
func (a *audience) do(who []string, actor domain.Actor, cmd command.Command) command.Result {
	a.t.Helper()
	done := a.desk.do(actor, cmd)
	for _, name := range who {
		a.expected[name] = append(a.expected[name], span(done.First, done.Position)...)
	}
	return done
}

const deckOfTwo = "# One\n\n<!-- psst: one -->\n\n---\n\n# Two\n\n<!-- psst: two -->\n"

// play appends events that everybody may see, some, or nobody but admins. What is
// hidden in the end was hidden before.
func (a *audience) play() {
	a.t.Helper()
	draft := a.do(insiders, a.author, newContent("Draft", domain.Draft)).ID
	public := a.do(everybody, a.author, newContent("Public", domain.Published)).ID
	a.do(insiders, a.author, command.UpdateContent{ID: draft, Title: set("Another draft")})
	a.do(everybody, a.author, command.UpdateContent{ID: public, Title: set("Another title")})
	private := a.do(insiders, a.author, command.CreatePresentation{Title: "Private", Theme: "default", Markdown: ptr(deckOfTwo)}).ID
	a.do(insiders, a.author, command.AddSlide{PresentationID: private, Content: "# Three", Notes: ptr("psst")})
	open := a.do(everybody, a.author, command.CreatePresentation{Title: "Open", Theme: "default", IsPublic: true, Markdown: ptr(deckOfTwo)}).ID
	slide := a.do(everybody, a.author, command.AddSlide{PresentationID: open, Content: "# Three", Notes: ptr("psst")}).SlideID
	a.do(everybody, a.author, command.UpdateSlide{PresentationID: open, SlideID: slide, Notes: set("psst, again")})
	a.do(everybody, a.author, command.MoveSlide{PresentationID: open, SlideID: slide, To: command.Placement{Order: ptr(1)}})
	a.do(everybody, a.author, command.RestorePresentation{Restore: command.Restore{ID: open, ToVersion: 4}})
	a.do([]string{"author", "admin"}, a.author, command.UpdateUser{ID: a.author.UserID, Email: set("psst@example.org")})
	a.do([]string{"admin"}, domain.System, command.CreateUser{Email: "new@example.org", DisplayName: "New", Role: domain.Viewer})
	a.do([]string{"admin"}, a.admin, command.UpdateUser{ID: a.admin.UserID, DisplayName: set("The admin")})
	a.do(insiders, a.author, command.DeletePresentation{ID: private})
	a.do(insiders, a.author, command.DeleteContent{ContentTarget: command.ContentTarget{ID: draft}})
	a.do(everybody, a.author, newContent("The end", domain.Published))
}

// hears listens after a position and compares what comes with what is expected.
func (a *audience) hears(t *testing.T, name string, l *listener) {
	t.Helper()
	notes := slices.Contains([]string{"author", "editor", "admin"}, name)
	var got []eventstore.Position
	for len(got) == 0 || got[len(got)-1] < a.head() {
		event := l.next()
		got = append(got, event.position())
		if !notes && strings.Contains(string(event.raw), "psst") {
			t.Errorf("the %s hears %s", name, event.raw)
		}
		if has := strings.Contains(string(event.raw), `"notes":"psst`); notes && !has && event.text("eventAppended", "__typename") == "SlideAdded" {
			t.Errorf("the %s hears no notes: %s", name, event.raw)
		}
	}
	wantPositions(t, name, got, a.expected[name])
}

func TestSubscribersHearOnlyWhatTheyMaySee(t *testing.T) {
	t.Parallel()
	a := startAudience(t)
	vars := map[string]any{"after": a.head().String()}
	const query = `subscription($after: Position) { eventAppended(after: $after) ` + everyEvent + ` }`
	live := make(map[string]*listener)
	for _, name := range everybody {
		live[name] = a.listen(a.tokens[name], query, vars)
	}
	a.play()
	for _, name := range everybody {
		t.Run(name, func(t *testing.T) {
			a.hears(t, name, live[name])
			// Those who come later hear the same.
			a.hears(t, name, a.in(t).listenBy(legacyWS, a.tokens[name], query, vars))
		})
	}
}

// What was public and is hidden now is hidden in the history as well.
func TestHistoryOfWhatIsHiddenNowIsNotDelivered(t *testing.T) {
	t.Parallel()
	a := startAudience(t)
	start := a.head()
	content := a.do(insiders, a.author, newContent("Unpublished", domain.Published)).ID
	deleted := a.do(insiders, a.author, newContent("Deleted", domain.Published)).ID
	deck := a.do(insiders, a.author, command.CreatePresentation{Title: "Closed", Theme: "default", IsPublic: true}).ID
	a.do(insiders, a.author, command.UnpublishContent{ContentTarget: command.ContentTarget{ID: content}})
	a.do(insiders, a.author, command.DeleteContent{ContentTarget: command.ContentTarget{ID: deleted}})
	a.do(insiders, a.author, command.UpdatePresentation{ID: deck, IsPublic: set(false)})
	back := a.do(insiders, a.author, newContent("Published again", domain.Draft)).ID
	a.do(everybody, a.author, command.PublishContent{ContentTarget: command.ContentTarget{ID: back}})
	a.do(insiders, a.author, command.ArchiveContent{ContentTarget: command.ContentTarget{ID: back}})
	a.do(everybody, a.author, command.PublishContent{ContentTarget: command.ContentTarget{ID: back}})
	for _, name := range everybody {
		l := a.listen(a.tokens[name], listenToPositions, map[string]any{"after": start.String()})
		wantPositions(t, name, l.positions(a.head()), a.expected[name])
	}
}

func TestObjectsComeAndGoForThoseWhoWatchThem(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{transportWS, legacyWS} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			a := startAudience(t)
			content := a.desk.do(a.author, newContent("Content", domain.Draft)).ID
			deck := a.desk.do(a.author, command.CreatePresentation{Title: "Deck", Theme: "default", Markdown: ptr(deckOfTwo)}).ID
			watch := func(name, query, id string) *listener {
				return a.listenBy(protocol, a.tokens[name], query, map[string]any{"id": id})
			}
			const watchContent = `subscription($id: ID!) { it: contentChanged(id: $id) { version title status author { id } } }`
			const watchDeck = `subscription($id: ID!) { it: presentationChanged(id: $id) { version title slides { notes order } } }`
			visitor, author := watch("visitor", watchContent, content), watch("author", watchContent, content)
			visitorsDeck, authorsDeck := watch("visitor", watchDeck, deck), watch("author", watchDeck, deck)
			version := func(who string, l *listener, want any) answer {
				t.Helper()
				it := l.next()
				if got := it.at("it", "version"); got != want || want == nil && it.at("it") != nil {
					t.Errorf("the %s sees version %v, want %v: %s", who, got, want, it.raw)
				}
				return it
			}
			target := command.ContentTarget{ID: content}
			version("visitor", visitor, nil)
			version("author", author, 1.0)
			a.desk.do(a.author, command.UpdateContent{ID: content, Title: set("Changed")})
			version("author", author, 2.0)
			a.desk.do(a.author, command.PublishContent{ContentTarget: target})
			version("author", author, 3.0)
			if it := version("visitor", visitor, 3.0); it.text("it", "title") != "Changed" || it.text("it", "author", "id") != a.author.UserID {
				t.Errorf("the visitor sees %s", it.raw)
			}
			a.desk.do(a.author, command.DeleteContent{ContentTarget: target})
			version("author", author, nil)
			version("visitor", visitor, nil)
			a.desk.do(a.author, command.RestoreContent{Restore: command.Restore{ID: content, ToVersion: 1}})
			version("author", author, 5.0)

			version("visitor", visitorsDeck, nil)
			version("author", authorsDeck, 3.0)
			a.desk.do(a.author, command.UpdatePresentation{ID: deck, IsPublic: set(true)})
			if it := version("visitor", visitorsDeck, 4.0); strings.Contains(string(it.raw), "psst") || it.at("it", "slides", 1, "order") != 2.0 {
				t.Errorf("the visitor sees %s", it.raw)
			}
			if it := version("author", authorsDeck, 4.0); it.text("it", "slides", 1, "notes") != "psst: two" {
				t.Errorf("the author sees %s", it.raw)
			}
			a.desk.do(a.author, command.DeletePresentation{ID: deck})
			version("author", authorsDeck, nil)
			version("visitor", visitorsDeck, nil)

			nobody := watch("visitor", watchContent, domain.NewID(domain.KindContent, "0190a8c2-7b1e-7000-8000-000000000000"))
			version("visitor", nobody, nil)
			for _, id := range []string{deck, "nothing", ""} {
				if code := watch("admin", watchContent, id).refused(); code != string(domain.Invalid) {
					t.Errorf("watching content %q is refused with %s", id, code)
				}
			}
		})
	}
}
