package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"flightdeck/web/document"

	"github.com/99designs/gqlgen/graphql"
)

// validRequest ends the message of every malformed request.
const validRequest = `send {"query": "...", "operationName": "...", "variables": {...}}`

// request is the JSON of one operation, as the body of a POST and in a websocket message.
type request struct {
	Query         *string        `json:"query"`
	DocumentID    *string        `json:"documentId"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// decodeRequest reads a request. The error is a *refusal that describes a valid request and repeats
// no part of this one.
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
		return nil, badRequest("the member \"query\" is missing: " + validRequest)
	}
	return params, nil
}

// setDocument sets the text of a request's document, and its id. It returns false for a request
// that has neither, and no hash.
func setDocument(params *graphql.RawParams, query, id *string) bool {
	if query != nil {
		params.Query = *query
	}
	if id != nil {
		document.SetID(params, *id)
	}
	return query != nil || id != nil || document.Automatic(params)
}

// decodeJSON decodes exactly one JSON value. Numbers keep their text.
func decodeJSON(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("there is something after the JSON: " + validRequest)
	}
	return nil
}

// malformed tells the place of a fault in JSON without quoting it.
func malformed(err error) *refusal {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badRequest(fmt.Sprintf("not valid JSON at byte %d: %s", syntax.Offset, validRequest))
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && kind.Field != "" {
		return badRequest(fmt.Sprintf("the member %q must not be of type %s: %s", kind.Field, kind.Value, validRequest))
	}
	return badRequest("not a JSON object: " + validRequest)
}

// checkText refuses a request with U+0000 in a string, which databases do not keep unchanged.
// Package document refuses escapes of it in the document's text.
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

// escapeLen is the length of an escape such as \ud83d, in bytes.
const escapeLen = 6

// hasHalfPair reports whether valid JSON escapes half of a surrogate pair. A half is no character,
// UTF-8 has no bytes for it (RFC 3629, section 3), and encoding/json replaces it by U+FFFD without
// an error.
func hasHalfPair(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			return false
		}
		text = text[at:]
		r := escaped(text)
		switch {
		case r < 0:
			text = text[2:]
			continue
		case utf16.IsSurrogate(r):
			if utf16.DecodeRune(r, escaped(text[escapeLen:])) == unicode.ReplacementChar {
				return true
			}
			text = text[escapeLen:]
		}
		text = text[escapeLen:]
	}
}

// escaped returns the code unit of the escape of four digits at the beginning of a text, and -1 for
// another text.
func escaped(text []byte) rune {
	if len(text) < escapeLen || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[2:escapeLen]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
