package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// diffs selects the fields that can fail: the changes from each version of each object to its
// latest one, and from the first version to each one.
func (w *walk) diffs(t testing.TB, exec executing, j *judge) {
	t.Helper()
	j.at = w.head()
	type pair struct {
		id       string
		from, to int
	}
	for _, name := range fails {
		typename, field, _ := strings.Cut(name, ".")
		selection, err := w.doors.selection(w.doors.schema.Types[typename].Fields.ForName(field).Type, look)
		if err != nil {
			t.Fatal(err)
		}
		var pairs []pair
		for _, id := range w.doors.of(typename) {
			latest := len(w.chronicle.streams[id])
			for v := range latest {
				pairs = append(pairs, pair{id, v + 1, latest}, pair{id, 1, v + 1})
			}
		}
		for chunk := range slices.Chunk(pairs, 100) {
			var b strings.Builder
			for i, p := range chunk {
				fmt.Fprintf(&b, "x_%d: %s(id: %q) { __typename id version %s(from: %d, to: %d)%s }\n", i, strings.ToLower(typename), p.id, field, p.from, p.to, selection)
			}
			j.where = name
			a := exec.ask(t, j.actor, "{"+b.String()+"}", nil)
			for _, code := range a.codes {
				if code != string(domain.NotFound) {
					j.find("errors %v: %.300s", a.codes, a.raw)
				}
			}
			j.texts(a.raw)
			j.value(map[string]any(a.data))
			for i, p := range chunk {
				_, now := j.sees(j.actor, p.id, j.at)
				_, from := j.sees(j.actor, p.id, w.positionOf(p.id, p.from))
				_, to := j.sees(j.actor, p.id, w.positionOf(p.id, p.to))
				o, _ := a.data[fmt.Sprintf("x_%d", i)].(map[string]any)
				diff, _ := member(o, field)
				j.there(fmt.Sprintf("the diff from %d to %d of %s", p.from, p.to, p.id), diff, now && from && to)
			}
		}
	}
}

func (w *walk) positionOf(id string, version int) eventstore.Position {
	return w.chronicle.streams[id][version-1].event.Position
}

// pages reads lists page by page, and starts also from the cursors of an actor with more rights.
func (w *walk) pages(t testing.TB, exec executing, j *judge) {
	t.Helper()
	for field, want := range map[string][]string{
		"contents": j.list(j.actor, "Content", w.head()), "presentations": j.list(j.actor, "Presentation", w.head()), "events": j.eventsOf(j.actor, "", 0, w.head()),
	} {
		j.at = w.head()
		w.follow(t, exec, j, field, "", want)
		w.follow(t, exec, j, field+`(backward)`, "", want)
	}
	for _, c := range w.cursors {
		j.at = c.at
		typename := map[string]string{"contents": "Content", "presentations": "Presentation"}[c.field]
		visible := j.list(j.actor, typename, c.at)
		w.follow(t, exec, j, c.field, c.cursor, slices.DeleteFunc(slices.Clone(c.rest), func(id string) bool { return !slices.Contains(visible, id) }))
	}
}

// follow reads pages of three until pageInfo reports the last one. It expects the given members,
// and no more pages than they need.
func (w *walk) follow(t testing.TB, exec executing, j *judge, list, cursor string, want []string) {
	t.Helper()
	field, backward := strings.CutSuffix(list, "(backward)")
	j.where = "pages of " + list
	key := "id"
	if field == "events" {
		key = "position"
	}
	arguments, more, next := "first: 3, after: $cursor", "hasNextPage", "endCursor"
	if backward {
		arguments, more, next = "last: 3, before: $cursor", "hasPreviousPage", "startCursor"
	}
	query := fmt.Sprintf("query($cursor: String) { page: %s(%s) { nodes { %s } pageInfo { %s %s } totalCount } }", field, arguments, key, more, next)
	var got []string
	var at any
	if cursor != "" {
		at = cursor
	}
	for {
		a := exec.ask(t, j.actor, query, object{"cursor": at})
		if len(a.codes) > 0 {
			j.find("errors: %s", a.raw)
			return
		}
		j.value(map[string]any(a.data))
		page := a.data["page"].(object)
		for _, n := range page["nodes"].([]any) {
			got = append(got, text(n.(object), key))
		}
		info := page["pageInfo"].(object)
		if info[more] != (len(got) < len(want)) {
			j.find("LEAK: after %d of %d members, %s is %v", len(got), len(want), more, info[more])
			return
		}
		if info[more] == false {
			break
		}
		at = info[next]
	}
	j.sameList("the members", got, want)
}

// searches searches for every mark, including the marks of hidden objects. No hit and no count may
// reveal one of these.
func (w *walk) searches(t testing.TB, exec executing, j *judge, as eventstore.Position) {
	t.Helper()
	if j.at = w.head(); as > 0 {
		j.at = as
	}
	for typename, field := range map[string]string{"Content": "contents", "Presentation": "presentations"} {
		found := map[string][]string{}
		for _, id := range w.doors.of(typename) {
			for _, m := range w.chronicle.streams[id] {
				for _, mark := range m.marks {
					if _, ok := found[mark]; !ok {
						found[mark] = nil
					}
				}
			}
			if state, ok := j.sees(j.actor, id, j.at); ok {
				for _, mark := range searchable(state) {
					found[mark] = append(found[mark], id)
				}
			}
		}
		var words []string
		for mark := range found {
			words = append(words, mark)
		}
		slices.Sort(words)
		for chunk := range slices.Chunk(words, 100) {
			var b strings.Builder
			for _, word := range chunk {
				fmt.Fprintf(&b, "%s: %s(search: %q, asOf: $asOf) { nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage endCursor } }\n", word, field, word)
			}
			j.where = "search in " + field
			a := exec.ask(t, j.actor, "query($asOf: AsOf) {"+b.String()+"}", object{"asOf": j.at.String()})
			for _, word := range chunk {
				j.same("what is found for "+word, a.data[word], "id", found[word])
			}
		}
	}
}

// searchable returns the marks by which a search finds a state: all except those in notes.
func searchable(state domain.State) []string {
	text := ""
	switch s := state.(type) {
	case domain.Content:
		text = s.Title + " " + s.Content
	case domain.Presentation:
		text = s.Title
		for _, slide := range s.Slides {
			text += " " + slide.Content
			if slide.Title != nil {
				text += " " + *slide.Title
			}
		}
	}
	return unique(marksIn(text))
}
