package web

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// executed reports whether a response is the result of an execution. A response without data, not
// even null, is a refusal.
func executed(resp *graphql.Response) bool { return len(resp.Data) > 0 }

// encodeResponse returns a response as JSON.
func encodeResponse(resp *graphql.Response) []byte {
	return appendResponse(make([]byte, 0, len(resp.Data)+64), resp)
}

// appendResponse appends a response as JSON. It copies the data, which is JSON already: checking
// and compacting the data with encoding/json would cost more than all other members. A refusal has
// no member "data", as the GraphQL specification requires. The errors are in the order of the
// document, so that equal requests have equal answers.
func appendResponse(b []byte, resp *graphql.Response) []byte {
	b = append(b, '{')
	if len(resp.Errors) > 0 {
		b = appendMember(b, "errors", mustMarshal(slices.SortedStableFunc(slices.Values(resp.Errors), inDocument)))
	}
	if executed(resp) {
		b = appendMember(b, "data", resp.Data)
	}
	if len(resp.Extensions) > 0 {
		b = appendMember(b, "extensions", mustMarshal(resp.Extensions))
	}
	return append(b, '}')
}

// inDocument compares errors by the place of their field in the document, and errors of one field
// by their path. An error without a place comes first. Fields run concurrently: a response has its
// errors in the order in which they happened.
func inDocument(a, b *gqlerror.Error) int {
	place := func(e *gqlerror.Error) (place [2]int) {
		if len(e.Locations) > 0 {
			place = [2]int{e.Locations[0].Line, e.Locations[0].Column}
		}
		return place
	}
	pa, pb := place(a), place(b)
	return cmp.Or(slices.Compare(pa[:], pb[:]), slices.CompareFunc(a.Path, b.Path, alongPath))
}

// alongPath compares elements of paths: indexes by number, and before names.
func alongPath(a, b ast.PathElement) int {
	switch a := a.(type) {
	case ast.PathIndex:
		if b, ok := b.(ast.PathIndex); ok {
			return cmp.Compare(a, b)
		}
		return -1
	case ast.PathName:
		if b, ok := b.(ast.PathName); ok {
			return cmp.Compare(a, b)
		}
	}
	return 1
}

// appendMember appends a member to an object whose brace is open. The name must not need escapes.
func appendMember(b []byte, name string, value []byte) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(append(b, '"'), name...), `":`...)
	return append(b, value...)
}

// mustMarshal panics on a value without JSON, which an error's extensions may hold: that is a fault
// of the program, and the goroutine of every caller recovers.
func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
