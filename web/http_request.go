package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"flightdeck/graph/errorcode"
	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
)

// readBody reads the body of a POST with at most most bytes.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		message := fmt.Sprintf("the body is larger than %d bytes: send less, or raise the limit with flightdeck serve --limit-body", large.Limit)
		return nil, &refusal{errorcode.PayloadTooLarge, message}
	}
	if err != nil {
		return nil, badRequest("the body could not be read to its end")
	}
	return data, nil
}

// checkContentType accepts JSON in UTF-8 only. That refuses forms and plain text, which a browser
// sends to another site without asking it.
func checkContentType(h http.Header) error {
	if h.Get("Content-Type") == negotiate.JSON && len(h["Content-Encoding"]) == 0 {
		return nil // the headers of nearly all requests
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	plain := charset == "" || strings.EqualFold(charset, "utf-8")
	encoding := h.Get("Content-Encoding")
	if err == nil && mediaType == negotiate.JSON && plain && (encoding == "" || encoding == "identity") {
		return nil
	}
	message := "send the request as JSON in UTF-8, uncompressed, with Content-Type: " + negotiate.JSON
	return &refusal{errorcode.UnsupportedMediaType, message}
}

// readRequest reads the text of a request: the body of a POST, or the query string of a GET.
func readRequest(method string, text []byte) (params *graphql.RawParams, err error) {
	if method == http.MethodPost {
		params, err = decodeRequest(text)
	} else {
		params, err = decodeURL(string(text))
	}
	if err != nil {
		return nil, err
	}
	return params, checkText(params)
}

// decodeURL reads the request in the query string of a GET.
func decodeURL(text string) (*graphql.RawParams, error) {
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

// parameter returns the value of a parameter, nil for an absent one.
func parameter(values url.Values, name string) *string {
	if !values.Has(name) {
		return nil
	}
	value := values.Get(name)
	return &value
}

// objectParameter decodes a parameter that holds a JSON object. It returns nil for an absent or
// empty one.
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
