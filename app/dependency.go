package app

import (
	"slices"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// dependency is a part of the log that answers depend on and that events change: one
// stream, all streams of a kind, or the whole log, which is the zero value.
type dependency struct {
	kind domain.Kind
	id   string // "" for all streams of the kind
	// visibility restricts the dependency to the few events that change which earlier
	// moments an actor may see: see [policy.CanChangeVisibility].
	visibility bool
}

// wholeLog is the dependency that every event changes.
var wholeLog dependency

// changedBy returns the dependencies that an event changes.
func changedBy(e eventstore.Event) []dependency {
	kind, id := domain.Kind(e.Stream.Type), string(e.Stream.ID)
	all := []dependency{wholeLog, {kind: kind}, {kind: kind, id: id}}
	if policy.CanChangeVisibility(e.Type) {
		all = append(all, dependency{kind: kind, visibility: true}, dependency{kind: kind, id: id, visibility: true})
	}
	return all
}

// dependenciesOf returns the dependencies of the answer to a query. The answer stays the
// same as long as no event changes one of them, for the same asker, the same table epoch
// and the same forgotten people: see [App.cacheScope]. A field that this file does not know
// depends on the whole log.
//
// The rows as of a past moment never change. The right to see them does, because today's
// rights decide.
func dependenciesOf(op *graphql.OperationContext) []dependency {
	s := dependencies{variables: op.Variables}
	s.walk(op.Operation.SelectionSet, false)
	return s.found
}

// dependencies collects the dependencies of a query.
type dependencies struct {
	variables map[string]any
	found     []dependency
}

func (s *dependencies) add(d dependency) {
	if !slices.Contains(s.found, d) {
		s.found = append(s.found, d)
	}
}

// walk goes through a selection set, and also through skipped fields and fragments on other
// types. then says that the set is read as of a moment that the query names.
func (s *dependencies) walk(set ast.SelectionSet, then bool) {
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

func (s *dependencies) field(f *ast.Field, then bool) {
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

// root adds the dependencies of a field of Query without its selection set.
func (s *dependencies) root(name string, arguments map[string]any, then bool) {
	all := func(kind domain.Kind) { s.add(dependency{kind: kind, visibility: then}) }
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
		if arguments["search"] != nil { // the search index lags behind the log
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

// one adds the stream that an id names.
func (s *dependencies) one(argument any, then bool) {
	id, ok := argument.(string)
	kind, known := domain.KindOf(id)
	switch {
	case !ok || !known:
		s.add(wholeLog)
	case kind == domain.KindSlide: // lives in its presentation's stream
		s.add(dependency{kind: domain.KindPresentation, visibility: then})
	default:
		s.add(dependency{kind: kind, id: id, visibility: then})
	}
}

// plain are the fields, by type, that add no dependency to those of their object. The
// dependencies of a list or an object are those of its selection set.
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

// moments are the fields that tell the position at which the answer was read.
var moments = []string{
	"ContentConnection.position", "PresentationConnection.position", "UserConnection.position", "TagConnection.position",
	"ContentEdge.cursor", "PresentationEdge.cursor", "UserEdge.cursor", "TagEdge.cursor", "PageInfo.startCursor", "PageInfo.endCursor",
}

// below adds the dependencies that a field of an object has beside those of the object.
func (s *dependencies) below(f *ast.Field, then bool) {
	switch name := f.ObjectDefinition.Name + "." + f.Name; {
	case slices.Contains(plain[f.ObjectDefinition.Name], f.Name):
	case name == "Content.author" || name == "Presentation.author":
		s.add(dependency{kind: domain.KindUser, visibility: then})
	case then && slices.Contains(moments, name):
	default:
		s.add(wholeLog)
	}
}
