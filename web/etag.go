package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync/atomic"
)

// latestTag is what is remembered of the latest answer to one request by GET: the
// state of everything it depends on, as of before it was computed, and its tag. The
// same state means the same answer. States do not come back, so that one which had
// passed when the answer was finished does no harm.
type latestTag struct{ state, tag string }

// conditional is one request by GET, which may have brought the tag of the answer it
// had before (RFC 9110, section 13.1.2).
type conditional struct {
	server   *Server
	brought  string // the header If-None-Match
	key      string // names the request, who asks, and how the answer is written
	state    string
	volatile atomic.Bool
}

type conditionalKey struct{}

// Volatile says that the answer to the request that ctx belongs to depends on more
// than Config.State tells. It is then computed each time; whether it is still the
// client's is found by comparing.
func Volatile(ctx context.Context) {
	if c, ok := ctx.Value(conditionalKey{}).(*conditional); ok {
		c.volatile.Store(true)
	}
}

// newConditional looks at a request whose sender is known, before it is run, and
// returns a context for running it. It is nil for other requests than GET.
func (s *Server) newConditional(ctx context.Context, r *http.Request, p presentation) (*conditional, context.Context) {
	if r.Method != http.MethodGet {
		return nil, ctx
	}
	c := &conditional{server: s, brought: strings.Join(r.Header.Values("If-None-Match"), ",")}
	var asker string
	if s.config.State != nil {
		asker, c.state = s.config.State(ctx)
	}
	if c.state == "" {
		c.volatile.Store(true)
		return c, ctx
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{asker, p.mediaType, p.coding, r.URL.RawQuery}, "\x00")))
	c.key = string(sum[:])
	return c, context.WithValue(ctx, conditionalKey{}, c)
}

// current returns the tag of the answer when it is known to be the client's, without
// running the request; otherwise "".
func (c *conditional) current() string {
	if c == nil || c.brought == "" || c.key == "" {
		return ""
	}
	if known, ok := c.server.tags.get(c.key); ok && known.state == c.state && c.has(known.tag) {
		return known.tag
	}
	return ""
}

// remember notes that the answer has a tag.
func (c *conditional) remember(tag string) {
	if !c.volatile.Load() {
		c.server.tags.add(c.key, latestTag{c.state, tag})
	}
}

// has reports whether the client has the answer with this tag. Tags are compared as
// RFC 9110 wants it for If-None-Match: weak or not.
func (c *conditional) has(tag string) bool {
	for candidate := range strings.SplitSeq(c.brought, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

// entityTag returns the tag of an answer, given its bytes before compression. Each way
// of writing the same answer has its own, as strong tags must.
func (p presentation) entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:16])
	if p.mediaType == mediaGraphQL {
		tag += "-g"
	}
	if p.coding != "" && len(body) >= minCompressed {
		tag += "-" + p.coding
	}
	return `"` + tag + `"`
}

// writeNotModified tells the client that what it has is the answer.
func writeNotModified(w http.ResponseWriter, tag string) {
	setTag(w.Header(), tag)
	w.WriteHeader(http.StatusNotModified)
}

// setTag lets the client keep an answer, to be asked about each time it is used.
func setTag(h http.Header, tag string) {
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
}
