package resolvers_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/vektah/gqlparser/v2/ast"
)

// injections are texts with a meaning to a database, to its full-text search, or to a program that
// builds texts from texts.
var injections = []string{
	"'", `"`, "`", "';", "\\", "' OR '1'='1", `" OR ""="`, "1 OR 1=1", "1) OR (1=1", "' OR deleted = 1 --", "x' AND 1=2 UNION SELECT title FROM contents --",
	"' UNION SELECT email, 2, 3 FROM users --", "'; DROP TABLE contents; --", "1; UPDATE users SET role = 'ADMIN'", "'/**/OR/**/1", "' OR 1=1 /*", "') OR EXISTS (SELECT 1 FROM credentials) --",
	"'||(SELECT password FROM credentials)||'", "?", "?0", "?1", "$1", ":name", "@p1", "{{.}}", "%", "_", "%canary%", "canary%", "*", "canary*", `canaryx1x0" OR "common`, "common NOT nothing",
	"title : canaryx1x0", "{title content} : common", "NEAR(canaryx1x0 common, 9)", `^"common"`, "a\x00b", "\x00i1:1", "\x00s999:x", "'\x00; DROP TABLE users; --", "\u2019 OR 1=1", "＇ OR 1=1", "\u202e'", "\ufeff'", "𝒳' --",
	`{"$ne": null}`, "[1]", "../../etc/passwd", "content-0190a8c2-7b1e-7000-8000-000000000000' OR '1'='1", "2026-01-31T12:00:00Z' OR '1'='1", "1042 OR 1=1", "-1", "9223372036854775808",
}

// place is one text that the API takes: an argument, or a field of an argument.
type place struct {
	on   string // the type that has the field
	def  *ast.FieldDefinition
	arg  *ast.ArgumentDefinition
	path []string // of the text in the argument
}

func (p place) String() string {
	return fmt.Sprintf("%s.%s(%s)", p.on, p.def.Name, strings.Join(append([]string{p.arg.Name}, p.path...), "."))
}

