package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/graph/errorcode"

	"flightdeck/web/negotiate"
)

// refusal is a request that is turned away before any operation of it ran.
type refusal struct {
	code    string // one of package errorcode, which has its status
	message string
}

func (e *refusal) Error() string { return e.message }

// present returns the refusal as clients see it.
func (e *refusal) present() *gqlerror.Error {
	return &gqlerror.Error{Message: e.message, Extensions: map[string]any{"code": e.code}}
}

// badRequest is a refusal of what the client sent.
func badRequest(message string) *refusal {
	return &refusal{errorcode.BadRequest, message}
}

var (
	errInternal = &refusal{errorcode.Internal, "internal error"}
	errNotFound = &refusal{errorcode.NotFound, "nothing is here: the API is at /graphql"}
	errMethod   = &refusal{errorcode.MethodNotAllowed, "method not allowed"}
	errClosing  = &refusal{errorcode.Unavailable, "the server is shutting down"}

	errNotAcceptable = &refusal{
		errorcode.NotAcceptable,
		"answers are " + negotiate.GraphQL + ", " + negotiate.JSON + " or " + negotiate.Events + ": accept one of them",
	}
)

// presentation is how a client wants to have an answer.
type presentation struct {
	mediaType string // negotiate.JSON or negotiate.GraphQL
	coding    string // of what is large enough; "" for none
}

// codeOf returns the code of a presented error, or "".
func codeOf(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string) //nolint:errcheck // an error without a code has the empty one
	return code
}

// signInStatus returns the status of a request whose sender Config.Authenticate has refused with
// an error. Every error but the four that its contract names is a fault of the server.
func signInStatus(presented *gqlerror.Error) int {
	switch status := errorcode.Status(codeOf(presented)); status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable:
		return status
	}
	return http.StatusInternalServerError
}

// executed reports whether a response is the result of an execution. One without
// data, not even null, is a refusal.
func executed(resp *graphql.Response) bool { return len(resp.Data) > 0 }

// encodeResponse returns a response as JSON.
func encodeResponse(resp *graphql.Response) []byte {
	return appendResponse(make([]byte, 0, len(resp.Data)+64), resp)
}

// appendResponse appends a response as JSON. Data is already JSON and copied as it
// is: to have encoding/json check and compact it again costs more than all the rest.
// A refusal has no member "data", as the specification wants it. The errors come in
// the order of the document, so that the same question has the same answer.
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

// inDocument compares errors by the place of their field in the document, those without one first,
// and, below one field, by their path. Fields run side by side: the errors of a response lie in the
// order in which they happened.
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

// appendMember appends a member to an object that was opened; the name must not
// need escaping.
func appendMember(b []byte, name string, value []byte) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(append(b, '"'), name...), `":`...)
	return append(b, value...)
}

// mustMarshal panics on what has no JSON, as an error's extensions may: that is a
// fault of the program, and every caller's goroutine recovers.
func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// writeRefusal answers a request that was turned away.
func writeRefusal(w http.ResponseWriter, mediaType string, e *refusal) {
	writeErrors(w, mediaType, errorcode.Status(e.code), gqlerror.List{e.present()})
}

func writeErrors(w http.ResponseWriter, mediaType string, status int, errs gqlerror.List) {
	writeBody(w, mediaType, status, encodeResponse(&graphql.Response{Errors: errs}))
}

// writeBody writes a whole answer. A failure to write is the client's end of the
// connection, which nobody can be told about.
func writeBody(w http.ResponseWriter, mediaType string, status int, body []byte) {
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:errcheck // as the comment above says
}
