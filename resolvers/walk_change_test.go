package resolvers_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/vektah/gqlparser/v2/ast"
)

// doing has the right that each mutation takes, and the kind of its object. A mutation without an
// entry fails the walk.
var doing = map[string]struct {
	right    policy.Right
	typename string
}{
	"createContent": {policy.CreateContent, ""}, "createPresentation": {policy.CreateDeck, ""},
	"updateContent": {policy.ChangeContent, "Content"}, "publishContent": {policy.ChangeContent, "Content"}, "unpublishContent": {policy.ChangeContent, "Content"},
	"archiveContent": {policy.ChangeContent, "Content"}, "deleteContent": {policy.ChangeContent, "Content"}, "restoreContent": {policy.ChangeContent, "Content"},
	"updatePresentation": {policy.ChangeDeck, "Presentation"}, "deletePresentation": {policy.ChangeDeck, "Presentation"}, "restorePresentation": {policy.ChangeDeck, "Presentation"},
	"addSlide": {policy.ChangeDeck, "Presentation"}, "updateSlide": {policy.ChangeDeck, "Presentation"}, "moveSlide": {policy.ChangeDeck, "Presentation"}, "removeSlide": {policy.ChangeDeck, "Presentation"},
	"forgetUser": {policy.ForgetUser, "User"}, "createApiKey": {policy.ManageKeys, ""}, "revokeApiKey": {policy.ManageKeys, "ApiKey"}, "rebuildReadModel": {policy.Operate, ""},
	"updateUser": {policy.ChangeAccount, "User"}, "changeRole": {policy.ChangeRole, "User"},
	"snapshotStream": {policy.Operate, "Content"}, "archiveStream": {policy.Operate, "Content"},
}

// forAll has the mutations that every actor may call: sessions() walks through them.
var forAll = []string{"registerUser", "logIn", "changePassword", "renewSession", "logOut"}

// target is the object of a mutation.
type target struct{ id, slide string }

// input returns a value of an input type for a target, with the required fields and the texts of a
// change.
func (w *walk) input(t testing.TB, of *ast.Type, name string, about target) any {
	def := w.doors.schema.Types[of.Name()]
	if of.Elem != nil {
		return []any{w.input(t, of.Elem, name, about)}
	}
	if def.Kind == ast.Enum {
		return map[string]string{"Role": "VIEWER"}[def.Name]
	}
	if def.Kind == ast.InputObject {
		if def.Directives.ForName("oneOf") != nil {
			return object{"order": 1}
		}
		o := object{}
		for _, f := range def.Fields {
			if f.Type.NonNull && f.DefaultValue == nil || f.Name == "title" || f.Name == "displayName" || f.Name == "notes" {
				o[f.Name] = w.input(t, f.Type, f.Name, about)
			}
		}
		return o
	}
	w.things++ // each object has texts of its own
	switch name {
	case "id", "ids", "presentationId", "streamId":
		return about.id
	case "slideId":
		return about.slide
	case "toVersion", "throughVersion", "from":
		return 1
	case "slug":
		return "nothing"
	case "email":
		return "nobody@example.org"
	case "password", "currentPassword", "newPassword":
		return "not the one"
	case "notes":
		return fmt.Sprintf("whisperx%dx0", 1000+w.things)
	case "title", "content", "displayName", "name":
		return fmt.Sprintf("canaryx%dx0", 1000+w.things)
	}
	t.Fatalf("the walk has no value for the input %s: %s: teach it", name, of)
	return nil
}

// payload judges the answer to a mutation, except for the texts of its own arguments. It returns
// the payload, and nil for an answer without one.
func (w *walk) payload(j *judge, name string, a answered, sent string) object {
	w.chronicle.read()
	j.at = w.head()
	j.shown, j.all = w.chronicle.permitted(j.actor)
	if sent != "" {
		a.raw = strings.ReplaceAll(a.raw, sent, "")
	}
	j.texts(a.raw)
	j.value(map[string]any(a.data))
	payload, _ := a.data[name].(object)
	if payload == nil && slices.Equal(a.codes, []string{string(domain.Unauthenticated)}) && w.ended(j.actor) {
		return nil
	}
	if payload == nil || !j.expected(a.codes) {
		j.find("errors: %.500s", a.raw)
		return nil
	}
	j.reached["Mutation."+name] = true
	return payload
}

// ended reports whether the account of an actor is forgotten. Its
// commands are refused from then on.
func (w *walk) ended(actor domain.Actor) bool {
	m, ok := w.chronicle.at(actor.UserID, w.head())
	return ok && m.state.(domain.User).Forgotten
}

