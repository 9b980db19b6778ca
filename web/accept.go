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
)

// readAccept returns what a client likes best, by its header Accept (RFC 9110, section
// 12.5.1), of application/json and application/graphql-response+json; the second
// where it likes both, the first without a header, "" when it takes neither. What
// cannot be understood in it is as if it were not there.
func readAccept(h http.Header) string {
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
	plain := qualityOf(quality, mediaJSON, "application/*", "*/*")
	special := quality[mediaGraphQL]
	switch {
	case len(quality) == 0:
		return mediaJSON
	case special > 0 && special >= plain:
		return mediaGraphQL
	case plain > 0:
		return mediaJSON
	}
	return ""
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

// orJSON is the media type of an answer that is not the result of an operation.
func orJSON(mediaType string) string {
	if mediaType == "" {
		return mediaJSON
	}
	return mediaType
}
