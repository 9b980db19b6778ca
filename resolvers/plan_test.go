package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"flightdeck/domain"
	"flightdeck/graph"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"
)

// writer writes documents that the schema allows. Most values select an object.
type writer struct {
	t         *rapid.T
	schema    *ast.Schema
	scene     *scene
	ids       []string
	fragments []string
	names     map[string]string // of fields with arguments, by their text
	left      int               // the number of fields that may still be written
}

func (w *writer) pick(label string, n int) int { return rapid.IntRange(0, n-1).Draw(w.t, label) }

func (w *writer) chance(oneIn int) bool { return w.pick("chance", oneIn) == 0 }

// document writes a query with its fragments.
func (w *writer) document() string {
	text := w.selection(w.schema.Query, 5) + strings.Join(w.fragments, "")
	var variables []string
	for _, v := range []string{"$yes: Boolean!", "$no: Boolean!", "$count: Int", "$as: AsOf"} {
		if name, _, _ := strings.Cut(v, ":"); strings.Contains(text, name) {
			variables = append(variables, v)
		}
	}
	if len(variables) == 0 {
		return text
	}
	return "query(" + strings.Join(variables, ", ") + ") " + text
}

// selection writes a selection set of a type.
func (w *writer) selection(d *ast.Definition, depth int) string {
	var b strings.Builder
	b.WriteString("{")
	for range 1 + w.pick("fields", 5) {
		b.WriteString(" " + w.selected(d, depth))
	}
	return b.String() + " }"
}

