package readmodel_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/internal/worldtest"
	"flightdeck/policy"
	"flightdeck/readmodel"
)

// fate is the history of an object as a sequence of states.
type fate struct {
	owner  domain.Actor
	steps  []step
	id     string
	events []eventstore.Position // of each step
	right  func(policy.Visibility) policy.Right
}

var rules = policy.Rules()

// step is a state of an object: hidden, public or deleted.
type step string

const (
	hidden  step = "hidden"
	public  step = "public"
	deleted step = "deleted"
)

var exposures = map[step]policy.Exposure{hidden: policy.Hidden, public: policy.Public, deleted: policy.Deleted}

// fates returns all sequences of two states, for objects of each owner.
func fates(owners ...domain.Actor) (all []*fate) {
	for _, owner := range owners {
		for _, then := range []step{hidden, public, deleted} {
			for _, now := range []step{hidden, public, deleted} {
				all = append(all, &fate{owner: owner, steps: []step{then, now}})
			}
		}
	}
	return all
}

// content takes a content through its fate. The operator makes all changes after its creation.
func (f *fate) content(w *world, archived bool) {
	f.right = policy.Visibility.Content
	done := w.Do(f.owner, command.CreateContent{Title: "Title", Content: "text", Format: domain.Markdown, Status: domain.Draft})
	f.id = done.ID
	target := command.ContentTarget{ID: f.id}
	was := hidden
	for _, to := range f.steps {
		if was == deleted && to != deleted {
			w.Do(domain.System, command.RestoreContent{Restore: command.Restore{ID: f.id, ToVersion: 1}})
		}
		switch {
		case to == public:
			done = w.Do(domain.System, command.PublishContent{ContentTarget: target})
		case to == deleted:
			done = w.Do(domain.System, command.DeleteContent{ContentTarget: target})
		case archived:
			done = w.Do(domain.System, command.ArchiveContent{ContentTarget: target})
		default:
			done = w.Do(domain.System, command.UnpublishContent{ContentTarget: target})
		}
		f.events, was = append(f.events, done.Position), to
	}
}

// deck takes a deck through its fate.
func (f *fate) deck(w *world) {
	f.right = policy.Visibility.Deck
	done := w.Do(f.owner, command.CreatePresentation{Title: "Title", Theme: "default", Markdown: new("# Slide\n\n<!-- note -->")})
	f.id = done.ID
	was := hidden
	for _, to := range f.steps {
		if was == deleted && to != deleted {
			w.Do(domain.System, command.RestorePresentation{Restore: command.Restore{ID: f.id, ToVersion: 2}})
		}
		if to == deleted {
			done = w.Do(domain.System, command.DeletePresentation{ID: f.id})
		} else {
			done = w.Do(domain.System, command.UpdatePresentation{ID: f.id, IsPublic: worldtest.Some(to == public), Theme: worldtest.Some(fmt.Sprint("theme ", len(f.events)))})
		}
		f.events, was = append(f.events, done.Position), to
	}
}

// seen reports whether the table lets an actor see the object as of a step.
func (f *fate) seen(actor domain.Actor, at int) bool {
	return f.steps[at] != deleted && f.told(actor, at)
}

// told reports whether the table lets an actor see the event of a step. Actors with the right to
// restore an object see the event of its deletion.
func (f *fate) told(actor domain.Actor, at int) bool {
	visibility := policy.VisibilityOf(exposures[f.steps[at]], exposures[f.steps[1]])
	return rules.May(actor, f.right(visibility), f.owner.UserID)
}

// withdrawn reports whether the event of the last step took the object away from an actor, who may
// not see the event.
func (f *fate) withdrawn(actor domain.Actor, at int) bool {
	seen := func(step int) bool {
		is := exposures[f.steps[step]]
		return is != policy.Deleted && rules.May(actor, f.right(policy.VisibilityOf(is, is)), f.owner.UserID)
	}
	return at == 1 && !f.told(actor, at) && seen(0) && !seen(1)
}

