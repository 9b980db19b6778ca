package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"flightdeck/web/negotiate"
)

// entityTag returns the tag of an answer, given its bytes before compression (RFC 9110,
// section 8.8.3). Each way of writing the same answer has its own, as strong tags must.
func (p presentation) entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:16])
	if p.mediaType == negotiate.GraphQL {
		tag += "-g"
	}
	if p.coding != "" && len(body) >= negotiate.MinCompressed {
		tag += "-" + p.coding
	}
	return `"` + tag + `"`
}

// has reports whether a client that sent these headers has the answer with this tag.
// Tags are compared as RFC 9110, section 13.1.2, wants it for If-None-Match: weak or
// not.
func has(h http.Header, tag string) bool {
	for _, list := range h.Values("If-None-Match") {
		for candidate := range strings.SplitSeq(list, ",") {
			candidate = strings.TrimSpace(candidate)
			if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// setTag lets the client keep an answer, to be asked about each time it is used.
func setTag(h http.Header, tag string) {
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
}
