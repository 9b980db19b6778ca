package app

import (
	"slices"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// dependency is a part of the log that answers depend on and that events change: one stream, all
// streams of a kind, or the whole log, which is the zero value.
type dependency struct {
	kind domain.Kind
	id   string // "" for all streams of the kind
	// visibility restricts the dependency to the few events that change which earlier moments an
	// actor may see: see [policy.CanChangeVisibility].
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

// dependenciesOf returns the dependencies of the answer to a query. The answer stays the same as
// long as no event changes one of them, for the same asker, the same table epoch and the same
// forgotten people: see [App.cacheScope]. A field that neither this file nor [graph.SourceOf] knows
// depends on the whole log.
//
// The rows as of a past moment never change. The right to see them does, because today's rights
// decide.
func dependenciesOf(op *graphql.OperationContext) []dependency {
	s := dependencies{variables: op.Variables}
	s.walk(op.Operation.SelectionSet, false)
	if len(s.found) > maxDependencies {
		return []dependency{wholeLog}
	}
	return s.found
}

// maxDependencies bounds what the cache of answers keeps beside an answer. The answer to a query
// with more dependencies depends on the whole log.
const maxDependencies = 128

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

// walk goes through a selection set, and also through skipped fields and fragments on other types.
// then says that the set is read as of a moment that the query names.
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

// rootSource says which streams a field of Query reads.
type rootSource int

const (
	rootLog     rootSource = iota // any stream
	rootOne                       // the stream of the argument id
	rootSeveral                   // the streams of the argument ids
	rootContents
	rootPresentations
	rootUsers
)

// rootSources has the fields of Query. A field without an entry reads any stream.
var rootSources = map[string]rootSource{
	"node":          rootOne,
	"nodes":         rootSeveral,
	"content":       rootOne,
	"contentBySlug": rootContents,
	"contents":      rootContents,
	"tags":          rootContents,
	"presentation":  rootOne,
	"presentations": rootPresentations,
	"user":          rootOne,
	"users":         rootUsers,
	"viewer":        rootUsers,
	"events":        rootLog,
	"log":           rootLog,
	"apiKeys":       rootLog,
}

// root adds the dependencies of a field of Query without its selection set.
func (s *dependencies) root(name string, arguments map[string]any, then bool) {
	if arguments["search"] != nil { // the search index lags behind the log
		s.add(wholeLog)
	}
	switch rootSources[name] {
	case rootOne:
		s.one(arguments["id"], then)
	case rootSeveral:
		ids, ok := arguments["ids"].([]any)
		if !ok {
			s.add(wholeLog)
		}
		for _, id := range ids {
			s.one(id, then)
		}
	case rootContents:
		s.add(dependency{kind: domain.KindContent, visibility: then})
	case rootPresentations:
		s.add(dependency{kind: domain.KindPresentation, visibility: then})
	case rootUsers:
		s.add(dependency{kind: domain.KindUser, visibility: then})
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

// computedSource says which streams a computed field reads beside those of its object.
type computedSource int

const (
	fromLog       computedSource = iota // any stream
	fromObject                          // none
	fromUsers                           // those of users
	fromReadPoint                       // none, but the field tells at which position its object was read
)

// computedSources has the fields that graph.SourceOf calls computed, because only their code
// determines which streams they read. A field without an entry reads any stream. Below a field that
// reads any stream, no field needs an entry.
var computedSources = map[string]computedSource{
	"Node.asOf":         fromObject,
	"Content.asOf":      fromObject,
	"Presentation.asOf": fromObject,
	"Slide.asOf":        fromObject,
	"User.asOf":         fromObject,
	"Tag.asOf":          fromObject,

	"Content.author":   fromUsers,
	"Content.html":     fromObject,
	"Content.history":  fromLog,
	"Content.revision": fromLog,
	"Content.diff":     fromLog,

	"Presentation.author":   fromUsers,
	"Presentation.markdown": fromObject,
	"Presentation.slides":   fromObject,
	"Presentation.history":  fromLog,
	"Presentation.revision": fromLog,
	"Presentation.diff":     fromLog,

	"ContentConnection.totalCount":      fromObject,
	"PresentationConnection.totalCount": fromObject,
	"TagConnection.totalCount":          fromObject,
	"UserConnection.totalCount":         fromObject,
	"PageInfo.hasNextPage":              fromObject,
	"PageInfo.hasPreviousPage":          fromObject,

	"ContentConnection.position":      fromReadPoint,
	"PresentationConnection.position": fromReadPoint,
	"TagConnection.position":          fromReadPoint,
	"UserConnection.position":         fromReadPoint,
	"ContentEdge.cursor":              fromReadPoint,
	"PresentationEdge.cursor":         fromReadPoint,
	"TagEdge.cursor":                  fromReadPoint,
	"UserEdge.cursor":                 fromReadPoint,
	"PageInfo.startCursor":            fromReadPoint,
	"PageInfo.endCursor":              fromReadPoint,
}

// below adds the dependencies that a field of an object has beside those of the object.
func (s *dependencies) below(f *ast.Field, then bool) {
	if graph.SourceOf(f.ObjectDefinition.Name, f.Name) != graph.Computed {
		return
	}
	switch source := computedSources[f.ObjectDefinition.Name+"."+f.Name]; {
	case source == fromObject, source == fromReadPoint && then:
	case source == fromUsers:
		s.add(dependency{kind: domain.KindUser, visibility: then})
	default:
		s.add(wholeLog)
	}
}