// change sends one mutation as an asker, and judges the answer.
func (w *walk) change(t testing.TB, exec executing, j *judge, f *ast.FieldDefinition, about target, edit func(input object)) {
	t.Helper()
	selection, err := w.doors.selection(f.Type, look)
	if err != nil {
		t.Fatal(err)
	}
	var declared, given []string
	vars := object{}
	for _, a := range f.Arguments {
		declared = append(declared, "$"+a.Name+": "+a.Type.String())
		given = append(given, a.Name+": $"+a.Name)
		vars[a.Name] = w.input(t, a.Type, a.Name, about)
	}
	input, _ := vars["input"].(object)
	if edit != nil {
		edit(input)
	}
	right, before := doing[f.Name].right, w.head()
	owner, told := j.actor.UserID, false
	if m, ok := w.chronicle.at(about.id, before); ok {
		if owner = about.id; right == policy.ChangeContent || right == policy.ChangeDeck {
			owner = m.state.(thing).Owner()
		}
		told, _ = w.chronicle.may(j.actor, m)
	}
	if right == policy.Operate || right == policy.ManageKeys {
		owner = ""
	}
	may := j.rules.May(j.actor, right, owner)
	j.where = "Mutation." + f.Name
	operation := "mutation { " + f.Name + selection + " }"
	if len(given) > 0 {
		operation = "mutation(" + strings.Join(declared, ", ") + ") { " + f.Name + "(" + strings.Join(given, ", ") + ")" + selection + " }"
	}
	a := exec.ask(t, j.actor, operation, vars)
	slug, _ := input["slug"].(string)
	w.outcome(j, w.payload(j, f.Name, a, slug), before, may, told || right != policy.ChangeContent && right != policy.ChangeDeck)
}

// outcome judges a payload: it has either the expected refusal, or all results of the command.
func (w *walk) outcome(j *judge, payload object, before eventstore.Position, may, known bool) {
	if payload == nil {
		return
	}
	kinds := map[string]bool{}
	for _, e := range payload["errors"].([]any) {
		kinds[text(e.(object), "__typename")] = true
	}
	switch refused := kinds["ForbiddenError"]; {
	case may && refused:
		j.find("DENIAL: %v", payload["errors"])
	case !may && w.head() != before:
		j.find("LEAK: it was done")
	case !may && known && !refused:
		j.find("DENIAL: it was refused with %v", kinds)
	case !may && !known && !kinds["NotFoundError"]:
		j.find("LEAK: it was refused with %v", kinds)
	}
	if events, ok := payload["events"]; ok {
		j.members("the events of the payload", events, "position", j.eventsOf(j.actor, "", before, j.at))
	}
	for _, field := range []string{"content", "presentation"} {
		if got, asked := payload[field]; asked && w.head() > before {
			_, want := j.sees(j.actor, string(w.chronicle.events[before].Stream.ID), j.at)
			j.there("the "+field+" of the payload", got, want)
		}
	}
}

// targets returns the objects that mutations of a type are tried on: for each owner and each
// exposure one object, as long as there is one.
func (w *walk) targets(typename string) (all []target) {
	switch typename {
	case "":
		return []target{{}}
	case "User":
		for _, a := range w.askers[1:] {
			if m, _ := w.chronicle.at(a.UserID, w.head()); m.state.(domain.User).Exists() { // deleted objects of others cannot be changed
				all = append(all, target{id: a.UserID})
			}
		}
		return all
	case "ApiKey":
		for _, id := range w.keys {
			all = append(all, target{id: id})
		}
		return all
	}
	seen := map[string]bool{}
	for _, id := range w.chronicle.ids(typename) {
		m, _ := w.chronicle.at(id, w.head())
		s := m.state.(thing)
		if kind := fmt.Sprint(s.Owner(), s.Public(), s.Exists()); !seen[kind] {
			seen[kind] = true
			t := target{id: id, slide: domain.NewID(domain.KindSlide, "0190a8c2-7b1e-7000-8000-000000000000")}
			if deck, ok := m.state.(domain.Presentation); ok && len(deck.Slides) > 0 {
				t.slide = deck.Slides[0].ID
			}
			all = append(all, t)
		}
	}
	return all
}

// changes tries each mutation that takes a right, by itself and in a batch.
func (w *walk) changes(t testing.TB, exec executing, j *judge, only func(policy.Right) bool) {
	t.Helper()
	for _, f := range w.doors.schema.Mutation.Fields {
		does, ok := doing[f.Name]
		switch {
		case f.Name == "applyBatch" || slices.Contains(forAll, f.Name):
			continue
		case !ok:
			t.Errorf("which right does the mutation %s take? Teach the walk: in doing", f.Name)
			continue
		case !only(does.right):
			continue
		}
		own := func(about target) int {
			if about.id != "" && about.id == j.actor.UserID {
				return 1
			}
			return 0
		}
		targets := w.targets(does.typename)
		// An asker's own account comes last, since forgetting it ends the asker.
		slices.SortStableFunc(targets, func(a, b target) int { return cmp.Compare(own(a), own(b)) })
		for i, about := range targets {
			w.doors.briefly = i > 0
			w.change(t, exec, j, f, about, nil)
		}
	}
}

