package resolvers_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/vektah/gqlparser/v2/ast"
)

// walk selects every field of the schema and compares the answers with the chronicle.
type walk struct {
	*scene
	doors  *doors
	reads  []rootField // of Query
	listen []rootField // of Subscription
}

// rootField is a root field with the operations that select it.
type rootField struct {
	def  *ast.FieldDefinition
	asOf bool
	// parts select the field; their index is the number of steps from object to object.
	parts [3][]part
}

// The thoroughness of a walk at one moment.
const (
	glance = iota // the lists with their members
	look          // each object by itself, and one step further
	stare         // two steps further
)

func newWalk(t testing.TB, s *scene) *walk {
	t.Helper()
	w := &walk{scene: s, doors: &doors{schema: loadSchema(t), of: s.chronicle.ids, slugs: s.chronicle.slugs()}}
	w.reads = w.roots(t, w.doors.schema.Query)
	w.listen = w.roots(t, w.doors.schema.Subscription)
	return w
}

func (w *walk) roots(t testing.TB, def *ast.Definition) (all []rootField) {
	t.Helper()
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		r := rootField{def: f, asOf: f.Arguments.ForName("asOf") != nil}
		for depth := range r.parts {
			var err error
			if r.parts[depth], err = w.doors.root(f, depth); err != nil {
				t.Fatal(err)
			}
			if many := len(r.parts[depth]) > 1; many && depth == glance {
				r.parts[depth] = nil
			} else if many && depth == look { // the objects of lists lead to the same objects
				r.parts[depth], _ = w.doors.root(f, glance)
			} else if many {
				r.parts[depth], _ = w.doors.root(f, look)
			}
		}
		all = append(all, r)
	}
	return all
}

// judge returns a judge of the answers to an actor.
func (w *walk) judge(a asker) *judge {
	j := &judge{chronicle: w.chronicle, who: a.name, actor: a.Actor, reached: map[string]bool{}}
	j.shown, j.all = w.chronicle.permitted(a.Actor)
	return j
}

// head returns the last position of the log.
func (w *walk) head() eventstore.Position { return w.log.Head().Position }

// queries selects the fields of Query as of a position, and as of now for 0.
func (w *walk) queries(t testing.TB, exec executing, j *judge, as eventstore.Position, depth int) {
	t.Helper()
	vars := object{}
	if j.at = w.head(); as > 0 {
		j.at, vars["asOf"] = as, as.String()
	}
	for _, f := range w.reads {
		if as > 0 && !f.asOf {
			continue
		}
		head := "query"
		if f.asOf {
			head = "query($asOf: AsOf)"
		}
		for chunk := range slices.Chunk(f.parts[depth], 100) {
			j.where = "Query." + f.def.Name
			var b strings.Builder
			for _, p := range chunk {
				b.WriteString(p.text + "\n")
			}
			a := exec.ask(t, j.actor, head+" {"+b.String()+"}", vars)
			j.texts(a.raw)
			j.value(map[string]any(a.data))
			w.root(j, f, chunk, a)
		}
	}
}

// root judges root fields: the named objects must be there, and lists must be complete.
func (w *walk) root(j *judge, f rootField, parts []part, a answered) {
	if code := j.refused(f.def.Name); code != "" {
		if a.data[f.def.Name] != nil || !slices.Equal(a.codes, []string{code}) {
			j.find("LEAK: it is shown: %.200s", a.raw)
		}
		return
	}
	if len(a.codes) > 0 {
		j.find("DENIAL: errors %v: %.300s", a.codes, a.raw)
		return
	}
	for alias, v := range a.data {
		if v != nil {
			j.reached["Query."+fieldOf(alias)] = true
		}
	}
	for _, p := range parts {
		alias, _, _ := strings.Cut(p.text, ":")
		if v, ok := a.data[alias]; ok && p.subject != "" {
			j.there(p.subject, v, w.named(j, p.subject))
		}
	}
	v := a.data[f.def.Name]
	switch f.def.Type.Name() {
	case "ContentConnection":
		j.same("contents", v, "id", j.list(j.actor, "Content", j.at))
	case "PresentationConnection":
		j.same("decks", v, "id", j.list(j.actor, "Presentation", j.at))
	case "UserConnection":
		want := j.list(j.actor, "User", j.at)
		j.same("users", v, "id", slices.DeleteFunc(want, func(id string) bool { return !j.rules.May(j.actor, policy.ListUsers, id) }))
	case "EventConnection":
		j.same("events", v, "position", j.eventsOf(j.actor, "", 0, j.at))
	case "TagConnection":
		j.same("tags", v, "name", w.tags(j, v))
	}
	if ids := f.def.Arguments.ForName("ids"); ids != nil {
		list, _ := v.([]any)
		for i, id := range w.doors.some(f.def.Type.Name()) {
			j.there(id, list[i], w.named(j, id))
		}
	}
}

// named reports whether an id or a slug names an object that the actor may see.
func (w *walk) named(j *judge, name string) bool {
	if _, ok := j.sees(j.actor, name, j.at); ok {
		return true
	}
	if _, ok := j.seesSlide(j.actor, name, j.at); ok {
		return true
	}
	return slices.ContainsFunc(j.list(j.actor, "Content", j.at), func(id string) bool {
		state, _ := j.sees(j.actor, id, j.at)
		return state.(domain.Content).Slug == name
	})
}

