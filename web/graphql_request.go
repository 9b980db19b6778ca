package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// whatToSend ends every message about a request that is not one.
const whatToSend = `send {"query": "...", "operationName": "...", "variables": {...}}`

// request is the JSON of one operation to run, in a body and in a message alike.
type request struct {
	Query         *string        `json:"query"`
	DocumentID    *string        `json:"documentId"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// decodeRequest reads a request. The error says what to send instead, and repeats
// nothing of what was sent.
func decodeRequest(data []byte) (*graphql.RawParams, error) {
	if !utf8.Valid(data) {
		return nil, badRequest("the request is not valid UTF-8")
	}
	var req request
	if err := decodeJSON(data, &req); err != nil {
		return nil, err
	}
	if hasHalfPair(data) {
		return nil, badRequest("a string has an escape of half a surrogate pair, such as \\ud83d alone: send both halves, or the character itself")
	}
	params := &graphql.RawParams{OperationName: req.OperationName, Variables: req.Variables, Extensions: req.Extensions}
	if !setDocument(params, req.Query, req.DocumentID) {
		return nil, badRequest("the member \"query\" is missing: " + whatToSend)
	}
	return params, nil
}

// setDocument puts the document into a request, or what names it, for Server.resolve.
// It reports false when there is neither.
func setDocument(params *graphql.RawParams, query, id *string) bool {
	if query != nil {
		params.Query = *query
	}
	if id != nil {
		extensions := map[string]any{}
		maps.Copy(extensions, params.Extensions)
		extensions[extensionDocument] = *id
		params.Extensions = extensions
	}
	return query != nil || id != nil || params.Extensions[extensionAutomatic] != nil
}

// decodeJSON decodes one JSON value and nothing after it. Numbers keep their text.
func decodeJSON(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("there is something after the JSON: " + whatToSend)
	}
	return nil
}

// malformed says where JSON is at fault without quoting it.
func malformed(err error) *refusal {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badRequest(fmt.Sprintf("not valid JSON at byte %d: %s", syntax.Offset, whatToSend))
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && kind.Field != "" {
		return badRequest(fmt.Sprintf("the member %q must not be of type %s: %s", kind.Field, kind.Value, whatToSend))
	}
	return badRequest("not a JSON object: " + whatToSend)
}

// checkText refuses a request with U+0000 in a string, which no database here keeps
// unchanged. Escapes inside the document are left to the rule NoNUL.
func checkText(params *graphql.RawParams) error {
	if hasNUL(params.Query) || hasNUL(params.OperationName) || hasNUL(params.Variables) || hasNUL(params.Extensions) {
		return badRequest("a string must not contain the character U+0000")
	}
	return nil
}

func hasNUL(value any) bool {
	switch value := value.(type) {
	case string:
		return strings.IndexByte(value, 0) >= 0
	case []any:
		for _, element := range value {
			if hasNUL(element) {
				return true
			}
		}
	case map[string]any:
		for name, member := range value {
			if hasNUL(name) || hasNUL(member) {
				return true
			}
		}
	}
	return false
}

// asRefusal returns the refusal that err is; any other error is ours.
func asRefusal(err error) *refusal {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e
	}
	return errInternal
}
