package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph"
	"flightdeck/policy"
	"flightdeck/readmodel"
	"flightdeck/resolvers"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// scene is a database with an object of every kind that some actors may not see, and with an actor
// of every role. Every text in it has a mark.
type scene struct {
	*desk
	askers    []asker
	things    int
	keys      []string // the ids of API keys
	chronicle *chronicle
	documents graphql.Cache[*ast.QueryDocument]
	// cursors were taken by an editor, at the end of every first page of two.
	cursors []takenCursor
}

// asker is an actor of the scene.
type asker struct {
	name string
	domain.Actor
}

// The askers that own objects.
const (
	author = 1
	former = 2
)

// takenCursor is a cursor of a list, with the list as it was for the actor of the cursor.
type takenCursor struct {
	field, cursor string
	at            eventstore.Position
	rest          []string // the ids after the cursor
}

// newScene makes objects of an author, of a former author and of the operator, and takes them
// through all states.
func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{desk: open(t, eventstore.Options{}), documents: lru.New[*ast.QueryDocument](10_000)}
	s.askers = []asker{
		{name: "visitor"}, author: {name: "author", Actor: domain.Actor{Role: domain.Author}}, former: {name: "former author", Actor: domain.Actor{Role: domain.Author}},
		{name: "other author", Actor: domain.Actor{Role: domain.Author}}, {name: "viewer", Actor: domain.Actor{Role: domain.Viewer}},
		{name: "editor", Actor: domain.Actor{Role: domain.Editor}}, {name: "admin", Actor: domain.Actor{Role: domain.Admin}},
	}
	admin := domain.System
	for i := len(s.askers) - 1; i > 0; i-- {
		a := &s.askers[i]
		a.UserID = s.do(admin, command.CreateUser{Email: fmt.Sprintf("mailx%dx0@example.org", i), DisplayName: a.name, Role: a.Role}).ID
		admin = s.askers[len(s.askers)-1].Actor
	}
	owner := s.askers[author].Actor
	s.do(owner, command.UpdateUser{ID: owner.UserID, Email: some("mailx1x1@example.org")})
	if _, err := s.commands.Begin(as(owner), owner.UserID, true); err != nil {
		t.Fatal(err)
	}
	for _, fate := range []string{"h", "p", "h p", "p h", "p a", "p d", "h d", "p d h", "p d p"} {
		s.content(owner, strings.Fields(fate)...)
		s.deck(owner, strings.Fields(strings.ReplaceAll(fate, "a", "h"))...)
		if len(s.cursors) < 12 {
			s.take("contents")
			s.take("presentations")
		}
	}
	for _, fate := range []string{"h", "h p", "p h", "p d"} {
		s.content(s.askers[former].Actor, strings.Fields(fate)...)
		s.deck(s.askers[former].Actor, strings.Fields(fate)...)
	}
	s.do(admin, command.ChangeRole{ID: s.askers[former].UserID, Role: domain.Viewer})
	s.askers[former].Role = domain.Viewer
	for _, fate := range []string{"h", "p"} {
		s.content(domain.System, fate)
		s.deck(domain.System, fate)
	}
	s.forget(admin)
	_, key, _, err := s.commands.CreateKey(as(admin), command.CreateAPIKey{Name: "machine", Role: domain.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	s.keys = append(s.keys, key)
	s.content(domain.System, "p") // every actor hears of it: it ends the walk of a subscription
	s.chronicle = newChronicle(t, s.desk)
	s.chronicle.erased = []string{"mailx99x0", "canaryx99x0"}
	return s
}

// forget makes a user with a content, and forgets the user.
func (s *scene) forget(admin domain.Actor) {
	s.t.Helper()
	ghost := domain.Actor{Role: domain.Author}
	ghost.UserID = s.do(admin, command.CreateUser{Email: "mailx99x0@example.org", DisplayName: "canaryx99x0", Role: ghost.Role}).ID
	s.content(ghost, "p")
	s.deck(ghost, "h")
	s.do(ghost, command.UpdateUser{ID: ghost.UserID, DisplayName: some("canaryx99x0 again")})
	s.do(admin, command.ForgetUser{ID: ghost.UserID})
}

func some[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }

// content makes a content and brings it to each of its states: hidden, public, archived and
// deleted. Each state has a mark of its own.
func (s *scene) content(owner domain.Actor, fate ...string) {
	s.t.Helper()
	s.things++
	mark := func(step int) string { return fmt.Sprintf("canaryx%dx%d", s.things, step) }
	status := domain.Draft
	if fate[0] == "p" {
		status = domain.Published
	}
	text := mark(0)
	id := s.do(owner, command.CreateContent{
		Title: text, Slug: &text, Description: &text, Content: "# " + text + "\n\nmore\nlines", Format: domain.Markdown, Tags: []string{text, "common"}, Status: status,
	}).ID
	target := command.ContentTarget{ID: id}
	for i, to := range fate[1:] {
		switch {
		case to == "d":
			s.do(owner, command.DeleteContent{ContentTarget: target})
			continue
		case fate[i] == "d":
			s.do(owner, command.RestoreContent{Restore: command.Restore{ID: id, ToVersion: 1}})
		}
		text := mark(i + 1)
		s.do(owner, command.UpdateContent{ID: id, Title: some(text), Slug: some(text), Description: some(text), Content: some("# " + text + "\n\nother\nlines"), Tags: graphql.OmittableOf([]string{text, "common"})})
		switch to {
		case "p":
			s.do(owner, command.PublishContent{ContentTarget: target})
		case "a":
			s.do(owner, command.ArchiveContent{ContentTarget: target})
		case "h":
			s.do(owner, command.UnpublishContent{ContentTarget: target})
		}
	}
}

// deck does the same for decks, with marks in their speaker notes, too.
func (s *scene) deck(owner domain.Actor, fate ...string) {
	s.t.Helper()
	s.things++
	mark := func(step int) string { return fmt.Sprintf("canaryx%dx%d", s.things, step) }
	whisper := func(step int) string { return fmt.Sprintf("whisperx%dx%d", s.things, step) }
	text := mark(0)
	id := s.do(owner, command.CreatePresentation{
		Title: text, Description: &text, Theme: "default", IsPublic: fate[0] == "p", Markdown: ptr("# " + text + "\n\ntext\n\n<!-- " + whisper(0) + " -->"),
	}).ID
	slide := s.do(owner, command.AddSlide{PresentationID: id, Content: text, Notes: ptr(whisper(8))}).SlideID
	s.do(owner, command.UpdateSlide{PresentationID: id, SlideID: slide, Notes: some(whisper(9))})
	s.do(owner, command.MoveSlide{PresentationID: id, SlideID: slide, To: command.Placement{Order: ptr(1)}})
	for i, to := range fate[1:] {
		switch {
		case to == "d":
			s.do(owner, command.RemoveSlide{PresentationID: id, SlideID: slide})
			s.do(owner, command.DeletePresentation{ID: id})
			continue
		case fate[i] == "d":
			s.do(owner, command.RestorePresentation{Restore: command.Restore{ID: id, ToVersion: 2}})
		}
		text := mark(i + 1)
		s.do(owner, command.AddSlide{PresentationID: id, Title: &text, Content: text, Notes: ptr(whisper(i + 1))})
		s.do(owner, command.UpdatePresentation{ID: id, Title: some(text), Description: some(text), IsPublic: some(to == "p")})
	}
}

// take takes a cursor as an editor.
func (s *scene) take(field string) {
	s.t.Helper()
	editor := domain.Actor{UserID: "user-0190a8c2-7b1e-7000-8000-000000000000", Role: domain.Editor}
	a := s.executor(nil).ask(s.t, editor, `{ page: `+field+`(first: 2) { pageInfo { endCursor } position } all: `+field+`(first: 500) { nodes { id } } }`, nil)
	page := a.data["page"].(object)
	c := takenCursor{field: field, cursor: page["pageInfo"].(object)["endCursor"].(string), at: s.log.Head().Position}
	for _, n := range a.data["all"].(object)["nodes"].([]any) {
		c.rest = append(c.rest, n.(object)["id"].(string))
	}
	c.rest = c.rest[min(2, len(c.rest)):]
	s.cursors = append(s.cursors, c)
}

// executing is the API on the scene's database, with rules of its own.
type executing struct{ *executor.Executor }

// executor returns the API with a table of rules, and with policy's own for nil.
func (s *scene) executor(rules *policy.Table) executing {
	reader := readmodel.NewReader(readmodel.Config{DB: s.db, Log: s.log, Index: s.index, Vault: s.vault, Rules: rules})
	commands := *s.commands
	if rules != nil {
		commands.Rules = rules
	}
	root := &resolvers.Resolver{
		Log: s.log, Reader: reader, Commands: &commands, Rebuilder: s.rebuild, Logger: s.root.Logger, RequestID: s.root.RequestID, Remote: s.root.Remote,
		LastEventID: s.root.LastEventID, SetEventID: s.root.SetEventID, NoStore: s.root.NoStore,
	}
	exec := executor.New(graph.New(graph.Config{Resolvers: root}))
	exec.SetErrorPresenter(root.Present)
	exec.SetRecoverFunc(root.Recover)
	exec.AroundOperations(root.AroundOperation)
	exec.SetQueryCache(s.documents)
	return executing{exec}
}

// answered is the answer to an operation.
type answered struct {
	data  object
	raw   string
	codes []string // of the errors
}

// ask runs a query or a mutation.
func (e executing) ask(t testing.TB, actor domain.Actor, query string, vars object) answered {
	t.Helper()
	next := e.begin(t, as(actor), query, vars)
	return read(t, next(as(actor)))
}

// begin starts an operation.
func (e executing) begin(t testing.TB, ctx context.Context, query string, vars object) graphql.ResponseHandler {
	t.Helper()
	ctx = graphql.StartOperationTrace(ctx)
	op, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(errs) > 0 {
		return graphql.OneShot(e.DispatchError(ctx, errs))
	}
	handler, ctx := e.DispatchOperation(ctx, op)
	return func(context.Context) *graphql.Response { return handler(ctx) }
}

func read(t testing.TB, response *graphql.Response) (a answered) {
	t.Helper()
	if response == nil {
		t.Fatal("the operation has no answer")
	}
	a.raw = string(response.Data)
	for _, e := range response.Errors {
		a.codes = append(a.codes, fmt.Sprint(e.Extensions["code"]))
		a.raw += e.Error()
	}
	if len(response.Data) > 0 {
		if err := json.Unmarshal(response.Data, &a.data); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(a.codes)
	a.codes = slices.Compact(a.codes)
	return a
}
