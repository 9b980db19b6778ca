package resolvers_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
)

// judge compares answers with a chronicle.
type judge struct {
	*chronicle
	who   string
	actor domain.Actor
	at    eventstore.Position // the position at which objects below the root are read
	// shown and all are the results of chronicle.permitted for the actor.
	shown, all map[string]bool
	// reached has the fields, as Type.field, that had a value.
	reached map[string]bool
	// findings are the differences between answers and the chronicle.
	findings []string
	where    string
}

func (j *judge) find(format string, args ...any) {
	j.findings = append(j.findings, fmt.Sprintf("%s as of %s, %s: ", j.who, j.at, j.where)+fmt.Sprintf(format, args...))
}

// refusals has the fields that are an error for an actor without any right to their objects.
var refusals = map[string]struct {
	right policy.Right
	code  domain.Code
}{
	"users": {policy.ListUsers, domain.Unauthenticated}, "apiKeys": {policy.SeeKeys, domain.Forbidden},
}

// refused returns the code of the error that refuses a field, and "" for a field that is allowed.
func (j *judge) refused(field string) string {
	if r, ok := refusals[field]; ok && j.rules.Reach(j.actor.Role, r.right) == policy.Not {
		return string(r.code)
	}
	return ""
}

// expected reports whether each error belongs to a refused field.
func (j *judge) expected(codes []string) bool {
	return !slices.ContainsFunc(codes, func(code string) bool {
		return j.refused("users") != code && j.refused("apiKeys") != code
	})
}

// texts looks for marks that the actor may not see, also in cursors.
func (j *judge) texts(raw string) { j.textsBut(raw, nil) }

// textsBut is texts for an answer that may name some ids.
func (j *judge) textsBut(raw string, named []string) {
	for _, mark := range append(marksIn(raw), uuidsIn(raw)...) {
		if j.all[mark] && !j.shown[mark] && !slices.ContainsFunc(named, func(id string) bool { return strings.Contains(id, mark) }) {
			j.find("LEAK of %s in %.300s", mark, around(raw, mark))
			return
		}
	}
}

func around(raw, mark string) string {
	i := strings.Index(raw, mark)
	return raw[max(0, i-150):min(len(raw), i+150)]
}

// value judges a part of an answer with everything below it.
func (j *judge) value(v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			j.value(one)
		}
	case map[string]any:
		if name, ok := v["__typename"].(string); ok {
			j.object(name, v)
		}
		for _, below := range v {
			j.value(below)
		}
	case string:
		if data, err := base64.RawURLEncoding.DecodeString(v); err == nil && strings.HasPrefix(string(data), "{") {
			j.texts(string(data))
		}
	}
}

// object judges one object: it must be visible, and all fields that lead to other objects must be
// complete.
func (j *judge) object(name string, o map[string]any) {
	for alias, v := range o {
		if list, ok := v.([]any); v != nil && (!ok || len(list) > 0) {
			j.reached[name+"."+fieldOf(alias)] = true
		}
	}
	if position, ok := o["streamVersion"]; ok {
		j.event(name, o, position)
		return
	}
	switch name {
	case "Content", "Presentation":
		j.thing(name, o)
	case "Slide":
		if text(o, "id") == "" {
			return
		}
		j.slide(o)
	case "User":
		j.user(o)
	}
}

// member returns a field of an answer by its name without a suffix.
func member(o map[string]any, name string) (v any, asked bool) {
	if v, ok := o[name]; ok {
		return v, true
	}
	for alias, v := range o {
		if base, _, _ := strings.Cut(alias, "__"); base == name {
			return v, true
		}
	}
	return nil, false
}

func text(o map[string]any, name string) string {
	v, _ := member(o, name)
	s, _ := v.(string)
	return s
}

// moment returns the position at which an object of an answer was read: what is reached from it is
// read there, too.
func (j *judge) moment(o map[string]any) eventstore.Position {
	at, err := eventstore.ParsePosition(text(o, "asOf"))
	if err != nil {
		return j.at
	}
	return at
}

func (j *judge) thing(name string, o map[string]any) {
	id := text(o, "id")
	version, _ := member(o, "version")
	n, _ := version.(float64)
	if int(n) < 1 || int(n) > len(j.streams[id]) {
		j.find("%s %s at version %v is not in the log", name, id, version)
		return
	}
	m := j.streams[id][int(n)-1]
	if _, ok := j.may(j.actor, m); !ok {
		j.find("LEAK: %s %s at version %v is shown", name, id, version)
		return
	}
	at := j.moment(o)
	if _, asked := member(o, "asOf"); asked {
		if then, _ := j.chronicle.at(id, at); then.event.Position != m.event.Position {
			j.find("%s %s at version %v was not so as of %s", name, id, version, at)
		}
	}
	owner := m.state.(thing).Owner()
	j.person(o, "author", owner)
	for v := 1; v <= versions; v++ {
		got, asked := member(o, fmt.Sprintf("revision_%d", v))
		want := v <= len(j.streams[id]) && j.streams[id][v-1].event.Position <= at
		if want {
			_, want = j.may(j.actor, j.streams[id][v-1])
		}
		if asked {
			j.there(fmt.Sprintf("revision %d of %s", v, id), got, want)
		}
	}
	if history, ok := member(o, "history"); ok {
		j.same("the history of "+id, history, "position", j.eventsOf(j.actor, id, 0, at))
	}
	if deck, ok := m.state.(domain.Presentation); ok {
		if slides, ok := member(o, "slides"); ok {
			var want []string
			for _, s := range deck.Slides {
				want = append(want, s.ID)
			}
			j.members("the slides of "+id, slides, "id", want)
			j.notes(slides, deck)
		}
	}
}

