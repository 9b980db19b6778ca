package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
)

// accepted is what a client has said it can read, in the header Accept (RFC 9110,
// section 12.5.1).
type accepted struct {
	// mediaType is that of a whole answer: of application/json and
	// application/graphql-response+json the one that is liked better, the second
	// where both are. Empty when the client takes neither.
	mediaType string
	// events says that the client names text/event-stream, and takes subscriptions
	// that way; onlyEvents that it likes nothing better, and takes everything so.
	events, onlyEvents bool
}

// readAccept reads the header; without one application/json is meant. What cannot
// be understood in it is as if it were not there.
func readAccept(h http.Header) accepted {
	if len(h["Accept"]) == 0 {
		return accepted{mediaType: mediaJSON}
	}
	quality := map[string]float64{}
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality[mediaType] = 1
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			quality[mediaType] = q
		}
	}
	if len(quality) == 0 {
		return accepted{mediaType: mediaJSON}
	}
	plain := qualityOf(quality, mediaJSON, "application/*", "*/*")
	special, events := quality[mediaGraphQL], quality[mediaEvents]
	a := accepted{events: events > 0, onlyEvents: events > max(plain, special)}
	switch {
	case special > 0 && special >= plain:
		a.mediaType = mediaGraphQL
	case plain > 0:
		a.mediaType = mediaJSON
	}
	return a
}

// qualityOf returns the quality of the most specific of some ranges that was given.
func qualityOf(quality map[string]float64, ranges ...string) float64 {
	for _, r := range ranges {
		if q, ok := quality[r]; ok {
			return q
		}
	}
	return 0
}

// nothing reports whether no answer of ours can be read by the client.
func (a accepted) nothing() bool { return a.mediaType == "" && !a.events }

// forErrors is the media type of an answer that is not the result of an operation:
// also clients that want events get it whole.
func (a accepted) forErrors() string {
	if a.mediaType == "" {
		return mediaJSON
	}
	return a.mediaType
}