// selected writes one field or fragment.
func (w *writer) selected(d *ast.Definition, depth int) string {
	if w.left--; w.left < 0 {
		return "__typename"
	}
	switch w.pick("kind", 12) {
	case 0:
		return "... " + w.directive() + w.selection(d, depth)
	case 1, 2:
		on := w.related(d)
		return "... on " + on.Name + " " + w.directive() + w.selection(on, depth)
	case 3:
		on := w.related(d)
		name := fmt.Sprintf("F%d", len(w.fragments))
		w.fragments = append(w.fragments, "")
		w.fragments[len(w.fragments)-1] = fmt.Sprintf(" fragment %s on %s %s", name, on.Name, w.selection(on, depth))
		return "..." + name + " " + w.directive()
	case 4:
		return "__typename " + w.directive()
	}
	var fields []*ast.FieldDefinition
	for _, f := range d.Fields {
		if below := w.schema.Types[f.Type.Name()]; !strings.HasPrefix(f.Name, "__") && (depth > 0 || !below.IsCompositeType()) {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return "__typename"
	}
	return w.field(d, fields[w.pick("field", len(fields))], depth)
}

// related returns a type that an object of type d may have.
func (w *writer) related(d *ast.Definition) *ast.Definition {
	types := append(slices.Clone(w.schema.GetPossibleTypes(d)), w.schema.GetImplements(d)...)
	return types[w.pick("type", len(types))]
}

func (w *writer) field(d *ast.Definition, f *ast.FieldDefinition, depth int) string {
	var arguments []string
	for _, a := range f.Arguments {
		if a.Name == "last" || a.Name == "before" || !a.Type.NonNull && a.Name != "first" && !w.chance(3) {
			continue
		}
		value := w.value(a.Name, a.Type)
		if a.Type.Name() == "ID" && a.Type.Elem == nil && f.Name != "node" && !w.chance(6) { // an id of the right kind
			ids := slices.DeleteFunc(slices.Clone(w.ids), func(id string) bool { return !strings.HasPrefix(id, f.Name+"-") })
			if len(ids) > 0 {
				value = fmt.Sprintf("%q", ids[w.pick("id", len(ids))])
			}
		}
		arguments = append(arguments, a.Name+": "+value)
	}
	text := f.Name
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	name := f.Name
	if len(arguments) > 0 || w.chance(4) {
		key := d.Name + "." + text
		if w.names[key] == "" {
			w.names[key] = fmt.Sprintf("a%d", len(w.names))
		}
		name = w.names[key]
	}
	text = name + ": " + text + " " + w.directive()
	if below := w.schema.Types[f.Type.Name()]; below.IsCompositeType() {
		text += w.selection(below, depth-1)
	}
	return text
}

func (w *writer) directive() string {
	if !w.chance(6) {
		return ""
	}
	return []string{"@skip(if: $no) ", "@skip(if: $yes) ", "@include(if: $yes) ", "@include(if: $no) ", "@include(if: true) ", "@skip(if: true) "}[w.pick("directive", 6)]
}

// value writes an argument. Some values are invalid.
func (w *writer) value(name string, t *ast.Type) string {
	if t.Elem != nil {
		list := make([]string, w.pick("length", 4))
		for i := range list {
			list[i] = w.value(name, t.Elem)
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	switch d := w.schema.Types[t.Name()]; {
	case d.Kind == ast.Enum:
		return d.EnumValues[w.pick("enum", len(d.EnumValues))].Name
	case d.Kind == ast.InputObject:
		var members []string
		for _, f := range d.Fields {
			if f.Type.NonNull || w.chance(4) {
				members = append(members, f.Name+": "+w.value(f.Name, f.Type))
			}
		}
		return "{" + strings.Join(members, ", ") + "}"
	case t.Name() == "ID":
		if w.chance(12) {
			return `"content-nowhere"`
		}
		return fmt.Sprintf("%q", w.ids[w.pick("id", len(w.ids))])
	case t.Name() == "AsOf":
		return []string{"$as", fmt.Sprintf(`"%d"`, w.pick("position", int(w.scene.log.Head().Position)+2))}[w.pick("asOf", 2)]
	case t.Name() == "Int":
		return w.number(t)
	case t.Name() == "Boolean":
		return "true"
	case t.Name() == "DateTime":
		return `"2026-01-31T12:00:00Z"`
	}
	return []string{`"common"`, `"canaryx1x0"`, `""`, `"canary*"`}[w.pick("text", 4)]
}

func (w *writer) number(t *ast.Type) string {
	numbers := []string{"2", "3", "1", "1", "-1", "$count"}
	if t.NonNull {
		numbers = numbers[:5]
	}
	return numbers[w.pick("int", len(numbers))]
}

// executions has the API with and without plans.
type executions struct{ plans, gqlgen counted }

// counted is an executor that counts the fields for which gqlgen calls interceptors: all fields
// without a plan.
type counted struct {
	*executor.Executor
	fields *atomic.Int64
}

func newExecutions(s *scene) executions {
	with := func(schema graphql.ExecutableSchema) counted {
		exec := counted{executor.New(schema), new(atomic.Int64)}
		exec.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
			exec.fields.Add(1)
			return next(ctx)
		})
		exec.SetErrorPresenter(s.root.Present)
		exec.SetRecoverFunc(s.root.Recover)
		exec.AroundOperations(s.root.AroundOperation)
		exec.SetQueryCache(s.documents)
		return exec
	}
	config := graph.Config{Resolvers: s.root}
	return executions{with(graph.New(config)), with(graph.NewExecutableSchema(config))}
}

// response runs a query and returns the bytes of the answer, its errors sorted, since gqlgen
// returns them in any order, and the number of fields that gqlgen executed.
func response(t rapid.TB, exec counted, actor domain.Actor, query string, vars object) (answer string, fields int64) {
	t.Helper()
	ctx := graphql.StartOperationTrace(as(actor))
	op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(errs) > 0 {
		t.Fatalf("%s: %v", query, errs)
	}
	before := exec.fields.Load()
	next, ctx := exec.DispatchOperation(ctx, op)
	r := next(ctx)
	errors := make([]string, len(r.Errors))
	for i, e := range r.Errors {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		errors[i] = string(text)
	}
	slices.Sort(errors)
	return string(r.Data) + "\n" + strings.Join(errors, "\n"), exec.fields.Load() - before
}

// same fails unless a query has the same answer with and without plans. It reports whether a plan
// wrote a part of the answer, and whether the answer has errors.
func (e executions) same(t rapid.TB, actor domain.Actor, query string, vars object) (planned, failed bool) {
	t.Helper()
	want, all := response(t, e.gqlgen, actor, query, vars)
	for range 2 { // the first request compiles the plan, the second one uses it again
		got, some := response(t, e.plans, actor, query, vars)
		if got != want {
			t.Fatalf("%s\n%v as %v\nwith plans: %s\nby gqlgen:  %s", query, vars, actor, got, want)
		}
		planned = some < all
	}
	return planned, !strings.HasSuffix(want, "\n")
}

// The answer to any document that the schema allows has the same bytes with and without plans, for
// every actor and at any moment.
func TestPlansAnswerAsGqlgenDoes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	schema := loadSchema(t)
	exec := newExecutions(s)
	ids := slices.Sorted(maps.Keys(s.chronicle.streams))
	var tried, asked, planned, failed atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		tried.Add(1)
		w := &writer{t: rt, schema: schema, scene: s, ids: ids, names: map[string]string{}, left: 40}
		query := w.document()
		if _, err := gqlparser.LoadQueryWithRules(schema, query, rules.NewDefaultRules()); err != nil {
			return // fields that cannot be merged, or an unused variable
		}
		actor := s.askers[w.pick("asker", len(s.askers))].Actor
		vars := object{"yes": true, "no": false, "count": 2, "as": fmt.Sprint(w.pick("position", int(s.log.Head().Position)+2))}
		p, f := exec.same(rt, actor, query, vars)
		asked.Add(1)
		if p {
			planned.Add(1)
		}
		if f {
			failed.Add(1)
		}
	})
	t.Logf("%d documents, %d valid, %d with plans, %d with errors", tried.Load(), asked.Load(), planned.Load(), failed.Load())
	if asked.Load() > 50 && (planned.Load() == 0 || failed.Load() == 0) {
		t.Error("no document has a plan, or none has an error")
	}
}