// tags compares the tags, and how often each is used, with the objects that the actor may see.
func (w *walk) tags(j *judge, connection any) (names []string) {
	counts := map[string]int{}
	for _, id := range j.list(j.actor, "Content", j.at) {
		state, _ := j.sees(j.actor, id, j.at)
		for _, tag := range state.(domain.Content).Tags {
			counts[tag]++
		}
	}
	for name := range counts {
		names = append(names, name)
	}
	c, _ := connection.(map[string]any)
	nodes, _ := c["nodes"].([]any)
	for _, n := range nodes {
		tag, _ := n.(map[string]any)
		if got, _ := tag["count"].(float64); int(got) != counts[text(tag, "name")] {
			j.find("LEAK: tag %v is counted as %v, want %d", tag["name"], tag["count"], counts[text(tag, "name")])
		}
	}
	return names
}

// feeds subscribes to every field of Subscription after a position.
func (w *walk) feeds(t testing.TB, exec executing, j *judge, after eventstore.Position) {
	t.Helper()
	j.at = w.head()
	for _, f := range w.listen {
		for _, p := range f.parts[look] {
			j.where = fmt.Sprintf("Subscription.%s(%s) after %s", f.def.Name, p.subject, after)
			head := "subscription"
			if f.def.Arguments.ForName("after") != nil {
				head = "subscription($after: Position)"
			}
			if heard := w.hear(t, exec, j, head+" {"+p.text+"}", after); p.subject == "" {
				gone, _ := j.withdrawals(j.actor, after, j.at)
				j.sameList("the events", heard, append(j.eventsOf(j.actor, "", after, j.at), gone...))
			}
		}
	}
}

// hear reads the items of a subscription until the end of the log, or its only object, and returns
// the positions of the events.
func (w *walk) hear(t testing.TB, exec executing, j *judge, operation string, after eventstore.Position) (heard []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(as(j.actor))
	defer cancel()
	next := exec.begin(t, ctx, operation, object{"after": after.String()})
	_, gone := j.withdrawals(j.actor, after, j.at)
	for {
		a := read(t, next(ctx))
		if len(a.codes) > 0 {
			j.find("DENIAL: errors: %s", a.raw)
			return heard
		}
		j.textsBut(a.raw, gone)
		j.value(map[string]any(a.data))
		for alias, v := range a.data {
			item, _ := v.(map[string]any)
			name := fieldOf(alias)
			if v != nil {
				j.reached["Subscription."+name] = true
			}
			if event, ok := member(item, "event"); ok {
				item, _ = event.(map[string]any)
			}
			if _, ok := member(item, "streamVersion"); !ok && text(item, "__typename") != "CaughtUp" {
				if i := strings.LastIndexByte(alias, '_'); i > 0 {
					id := w.doors.of(w.doors.schema.Subscription.Fields.ForName(name).Type.Name())[atoi(alias[i+1:])]
					_, want := j.sees(j.actor, id, j.at)
					j.there(id, v, want)
				}
				return heard
			}
			if text(item, "__typename") != "CaughtUp" {
				heard = append(heard, text(item, "position"))
			}
			if text(item, "position") == j.at.String() && text(item, "__typename") == "CaughtUp" || strings.HasPrefix(name, "eventAppended") && text(item, "position") == j.at.String() {
				return heard
			}
		}
	}
}

func atoi(s string) (n int) {
	_, _ = fmt.Sscan(s, &n)
	return n
}

// closed has the fields that never have a value: the subject of a deletion is invisible, a
// Withdrawn event tells nothing but its place, and this program knows all of its own events.
var closed = []string{
	"ContentDeleted.subject", "PresentationDeleted.subject", "GenericEvent.actor", "GenericEvent.subject", "Withdrawn.actor", "Withdrawn.subject",
}

// Every field of the schema that leads to an object or an event shows each actor the objects that
// the table of rules allows, as of now and as of every past position.
func TestEveryFieldFollowsTheTableOfRules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it asks one thing after the other, very many of them")
	}
	w := newWalk(t, newScene(t))
	exec := w.executor(nil)
	reached := map[string]bool{}
	var mu sync.Mutex // guards reached
	done := func(t *testing.T, j *judge) {
		for i, f := range j.findings {
			if i == 20 {
				t.Errorf("and %d more", len(j.findings)-i)
				break
			}
			t.Error(f)
		}
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(reached, j.reached)
	}
	t.Run("reading", func(t *testing.T) {
		for _, a := range w.askers {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				j := w.judge(a)
				w.now(t, exec, j)
				w.past(t, exec, j)
				done(t, j)
			})
		}
	})
	t.Run("changing", func(t *testing.T) {
		for _, a := range w.askers {
			t.Run(a.name, func(t *testing.T) {
				j := w.judge(a)
				w.conflicts(t, exec, j)
				w.changes(t, exec, j, func(right policy.Right) bool { return right != policy.ForgetUser })
				w.batches(t, exec, j)
				if a.Visitor() {
					w.sessions(t, exec, j)
				}
				w.changes(t, exec, j, func(right policy.Right) bool { return right == policy.ForgetUser })
				done(t, j)
			})
		}
	})
	for _, name := range w.doors.required() {
		if !reached[name] && !slices.Contains(closed, name) {
			t.Errorf("the walk does not reach %s: teach it", name)
		}
	}
}

// now walks through all present objects, and through the items of subscriptions after a past
// position.
func (w *walk) now(t testing.TB, exec executing, j *judge) {
	t.Helper()
	w.queries(t, exec, j, 0, stare)
	w.diffs(t, exec, j)
	w.pages(t, exec, j)
	for _, after := range []eventstore.Position{0, w.head() / 2} {
		w.feeds(t, exec, j, after)
	}
}

// past walks through all positions, most of them briefly.
func (w *walk) past(t testing.TB, exec executing, j *judge) {
	t.Helper()
	for p := eventstore.Position(1); p < w.head(); p++ {
		if p%24 > 0 && p < w.head()-1 {
			w.queries(t, exec, j, p, glance)
			continue
		}
		w.queries(t, exec, j, p, look)
		w.searches(t, exec, j, p)
	}
}