// conflicts has the errors that show an object: a stale version, and a slug of another object.
func (w *walk) conflicts(t testing.TB, exec executing, j *judge) {
	t.Helper()
	w.doors.briefly = true
	for name, typename := range map[string]string{"updateContent": "Content", "updatePresentation": "Presentation"} {
		f := w.doors.schema.Mutation.Fields.ForName(name)
		for _, about := range w.targets(typename) {
			w.change(t, exec, j, f, about, func(input object) { input["expectedVersion"] = 1 })
		}
	}
	for _, about := range w.targets("Content") {
		m, _ := w.chronicle.at(about.id, w.head())
		f := w.doors.schema.Mutation.Fields.ForName("createContent")
		w.change(t, exec, j, f, target{}, func(input object) { input["slug"] = m.state.(domain.Content).Slug })
	}
}

// batches runs each kind of command in a batch.
func (w *walk) batches(t testing.TB, exec executing, j *judge) {
	t.Helper()
	f := w.doors.schema.Mutation.Fields.ForName("applyBatch")
	for i, c := range w.doors.schema.Types["BatchCommand"].Fields {
		w.doors.briefly = i > 0
		selection, err := w.doors.selection(f.Type, look)
		if err != nil {
			t.Fatal(err)
		}
		does, ok := doing[c.Name]
		if !ok {
			t.Errorf("which right does the command %s take? Teach the walk: in doing", c.Name)
		}
		for _, about := range w.targets(does.typename) {
			m, _ := w.chronicle.at(about.id, w.head())
			owner, told := j.actor.UserID, true
			if s, ok := m.state.(thing); ok {
				owner = s.Owner()
				told, _ = w.chronicle.may(j.actor, m)
			}
			before := w.head()
			a := exec.ask(t, j.actor, "mutation($c: [BatchCommand!]!) { applyBatch(input: {commands: $c})"+selection+" }", object{"c": []any{object{c.Name: w.input(t, c.Type, c.Name, about)}}})
			j.where = "Mutation.applyBatch with " + c.Name
			w.outcome(j, w.payload(j, "applyBatch", a, ""), before, j.rules.May(j.actor, does.right, owner), told)
		}
	}
}

// sessions begins and ends sessions. The payload of each mutation is read with other rights than
// those of the request.
func (w *walk) sessions(t testing.TB, exec executing, j *judge) {
	t.Helper()
	account := object{"email": "mailx999x0@example.org", "password": "correct horse"}
	inputs := map[string]object{
		"registerUser": {"email": account["email"], "password": account["password"], "displayName": "canaryx999x0"}, "logIn": account,
		"changePassword": {"currentPassword": account["password"], "newPassword": "battery staple"},
	}
	asks, token := j.actor, ""
	w.doors.briefly = false
	for _, name := range forAll {
		f := w.doors.schema.Mutation.Fields.ForName(name)
		selection, err := w.doors.selection(f.Type, look)
		if err != nil {
			t.Fatal(err)
		}
		ctx, field, declared, vars := auth.WithToken(as(asks), token), name, "", object{}
		if inputs[name] != nil {
			field, declared, vars["input"] = name+"(input: $input)", "($input: "+f.Arguments[0].Type.String()+")", inputs[name]
		}
		a := read(t, exec.begin(t, ctx, "mutation"+declared+" { "+field+selection+" }", vars)(ctx))
		w.chronicle.read()
		payload, _ := a.data[name].(object)
		goesOn := domain.Actor{}
		if user, ok := payload["user"].(object); ok {
			goesOn = domain.Actor{UserID: text(user, "id"), Role: domain.Role(text(user, "role"))}
			asks, token = goesOn, text(payload, "token")
		}
		within := w.judge(asker{"the asker after " + name, goesOn})
		within.where, within.at, within.reached = "Mutation."+name, w.head(), j.reached
		within.texts(a.raw)
		within.value(map[string]any(a.data))
		if list, _ := payload["errors"].([]any); !within.expected(a.codes) || payload == nil || len(list) > 0 {
			within.find("DENIAL: %.500s", a.raw)
		}
		j.findings = append(j.findings, within.findings...)
		j.reached["Mutation."+name] = true
	}
	a := exec.ask(t, j.actor, `mutation { logIn(input: {email: "mailx1x1@example.org", password: "not the one"}) { __typename errors { __typename message } } }`, nil)
	j.texts(a.raw)
	j.value(map[string]any(a.data))
}
