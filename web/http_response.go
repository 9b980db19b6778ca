package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"flightdeck/graph/errorcode"
	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// format is the form of an answer that a client has asked for.
type format struct {
	mediaType string // negotiate.JSON or negotiate.GraphQL
	coding    string // of answers from negotiate.MinCompressed bytes on; "" for none
}

// entityTag returns the tag of an answer, given its bytes before compression (RFC 9110, section
// 8.8.3). Each format of an answer has a tag of its own, as strong tags must.
func (f format) entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:16])
	if f.mediaType == negotiate.GraphQL {
		tag += "-g"
	}
	if f.coding != "" && len(body) >= negotiate.MinCompressed {
		tag += "-" + f.coding
	}
	return `"` + tag + `"`
}

// hasTag reports whether the client that sent these headers has the answer with a tag. It compares
// tags as RFC 9110, section 13.1.2, requires for If-None-Match: weak and strong ones are equal.
func hasTag(h http.Header, tag string) bool {
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

// privateAnswer is the Cache-Control of an answer that the client alone may keep, if it asks about
// its tag at each use.
const privateAnswer = "private, no-cache"

// publicAnswer returns the Cache-Control of an answer that every cache may keep, and use for some
// time before it asks about its tag.
func publicAnswer(unasked time.Duration) string {
	return fmt.Sprintf("public, max-age=%d, must-revalidate", int(unasked.Seconds()))
}

// writeRefusal answers a request that is refused.
func writeRefusal(w http.ResponseWriter, mediaType string, e *refusal) {
	writeErrors(w, mediaType, errorcode.Status(e.code), gqlerror.List{e.present()})
}

// writeErrors writes a whole answer without data.
func writeErrors(w http.ResponseWriter, mediaType string, status int, errs gqlerror.List) {
	writeBody(w, mediaType, status, encodeResponse(&graphql.Response{Errors: errs}))
}

// writeBody writes a whole answer. It ignores an error of writing, which is the client's end of the
// connection.
func writeBody(w http.ResponseWriter, mediaType string, status int, body []byte) {
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:errcheck // as the comment above says
}
