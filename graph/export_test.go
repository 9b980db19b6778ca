package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Planned reports whether a schema of New executes at least a part of an operation by a plan.
func Planned(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Query && new(planCache).of(op) != nil
}