// TestVisibleRowsFollowThePolicy compares the SQL for rows and events with package policy, for
// every role, every owner, and every pair of states then and now.
func TestVisibleRowsFollowThePolicy(t *testing.T) {
	t.Parallel()
	w := open(t)
	author, other, editor := w.Actor(domain.Author), w.Actor(domain.Author), w.Actor(domain.Editor)
	demoted := domain.Actor{UserID: author.UserID, Role: domain.Viewer} // still the owner
	actors := []domain.Actor{{}, w.Actor(domain.Viewer), author, demoted, other, editor, w.Actor(domain.Admin), domain.System}
	contents, archived, decks := fates(author, editor, domain.System), fates(author), fates(author, editor, domain.System)
	for _, f := range contents {
		f.content(w, false)
	}
	for _, f := range archived {
		f.content(w, true)
	}
	for _, f := range decks {
		f.deck(w)
	}
	ctx := context.Background()
	for _, actor := range actors {
		for _, f := range append(contents, archived...) {
			for at, p := range f.events {
				what := fmt.Sprintf("content %v of %v by %v at %d", f.steps, f.owner.Role, actor, at)
				v := readmodel.View{At: p, Actor: actor, Named: true}
				one, err := w.Reader.Content(ctx, v, f.id)
				want(t, what, one != nil, err, f.seen(actor, at))
				node, err := w.Reader.Node(ctx, v, f.id)
				want(t, what+", as a node", node != nil, err, f.seen(actor, at))
				list, err := w.Reader.Contents(ctx, v, readmodel.Page{First: new(500)}, readmodel.ContentFilter{}, nil, nil)
				want(t, what+", in the list", err == nil && slices.ContainsFunc(list.Nodes, func(c *readmodel.Content) bool { return c.ID == f.id }), err, f.seen(actor, at))
				w.told(t, what, actor, p, f.told(actor, at), f.withdrawn(actor, at))
			}
		}
		for _, f := range decks {
			for at, p := range f.events {
				what := fmt.Sprintf("deck %v of %v by %v at %d", f.steps, f.owner.Role, actor, at)
				v := readmodel.View{At: p, Actor: actor, Named: true}
				one, err := w.Reader.Presentation(ctx, v, f.id)
				want(t, what, one != nil, err, f.seen(actor, at))
				list, err := w.Reader.Presentations(ctx, v, readmodel.Page{First: new(500)}, readmodel.PresentationFilter{}, nil, nil)
				want(t, what+", in the list", err == nil && slices.ContainsFunc(list.Nodes, func(d *readmodel.Presentation) bool { return d.ID == f.id }), err, f.seen(actor, at))
				w.told(t, what, actor, p, f.told(actor, at), f.withdrawn(actor, at))
				if one == nil {
					continue
				}
				slides, err := one.Slides(ctx)
				if err != nil || len(slides) != 1 {
					t.Fatalf("%s: %v, %v", what, slides, err)
				}
				want(t, what+", notes", slides[0].Notes() != nil, nil, rules.May(actor, policy.SeeNotes, f.owner.UserID))
				slide, err := w.Reader.Slide(ctx, v, slides[0].ID)
				want(t, what+", slide", slide != nil, err, true)
			}
		}
	}
}

// told checks whether a view lists an event, and whether a feed delivers it or, in its place, a
// Withdrawn event.
func (w *world) told(t *testing.T, what string, actor domain.Actor, p eventstore.Position, told, withdrawn bool) {
	t.Helper()
	ctx := context.Background()
	listed, err := w.Reader.EventsBetween(ctx, w.Reader.Head(actor), p, p)
	want(t, what+", its event", len(listed) == 1, err, told)
	page, err := w.Log.Read(ctx, p-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	sequence, err := w.Reader.Delivered(ctx, actor, readmodel.EventFilter{}, page, true)
	if err != nil {
		t.Fatal(err)
	}
	delivered := slices.Collect(sequence)
	isWithdrawn := func(e readmodel.Event) bool { _, ok := e.(readmodel.Withdrawn); return ok }
	want(t, what+", its event to subscribers", len(delivered) == 1 && !isWithdrawn(delivered[0]), err, told)
	want(t, what+", its end to subscribers", slices.ContainsFunc(delivered, isWithdrawn), err, withdrawn)
}

func want(t *testing.T, what string, got bool, err error, want bool) {
	t.Helper()
	if got != want || err != nil {
		t.Errorf("%s: seen %t (%v), want %t", what, got, err, want)
	}
}

// TestAccountsArePrivate expects the events and the address of an account to be visible to its
// owner and to admins.
func TestAccountsArePrivate(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner, other := w.Actor(domain.Author), w.Actor(domain.Author)
	for _, actor := range []domain.Actor{{}, owner, other, w.Actor(domain.Editor), w.Actor(domain.Admin), domain.System} {
		w.told(t, fmt.Sprintf("%v", actor), actor, 1, rules.May(actor, policy.SeeAccount, owner.UserID), false)
		user, err := w.Reader.User(context.Background(), w.Reader.Head(actor), owner.UserID)
		if err != nil || user == nil || (user.Email() != nil) != rules.May(actor, policy.SeeEmail, owner.UserID) {
			t.Errorf("the address of %v to %v: %v", user, actor, err)
		}
	}
}
