package web

import (
	"net/url"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// readURL reads the request in the query string of a GET.
func readURL(text string) (*graphql.RawParams, error) {
	const expected = "send ?query=...&operationName=...&variables={...}, percent-encoded"
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, badRequest("the query string is malformed: " + expected)
	}
	for _, name := range []string{"query", "documentId", "operationName", "variables", "extensions"} {
		if !utf8.ValidString(values.Get(name)) {
			return nil, badRequest("the parameter " + name + " is not valid UTF-8")
		}
	}
	params := &graphql.RawParams{OperationName: values.Get("operationName")}
	if params.Variables, err = objectParameter(values, "variables"); err != nil {
		return nil, err
	}
	if params.Extensions, err = objectParameter(values, "extensions"); err != nil {
		return nil, err
	}
	if !setDocument(params, parameter(values, "query"), parameter(values, "documentId")) {
		return nil, badRequest("the parameter query is missing: " + expected)
	}
	return params, nil
}

// parameter returns a parameter, nil when it is left out.
func parameter(values url.Values, name string) *string {
	if !values.Has(name) {
		return nil
	}
	value := values.Get(name)
	return &value
}

// objectParameter decodes a parameter that holds a JSON object; left out or empty
// it is nil.
func objectParameter(values url.Values, name string) (map[string]any, error) {
	text := values.Get(name)
	if text == "" {
		return nil, nil
	}
	var object map[string]any
	if decodeJSON([]byte(text), &object) != nil {
		return nil, badRequest("the parameter " + name + " must be a JSON object, percent-encoded")
	}
	return object, nil
}
