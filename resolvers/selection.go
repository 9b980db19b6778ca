package resolvers

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// envelopeFields are the fields that all events have outside of their data.
var envelopeFields = []string{
	"__typename", "id", "position", "streamId", "streamVersion", "type", "recordedAt", "actor", "correlationId", "causationId", "subject",
}

// selectsData reports whether the subscription field of ctx selects a field that an event has in
// its data: events need not be decoded for the others.
func selectsData(ctx context.Context) bool {
	field := graphql.GetFieldContext(ctx)
	if field == nil || !graphql.HasOperationContext(ctx) {
		return true
	}
	s := eventSelection{document: graphql.GetOperationContext(ctx).Doc, seen: map[string]bool{}}
	return s.needsData(field.Field.Selections)
}

// eventSelection walks the selection of a subscription to events. It goes through skipped fields,
// and through the items around events.
type eventSelection struct {
	document *ast.QueryDocument
	seen     map[string]bool // fragments
}

func (s eventSelection) needsData(set ast.SelectionSet) bool {
	return slices.ContainsFunc(set, func(selection ast.Selection) bool {
		switch selection := selection.(type) {
		case *ast.Field:
			if isEvent(selection.ObjectDefinition) {
				return !slices.Contains(envelopeFields, selection.Name)
			}
			return s.needsData(selection.SelectionSet)
		case *ast.InlineFragment:
			return s.needsData(selection.SelectionSet)
		case *ast.FragmentSpread:
			fragment := s.document.Fragments.ForName(selection.Name)
			if fragment == nil || s.seen[selection.Name] {
				return false
			}
			s.seen[selection.Name] = true
			return s.needsData(fragment.SelectionSet)
		}
		return true
	})
}

// isEvent reports whether a type is the interface Event or implements it.
func isEvent(d *ast.Definition) bool {
	return d == nil || d.Name == "Event" || slices.Contains(d.Interfaces, "Event")
}
