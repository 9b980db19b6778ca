package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"flightdeck/graph"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// TestEveryFieldHasASource: every field that a query can select declares the streams that it reads,
// before an answer with the field is cached.
func TestEveryFieldHasASource(t *testing.T) {
	t.Parallel()
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	used := map[string]bool{}
	seen := map[string]bool{}
	var walk func(d *ast.Definition)
	walk = func(d *ast.Definition) {
		if seen[d.Name] || !d.IsCompositeType() {
			return
		}
		seen[d.Name] = true
		for _, possible := range schema.GetPossibleTypes(d) {
			walk(possible)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			name := d.Name + "." + f.Name
			used[name] = true
			source, known := computedSources[name]
			computed := graph.SourceOf(d.Name, f.Name) == graph.Computed
			switch {
			case computed && !known:
				t.Errorf("%s is computed: give it an entry in computedSources", name)
			case !computed && known:
				t.Errorf("computedSources has an entry for %s, which is not computed", name)
			}
			if !computed || source != fromLog {
				walk(schema.Types[f.Type.Name()])
			}
		}
	}
	for _, f := range schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		source, known := rootSources[f.Name]
		if !known {
			t.Errorf("Query.%s has no entry in rootSources", f.Name)
		}
		if source != rootLog {
			walk(schema.Types[f.Type.Name()])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(computedSources)) {
		if !used[name] {
			t.Errorf("computedSources has an entry for %s, which no cached query reaches", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rootSources)) {
		if schema.Query.Fields.ForName(name) == nil {
			t.Errorf("rootSources has an entry for %s, which is no field of Query", name)
		}
	}
}

// The generator tells columns and methods of rows from fields that can read more.
func TestSourcesFollowFromTheGoTypes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]graph.Source{
		"Content.title":              graph.Row,       // a column
		"User.displayName":           graph.Row,       // a method of the row
		"Node.id":                    graph.Row,       // in all types of the interface
		"Tag.count":                  graph.Row,       // a column of a statement
		"ContentConnection.nodes":    graph.Selection, // objects of a struct
		"ContentConnection.edges":    graph.Selection, // objects of a method
		"Slide.presentation":         graph.Selection,
		"Content.author":             graph.Computed, // a method with a context
		"Content.html":               graph.Computed, // a resolver
		"Content.history":            graph.Computed, // has arguments
		"ContentConnection.position": graph.Computed, // a value of the answer, not of a row
		"ContentEdge.cursor":         graph.Computed,
		"Content.unknown":            graph.Computed,
	} {
		typ, field, _ := strings.Cut(name, ".")
		if got := graph.SourceOf(typ, field); got != want {
			t.Errorf("%s has source %d, want %d", name, got, want)
		}
	}
}

// The cache of answers keeps little beside an answer, however many objects the query names.
func TestAnAnswerHasFewDependencies(t *testing.T) {
	t.Parallel()
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	for _, objects := range []int{3, maxDependencies, maxDependencies + 1, 2000} {
		ids := make([]string, objects)
		for i := range ids {
			ids[i] = fmt.Sprintf(`"content-%08x-0000-7000-8000-000000000000"`, i)
		}
		doc, err := gqlparser.LoadQueryWithRules(schema, "{ nodes(ids: ["+strings.Join(ids, ",")+"]) { id } }", rules.NewDefaultRules())
		if err != nil {
			t.Fatal(err)
		}
		found := dependenciesOf(&graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]})
		if want := objects; want <= maxDependencies && len(found) != want {
			t.Errorf("%d objects make %d dependencies", objects, len(found))
		}
		if objects > maxDependencies && !slices.Equal(found, []dependency{wholeLog}) {
			t.Errorf("%d objects make %d dependencies, want the whole log", objects, len(found))
		}
	}
}
