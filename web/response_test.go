package web

import (
	"math/rand/v2"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// TestErrorsComeInTheOrderOfTheDocument checks that an answer does not depend on the order in which
// concurrent fields have failed.
func TestErrorsComeInTheOrderOfTheDocument(t *testing.T) {
	t.Parallel()
	fault := func(message string, column int, path ...ast.PathElement) *gqlerror.Error {
		return &gqlerror.Error{Message: message, Path: path, Locations: []gqlerror.Location{{Line: 1, Column: column}}}
	}
	errs := gqlerror.List{
		{Message: "nowhere"},
		fault("1", 2, ast.PathName("z")),
		fault("2", 10, ast.PathName("list"), ast.PathIndex(9), ast.PathName("b")),
		fault("3", 10, ast.PathName("list"), ast.PathIndex(10), ast.PathName("a")),
		fault("4", 10, ast.PathName("list"), ast.PathName("a")),
		fault("5", 11, ast.PathName("a")),
		{Message: "6", Locations: []gqlerror.Location{{Line: 2, Column: 1}}},
	}
	want := string(encodeResponse(&graphql.Response{Errors: errs}))
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		shuffled := make(gqlerror.List, len(errs))
		for i, j := range random.Perm(len(errs)) {
			shuffled[i] = errs[j]
		}
		if got := string(encodeResponse(&graphql.Response{Errors: shuffled})); got != want {
			t.Fatalf("the errors of a response are\n%s\nwant\n%s", got, want)
		}
	}
}