// places returns the places of all fields of the schema.
func (w *walk) places() (all []place) {
	texts := func(name string) bool {
		def := w.doors.schema.Types[name]
		return def.Kind == ast.Scalar && name != "Int" && name != "Boolean" && name != "Float"
	}
	for _, on := range w.doors.schema.Types {
		if on.Kind != ast.Object || strings.HasPrefix(on.Name, "__") {
			continue
		}
		for _, f := range on.Fields {
			for _, a := range f.Arguments {
				var into func(t *ast.Type, path []string)
				into = func(t *ast.Type, path []string) {
					def := w.doors.schema.Types[t.Name()]
					if texts(def.Name) {
						all = append(all, place{on.Name, f, a, slices.Clone(path)})
					}
					if def.Kind == ast.InputObject {
						for _, member := range def.Fields {
							into(member.Type, append(path, member.Name))
						}
					}
				}
				if !strings.HasPrefix(f.Name, "__") {
					into(a.Type, nil)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b place) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// into returns a value of a type with a text at a path, and with all required fields.
func (w *walk) into(t testing.TB, of *ast.Type, name string, path []string, text string, about target) any {
	if of.Elem != nil {
		return []any{w.into(t, of.Elem, name, path, text, about)}
	}
	if len(path) == 0 {
		return text
	}
	def := w.doors.schema.Types[of.Name()]
	o, _ := w.input(t, of, name, about).(object)
	if def.Directives.ForName("oneOf") != nil {
		o = object{}
	}
	o[path[0]] = w.into(t, def.Fields.ForName(path[0]).Type, path[0], path[1:], text, about)
	return o
}

// inject sends an operation with a text at a place, and returns the answer.
func (w *walk) inject(t testing.TB, exec executing, a asker, p place, text string, about target) answered {
	t.Helper()
	selection, err := w.doors.selection(p.def.Type, look)
	if err != nil {
		t.Fatal(err)
	}
	var declared, given []string
	vars := object{}
	for _, arg := range p.def.Arguments {
		if arg != p.arg && !(arg.Type.NonNull && arg.DefaultValue == nil) {
			continue
		}
		declared, given = append(declared, "$"+arg.Name+": "+arg.Type.String()), append(given, arg.Name+": $"+arg.Name)
		if arg == p.arg {
			vars[arg.Name] = w.into(t, arg.Type, arg.Name, p.path, text, about)
		} else {
			vars[arg.Name] = w.input(t, arg.Type, arg.Name, about)
		}
	}
	field := p.def.Name + "(" + strings.Join(given, ", ") + ")" + selection
	if p.def.Name == "revision" {
		declared, vars = []string{"$asOf: AsOf"}, object{"asOf": text}
	}
	switch p.on {
	case "Query", "Mutation", "Subscription":
	case "Content", "Presentation":
		field = strings.ToLower(p.on) + fmt.Sprintf("s(first: 2) { nodes { %s } }", field)
	default:
		t.Fatalf("the way to %s is not known: teach it", p)
	}
	kind := "query"
	if p.on == "Mutation" || p.on == "Subscription" {
		kind = strings.ToLower(p.on)
	}
	ctx, cancel := context.WithCancel(as(a.Actor))
	defer cancel()
	next := exec.begin(t, ctx, kind+"("+strings.Join(declared, ", ")+") { "+field+" }", vars)
	if p.on == "Subscription" {
		cancel() // an error has arrived by then, or there is none
		if response := next(ctx); response != nil {
			return read(t, response)
		}
		return answered{}
	}
	return read(t, next(ctx))
}

// rows returns the rows of all tables as texts, without the full-text index, which is updated
// later.
func (s *scene) rows() map[string]bool {
	s.t.Helper()
	all := map[string]bool{}
	tables := s.texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%search%' AND name <> 'checkpoints'")
	for _, row := range s.texts("SELECT type || name || coalesce(sql, '') FROM sqlite_master") {
		all[row] = true
	}
	for _, table := range tables {
		columns := s.texts("SELECT 'quote(' || name || ')' FROM pragma_table_info('" + table + "')")
		for _, row := range s.texts("SELECT " + strings.Join(columns, "||'|'||") + " FROM " + table) {
			all[table+": "+row] = true
		}
	}
	return all
}

func (s *scene) texts(query string) (all []string) {
	s.t.Helper()
	rows, err := s.engine.DB().QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// A text with a meaning to a database, in any place of the API, sent by an actor without the right
// to change the object, changes no row and shows no hidden object.
func TestInjectedTextsChangeNothingAndShowNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it asks one thing after the other, very many of them")
	}
	w := newWalk(t, newScene(t))
	w.doors.briefly = true
	exec := w.executor(nil)
	places := w.places()
	if len(places) < 50 {
		t.Fatalf("the schema takes texts in %d places only", len(places))
	}
	before := w.rows()
	for _, a := range []asker{w.askers[0], w.askers[4]} { // a visitor and a viewer
		j := w.judge(a)
		j.at = w.head()
		for i, p := range places {
			about := w.targets("Content")[0]
			if does, ok := doing[p.def.Name]; ok && does.typename != "" {
				about = w.targets(does.typename)[0]
			}
			for k, text := range injections {
				if slices.Contains(forAll, p.def.Name) && k%10 != i%10 { // checking a password is slow
					continue
				}
				if p.def.Name == "registerUser" && p.path[0] != "email" { // a valid call would make an account
					continue
				}
				answer := w.inject(t, exec, a, p, text, about)
				j.where = fmt.Sprintf("%s with %q", p, text)
				if slices.Contains(answer.codes, "INTERNAL_SERVER_ERROR") {
					t.Errorf("%s: %.300s", j.where, answer.raw)
				}
				for _, sent := range marksIn(text) { // errors repeat the text
					answer.raw = strings.ReplaceAll(answer.raw, sent, "")
				}
				j.texts(answer.raw)
				j.value(map[string]any(answer.data))
				w.selects(j, p, text, answer)
			}
		}
		for _, f := range j.findings {
			t.Error(f)
		}
	}
	if after := w.rows(); !maps.Equal(before, after) {
		for row := range after {
			if !before[row] {
				t.Errorf("was written: %.300s", row)
			}
		}
		for row := range before {
			if !after[row] {
				t.Errorf("is gone: %.300s", row)
			}
		}
	}
}

// selects compares the answer with the objects that match the text as a plain text.
func (w *walk) selects(j *judge, p place, text string, a answered) {
	connection, _ := a.data[p.def.Name].(map[string]any)
	nodes, _ := connection["nodes"].([]any)
	switch {
	case p.def.Name == "tags" && p.arg.Name == "prefix":
		for _, n := range nodes {
			if name, _ := n.(map[string]any)["name"].(string); !strings.HasPrefix(name, text) {
				j.find("LEAK: %q is found", name)
			}
		}
	case len(p.path) > 0 && p.on == "Query" && (p.path[0] == "authorId" || strings.HasPrefix(p.path[0], "tags") || strings.HasSuffix(p.path[0], "Ids") || p.path[0] == "types"):
		if len(nodes) > 0 {
			j.find("LEAK: %d are found", len(nodes))
		}
	case p.def.Name == "contentBySlug" && a.data["contentBySlug"] != nil:
		j.find("LEAK: it is found")
	}
}

// A text with a meaning to a database, sent by an actor with the right to change the object, comes
// back unchanged, and no other row is written.
func TestInjectedTextsAreStoredAsTexts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it asks one thing after the other, very many of them")
	}
	w := newWalk(t, newScene(t))
	w.doors.briefly = true
	exec := w.executor(nil)
	owner := w.askers[author]
	written := 0
	for _, p := range w.places() {
		does, ok := doing[p.def.Name]
		if !ok || does.typename == "User" {
			continue
		}
		about := target{}
		for _, one := range w.targets(does.typename) {
			if m, ok := w.chronicle.at(one.id, w.head()); ok && m.state.(thing).Owner() == owner.UserID && m.state.(thing).Exists() {
				about = one
			}
		}
		before, begun := w.rows(), w.head()
		for _, text := range injections {
			head := w.head()
			a := w.inject(t, exec, owner, p, text, about)
			if slices.Contains(a.codes, "INTERNAL_SERVER_ERROR") {
				t.Errorf("%s with %q: %.300s", p, text, a.raw)
			}
			w.chronicle.read()
			if w.head() > head {
				written += stored(t, w, p, head, text)
			}
		}
		if w.head() == begun {
			continue
		}
		after := w.rows()
		for row := range before {
			if !after[row] && (about.id == "" || !strings.Contains(row, about.id)) {
				t.Errorf("%s: is gone: %.300s", p, row)
			}
		}
	}
	if written < 300 {
		t.Errorf("only %d texts were written", written)
	}
}

// stored counts the unchanged texts in the events after a position.
func stored(t *testing.T, w *walk, p place, head eventstore.Position, text string) int {
	t.Helper()
	fact, err := domain.Decode(w.chronicle.events[head].Type, w.chronicle.events[head].SchemaVersion, w.chronicle.events[head].Data)
	if err != nil {
		t.Fatal(err)
	}
	member := p.path[len(p.path)-1]
	if member == "idempotencyKey" || member == "slug" || member == "markdown" || member == "theme" || len(p.path) != 1 {
		return 0
	}
	if got := fmt.Sprintf("%#v %s", fact, w.chronicle.events[head].Data); !strings.Contains(got, strings.Trim(fmt.Sprintf("%q", text), `"`)) && !strings.Contains(got, text) {
		t.Errorf("%s with %q is stored as %s", p, text, got)
	}
	return 1
}
