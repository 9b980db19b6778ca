package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync/atomic"

	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// answers writes the answers to queries over HTTP, from its cache where that has a fresh one.
type answers struct {
	Answers

	cache     answerCache
	admission admission
}

// cacheEntry is the place of one request in the cache.
type cacheEntry struct {
	answers *answers
	format  format
	tagged  bool // the request is a GET, whose answer has a tag
	public  bool // the request has no credentials: its answer is that of every visitor

	// cacheable tells that the cache may have the answer, or keep it. state and isFresh are those
	// from before the execution.
	cacheable bool
	key       requestKey
	state     string
	isFresh   func() bool
	noStore   atomic.Bool
}

type cacheEntryKey struct{}

// NoStore keeps the answer to the request of ctx out of the cache, and out of shared caches: a
// resolver calls it for an answer that depends on more than Answers.CacheScope and
// Answers.StillFresh tell. The request is executed each time then, and the client is told 304 if
// the answer is the one that it has.
func NoStore(ctx context.Context) {
	if e, ok := ctx.Value(cacheEntryKey{}).(*cacheEntry); ok {
		e.noStore.Store(true)
	}
}

// entry returns the place of a request in the cache, given the context of Authenticate and the text
// of the request: a POST's body, or a GET's query string.
func (a *answers) entry(ctx context.Context, r *http.Request, f format, text []byte) *cacheEntry {
	e := &cacheEntry{answers: a, format: f, tagged: r.Method == http.MethodGet, public: r.Header["Authorization"] == nil}
	if a.cache.isOff() || a.CacheScope == nil {
		return e
	}
	var sender string
	if sender, e.state = a.CacheScope(ctx); e.state == "" {
		return e
	}
	name := strings.Join([]string{sender, r.Method, f.mediaType, f.coding, ""}, "\x00")
	e.cacheable, e.key = true, sha256.Sum256(append([]byte(name), text...))
	return e
}

// serveCached answers the request from the cache. It returns false if the request has to be
// executed.
func (e *cacheEntry) serveCached(w http.ResponseWriter, r *http.Request) bool {
	if !e.cacheable {
		return false
	}
	known, ok := e.answers.cache.Get(e.key)
	if !ok || known.state != e.state || known.isFresh != nil && !known.isFresh() {
		return false
	}
	same := known.tag != "" && hasTag(r.Header, known.tag)
	if known.body == nil && !same {
		return false
	}
	leave := e.answers.admission.operation(r.Context())
	if leave == nil {
		return false // the execution is refused then
	}
	defer leave()
	e.write(w, known, same)
	return true
}

// track begins to watch the conditions of the answer, before the execution of an operation, and
// returns the context for the execution.
func (e *cacheEntry) track(ctx context.Context, op *graphql.OperationContext) context.Context {
	e.cacheable = e.cacheable && op.Operation.Operation == ast.Query
	if e.cacheable && e.answers.StillFresh != nil {
		e.isFresh = e.answers.StillFresh(op)
	}
	return context.WithValue(ctx, cacheEntryKey{}, e)
}

// store writes the answer and keeps it. The answer must have no errors: a request that failed may
// succeed the next time.
func (e *cacheEntry) store(w http.ResponseWriter, r *http.Request, body []byte) {
	a := cachedAnswer{state: e.state, isFresh: e.isFresh}
	if e.tagged {
		a.tag = e.format.entityTag(body)
	}
	keep := e.cacheable && !e.noStore.Load()
	same := a.tag != "" && hasTag(r.Header, a.tag)
	if keep || !same {
		a.body, a.coding = negotiate.Compress(body, e.format.coding)
	}
	if keep {
		e.answers.cache.keep(e.key, a)
	}
	e.write(w, &a, same)
}

// cacheControl returns the Cache-Control of an answer with a tag.
func (e *cacheEntry) cacheControl() string {
	if e.public && !e.noStore.Load() {
		return publicAnswer(e.answers.PublicMaxAge)
	}
	return privateAnswer
}

// write writes an answer, or 304 if the client has the same one.
func (e *cacheEntry) write(w http.ResponseWriter, a *cachedAnswer, same bool) {
	if a.tag != "" {
		w.Header().Set("ETag", a.tag)
		w.Header().Set("Cache-Control", e.cacheControl())
	}
	if same {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if a.coding != "" {
		w.Header().Set("Content-Encoding", a.coding)
	}
	writeBody(w, e.format.mediaType, http.StatusOK, a.body)
}
