package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"flightdeck/web/negotiate"
)

// question is a request, of somebody who is known, that may be answered from memory.
type question struct {
	server       *Server
	presentation presentation
	conditional  bool // by GET: its answer has a tag, which the client may have
	// asked says that there may be an answer, and a place for it; state and lasts are
	// those of before the request is run.
	asked    bool
	key      requestKey
	state    string
	lasts    func() bool
	volatile atomic.Bool
}

// Remembered returns how many bytes of memory the answers take that are remembered.
func (s *Server) Remembered() int { return s.memory.size() }

type questionKey struct{}

// Volatile says that the answer to the request that ctx belongs to depends on more
// than Config.State and Config.Lasts tell. It is then computed each time; whether it is
// still the client's is found by comparing.
func Volatile(ctx context.Context) {
	if q, ok := ctx.Value(questionKey{}).(*question); ok {
		q.volatile.Store(true)
	}
}

// newQuestion looks at a request, given its text as it was sent, before it is read.
func (s *Server) newQuestion(ctx context.Context, r *http.Request, p presentation, text []byte) *question {
	q := &question{server: s, presentation: p, conditional: r.Method == http.MethodGet}
	if s.memory == nil || s.config.State == nil {
		return q
	}
	var asker string
	if asker, q.state = s.config.State(ctx); q.state == "" {
		return q
	}
	name := strings.Join([]string{asker, r.Method, p.mediaType, p.coding, ""}, "\x00")
	q.asked, q.key = true, sha256.Sum256(append([]byte(name), text...))
	return q
}

// recall answers from memory. It reports false when the request has to be run.
func (q *question) recall(w http.ResponseWriter, r *http.Request) bool {
	if !q.asked {
		return false
	}
	known := q.server.memory.get(q.key)
	if known == nil || known.state != q.state || known.lasts != nil && !known.lasts() {
		return false
	}
	same := known.tag != "" && has(r.Header, known.tag)
	if known.body == nil && !same {
		return false
	}
	leave := q.server.enter(r.Context())
	if leave == nil {
		return false // which is answered where requests are run
	}
	defer leave()
	q.write(w, known, same)
	return true
}

// begin is called before an operation is run, and returns a context to run it in.
func (q *question) begin(ctx context.Context, op *graphql.OperationContext) context.Context {
	q.asked = q.asked && op.Operation.Operation == ast.Query
	if !q.asked {
		return ctx
	}
	if q.server.config.Lasts != nil {
		q.lasts = q.server.config.Lasts(op)
	}
	return context.WithValue(ctx, questionKey{}, q)
}

// answered writes the answer, and remembers it. It must be one without errors: what
// failed may succeed the next time.
func (q *question) answered(w http.ResponseWriter, r *http.Request, body []byte) {
	a := remembered{state: q.state, lasts: q.lasts}
	if q.conditional {
		a.tag = q.presentation.entityTag(body)
	}
	keep := q.asked && !q.volatile.Load()
	same := a.tag != "" && has(r.Header, a.tag)
	if keep || !same {
		a.body, a.coding = negotiate.Compress(body, q.presentation.coding)
	}
	if keep {
		q.server.memory.add(q.key, a)
	}
	q.write(w, &a, same)
}

// write writes an answer, or that the client has the same.
func (q *question) write(w http.ResponseWriter, a *remembered, same bool) {
	if a.tag != "" {
		setTag(w.Header(), a.tag)
	}
	if same {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if a.coding != "" {
		w.Header().Set("Content-Encoding", a.coding)
	}
	writeBody(w, q.presentation.mediaType, http.StatusOK, a.body)
}
