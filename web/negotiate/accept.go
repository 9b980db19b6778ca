// Package negotiate chooses the media type and the coding of an answer from the headers of a
// request (RFC 9110, section 12.5).
//
// Start with ReadAccept and PreferredCoding.
package negotiate

import (
	"cmp"
	"net/http"
	"strings"
)

// The media types of answers.
const (
	JSON    = "application/json"
	GraphQL = "application/graphql-response+json"
	Events  = "text/event-stream"
)

// Accept is the choice that a client leaves between media types.
type Accept struct {
	// MediaType is JSON or GraphQL, for a whole answer: the one with the higher quality, and
	// GraphQL if both are equal. It is empty if the client takes neither.
	MediaType string
	// Events reports that the client names text/event-stream, and takes subscriptions that way.
	// OnlyEvents reports that it likes nothing better, and takes every operation so.
	Events, OnlyEvents bool
}

// ReadAccept reads the header Accept. Elements with errors are ignored, and a header without any
// other element means application/json.
func ReadAccept(h http.Header) Accept {
	q := readQualities(strings.Join(h["Accept"], ","), 1)
	if len(q) == 0 {
		return Accept{MediaType: JSON}
	}
	plain, special, events := q.of(JSON, "application/*", "*/*"), q[GraphQL], q[Events]
	a := Accept{Events: events > 0, OnlyEvents: events > max(plain, special)}
	switch {
	case special > 0 && special >= plain:
		a.MediaType = GraphQL
	case plain > 0:
		a.MediaType = JSON
	}
	return a
}

// Nothing reports whether the client takes none of the media types of answers.
func (a Accept) Nothing() bool { return a.MediaType == "" && !a.Events }

// ForErrors returns the media type of an answer that is not the result of an operation. It is a
// whole answer for every client.
func (a Accept) ForErrors() string { return cmp.Or(a.MediaType, JSON) }
