package resolvers

import (
	"slices"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Source is something in the log that answers depend on, and that events change: the
// events of one stream, of all streams of a kind, or of the whole log, which is the zero
// value. The event types that change a source of Sights are few: see [policy.MayChangeSights].
type Source struct {
	Kind domain.Kind
	ID   string // "" for all of the kind
	// Sights says that only events count by which somebody may see more or less of
	// earlier moments than before.
	Sights bool
}

// wholeLog is a source that every event changes.
var wholeLog Source

// SourcesOf returns the sources that an event changes.
func SourcesOf(e eventstore.Event) []Source {
	kind, id := domain.Kind(e.Stream.Type), string(e.Stream.ID)
	all := []Source{wholeLog, {Kind: kind}, {Kind: kind, ID: id}}
	if policy.MayChangeSights(e.Type) {
		all = append(all, Source{Kind: kind, Sights: true}, Source{Kind: kind, ID: id, Sights: true})
	}
	return all
}

// Sources returns what the answer to a query depends on in the log, so that it is the
// same as long as no event changes one of them: beside who asks, which rows there are,
// and who was forgotten. What is not known here depends on the whole log.
//
// What is read as of a moment in the past is that moment's, but for what its asker may
// see, by the rights of today.
func Sources(op *graphql.OperationContext) []Source {
	s := sources{variables: op.Variables}
	s.walk(op.Operation.SelectionSet, false)
	return s.found
}

// sources collects what is found in a query.
type sources struct {
	variables map[string]any
	found     []Source
}

func (s *sources) add(source Source) {
	if !slices.Contains(s.found, source) {
		s.found = append(s.found, source)
	}
}

// walk goes through a selection set, also through what is skipped and through fragments
// of types that the answer is not of. then says that it is read as of a moment that was named.
func (s *sources) walk(set ast.SelectionSet, then bool) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			s.field(selection, then)
		case *ast.InlineFragment:
			s.walk(selection.SelectionSet, then)
		case *ast.FragmentSpread:
			s.walk(selection.Definition.SelectionSet, then)
		}
	}
}

func (s *sources) field(f *ast.Field, then bool) {
	switch {
	case f.Name == "__typename" || f.Name == "__schema" || f.Name == "__type":
		return
	case f.ObjectDefinition.Name == "Query":
		arguments := f.ArgumentMap(s.variables)
		then = arguments["asOf"] != nil
		s.root(f.Name, arguments, then)
	default:
		s.below(f, then)
	}
	s.walk(f.SelectionSet, then)
}

// root adds what a field of Query depends on by itself.
func (s *sources) root(name string, arguments map[string]any, then bool) {
	all := func(kind domain.Kind) { s.add(Source{Kind: kind, Sights: then}) }
	switch name {
	case "content", "presentation", "user", "node":
		s.one(arguments["id"], then)
	case "nodes":
		ids, ok := arguments["ids"].([]any)
		if !ok {
			s.add(wholeLog)
		}
		for _, id := range ids {
			s.one(id, then)
		}
	case "contents", "presentations":
		if arguments["search"] != nil { // whose index is behind the log
			s.add(wholeLog)
		}
		all(map[string]domain.Kind{"contents": domain.KindContent, "presentations": domain.KindPresentation}[name])
	case "contentBySlug", "tags":
		all(domain.KindContent)
	case "users", "viewer":
		all(domain.KindUser)
	default:
		s.add(wholeLog)
	}
}

// one adds what an id names.
func (s *sources) one(argument any, then bool) {
	id, ok := argument.(string)
	kind, known := domain.KindOf(id)
	switch {
	case !ok || !known:
		s.add(wholeLog)
	case kind == domain.KindSlide: // lives in the stream of a deck
		s.add(Source{Kind: domain.KindPresentation, Sights: then})
	default:
		s.add(Source{Kind: kind, ID: id, Sights: then})
	}
}

// plain are the fields that depend on nothing but what led to their object, or, being
// lists and objects, on what is below them, by type.
var plain = map[string][]string{
	"Node": {"id"},
	"Content": {
		"id", "version", "title", "slug", "description", "content", "format", "status", "html", "tags", "createdAt", "updatedAt", "publishedAt",
	},
	"Presentation": {"id", "version", "title", "description", "theme", "isPublic", "slides", "createdAt", "updatedAt", "markdown"},
	"Slide":        {"id", "title", "content", "notes", "order", "presentation"},
	"User":         {"id", "version", "displayName", "forgotten", "email", "role", "createdAt", "lastLoginAt"},
	"Tag":          {"name", "count"},

	"ContentConnection": {"edges", "nodes", "pageInfo", "totalCount"}, "ContentEdge": {"node"},
	"PresentationConnection": {"edges", "nodes", "pageInfo", "totalCount"}, "PresentationEdge": {"node"},
	"UserConnection": {"edges", "nodes", "pageInfo", "totalCount"}, "UserEdge": {"node"},
	"TagConnection": {"edges", "nodes", "pageInfo", "totalCount"}, "TagEdge": {"node"},
	"PageInfo": {"hasNextPage", "hasPreviousPage"},
}

// moments are the fields that tell at which position the answer was read.
var moments = []string{
	"ContentConnection.position", "PresentationConnection.position", "UserConnection.position", "TagConnection.position",
	"ContentEdge.cursor", "PresentationEdge.cursor", "UserEdge.cursor", "TagEdge.cursor", "PageInfo.startCursor", "PageInfo.endCursor",
}

// below adds what a field of an object depends on beside what led to the object.
func (s *sources) below(f *ast.Field, then bool) {
	switch name := f.ObjectDefinition.Name + "." + f.Name; {
	case slices.Contains(plain[f.ObjectDefinition.Name], f.Name):
	case name == "Content.author" || name == "Presentation.author":
		s.add(Source{Kind: domain.KindUser, Sights: then})
	case then && slices.Contains(moments, name):
	default:
		s.add(wholeLog)
	}
}