// notes compares the speaker notes of slides with those of the deck's state.
func (j *judge) notes(slides any, deck domain.Presentation) {
	list, _ := slides.([]any)
	for _, s := range list {
		o, _ := s.(map[string]any)
		slide, _ := deck.Slide(text(o, "id"))
		if got, asked := member(o, "notes"); asked {
			j.there("the notes of "+slide.ID, got, slide.Notes != nil && j.seesNotes(j.actor, deck.AuthorID))
		}
	}
}

func (j *judge) slide(o map[string]any) {
	if deck, asked := member(o, "presentation"); asked {
		j.there("the deck of a slide", deck, true)
		if d, ok := deck.(map[string]any); ok {
			version, _ := member(d, "version")
			if n, ok := version.(float64); ok && int(n) <= len(j.streams[text(d, "id")]) {
				j.notes([]any{o}, j.streams[text(d, "id")][int(n)-1].state.(domain.Presentation))
			}
		}
	}
}

func (j *judge) event(name string, o map[string]any, version any) {
	id := text(o, "streamId")
	n, _ := version.(float64)
	if int(n) < 1 || int(n) > len(j.streams[id]) {
		j.find("%s %v of %s is not in the log", name, version, id)
		return
	}
	m := j.streams[id][int(n)-1]
	told, seen := j.may(j.actor, m)
	if name == "Withdrawn" {
		if !j.withdrawn(j.actor, m) || text(o, "type") != "Withdrawn" {
			j.find("LEAK: Withdrawn at %s of %s is shown", m.event.Position, id)
		}
		for _, field := range []string{"actor", "correlationId", "causationId", "subject"} {
			got, _ := member(o, field)
			j.there(field+" of a Withdrawn event", got, false)
		}
		return
	}
	if !told {
		j.find("LEAK: %s at %s of %s is shown", name, m.event.Position, id)
		return
	}
	j.person(o, "actor", m.event.Actor)
	if subject, asked := member(o, "subject"); asked {
		j.there("the subject of "+name+" at "+m.event.Position.String(), subject, seen)
	}
	deck, ok := m.state.(domain.Presentation)
	if data, asked := member(o, "data"); asked && ok && strings.Contains(string(m.event.Data), "whisperx") {
		raw, _ := json.Marshal(data) //nolint:errcheck // it was JSON
		if strings.Contains(string(raw), "whisperx") != j.seesNotes(j.actor, deck.AuthorID) {
			j.find("the notes in the data of %s at %s: %.200s", name, m.event.Position, raw)
		}
		if notes, asked := member(o, "notes"); asked {
			j.there("the notes of "+name, notes, j.seesNotes(j.actor, deck.AuthorID))
		}
	}
}

func (j *judge) user(o map[string]any) {
	id := text(o, "id")
	if !j.rules.May(j.actor, policy.SeeUser, id) {
		j.find("LEAK: user %s is shown", id)
	}
	if address, asked := member(o, "email"); asked {
		m, _ := j.chronicle.at(id, j.moment(o))
		latest := j.streams[id][len(j.streams[id])-1].state.(domain.User)
		j.there("the address of "+id, address, m.state != nil && !latest.Forgotten && j.rules.May(j.actor, policy.SeeEmail, id))
	}
}

// person expects a user where the chronicle has one.
func (j *judge) person(o map[string]any, field, id string) {
	if got, asked := member(o, field); asked {
		j.there(field, got, id != "" && j.rules.May(j.actor, policy.SeeUser, id))
	}
}

// there expects a value, or null.
func (j *judge) there(what string, got any, want bool) {
	switch {
	case got != nil && !want:
		j.find("LEAK: %s is shown: %.200v", what, got)
	case got == nil && want:
		j.find("DENIAL: %s is not shown", what)
	}
}

// same expects a connection whose members have these values of a field, all on one page, with their
// count.
func (j *judge) same(what string, connection any, by string, want []string) {
	c, ok := connection.(map[string]any)
	if !ok {
		j.find("DENIAL: %s is not shown", what)
		return
	}
	j.members(what, c["nodes"], by, want)
	if edges, ok := c["edges"].([]any); ok {
		var nodes []any
		for _, e := range edges {
			nodes = append(nodes, e.(map[string]any)["node"])
		}
		j.members(what+", by edges", nodes, by, want)
	}
	if total, ok := c["totalCount"].(float64); ok && int(total) != len(want) {
		j.find("%s are counted as %v, want %d", what, total, len(want))
	}
	if info, ok := c["pageInfo"].(map[string]any); ok && (info["hasNextPage"] == true || info["hasPreviousPage"] == true || (info["endCursor"] == nil) != (len(want) == 0)) {
		j.find("%s: pageInfo tells of more: %v", what, info)
	}
}

// members expects objects with these values of a field, in any order.
func (j *judge) members(what string, nodes any, by string, want []string) {
	list, ok := nodes.([]any)
	if !ok {
		return // not selected
	}
	var got []string
	for _, n := range list {
		o, _ := n.(map[string]any)
		if _, asked := member(o, by); !asked && len(o) > 0 {
			return
		}
		got = append(got, text(o, by))
	}
	j.sameList(what, got, want)
}

func (j *judge) sameList(what string, got, want []string) {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			j.find("LEAK: %s have %s", what, g)
			return
		}
	}
	j.find("DENIAL: %s are %s, want %s", what, strconv.Quote(strings.Join(got, " ")), strings.Join(want, " "))
}
