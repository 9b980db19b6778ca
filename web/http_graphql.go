package web

import (
	"context"
	"net/http"
	"time"

	"flightdeck/graph/errorcode"
	"flightdeck/web/document"
	"flightdeck/web/negotiate"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// graphqlHandler answers /graphql, in the form that the client asks for.
type graphqlHandler struct {
	engine       *engine
	authenticate func(ctx context.Context, authorization string) (context.Context, time.Time, error)
	maxBody      int64 // bytes
	pages        *pages
	answers      *answers
	events       *eventStreams
	sockets      *sockets
}

// ServeHTTP runs one operation, or upgrades to a websocket that runs many.
func (g *graphqlHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		g.sockets.serve(w, r)
		return
	}
	g.pages.setHeaders(w, r)
	w.Header().Add("Vary", "Accept, Accept-Encoding, Authorization")
	accept := negotiate.ReadAccept(r.Header)
	var text []byte
	var err error
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		err = errMethod
	case accept.Nothing():
		err = errNotAcceptable
	case r.Method == http.MethodPost:
		text, err = readBody(w, r, g.maxBody)
	default:
		text = []byte(r.URL.RawQuery)
	}
	if err != nil {
		writeRefusal(w, accept.ForErrors(), asRefusal(err))
		return
	}
	g.answer(w, r, accept, text)
}

// answer answers a request, given its text, for its sender: from the cache, or by executing it.
func (g *graphqlHandler) answer(w http.ResponseWriter, r *http.Request, accept negotiate.Accept, text []byte) {
	f := format{accept.ForErrors(), negotiate.PreferredCoding(r.Header.Get("Accept-Encoding"), negotiate.Gzip, negotiate.Zstd)}
	ctx, until, unknown := g.authenticate(r.Context(), r.Header.Get("Authorization"))
	var entry *cacheEntry
	if unknown == nil && !accept.OnlyEvents {
		if entry = g.answers.entry(ctx, r, f, text); entry.serveCached(w, r) {
			return
		}
	}
	params, err := readRequest(r.Method, text)
	switch {
	case err != nil:
		writeRefusal(w, f.mediaType, asRefusal(err))
	case unknown != nil:
		g.writeUnauthenticated(w, r.Context(), f.mediaType, unknown)
	default:
		params.Headers = r.Header
		g.execute(ctx, w, r, accept, params, entry, until)
	}
}

// execute executes a request and answers it. The session ends at until, unless that is zero.
func (g *graphqlHandler) execute(ctx context.Context, w http.ResponseWriter, r *http.Request, accept negotiate.Accept, params *graphql.RawParams, entry *cacheEntry, until time.Time) {
	mediaType := accept.ForErrors()
	if entry != nil && document.Registers(params) {
		entry.cacheable = false
	}
	op, errs := g.engine.Prepare(ctx, params)
	if len(errs) > 0 {
		if accept.OnlyEvents {
			g.events.serveErrors(w, errs)
			return
		}
		writeErrors(w, mediaType, refusedStatus(mediaType, http.StatusBadRequest), errs)
		return
	}
	if e := checkMethod(w, r.Method, op.Operation.Operation, accept); e != nil {
		writeRefusal(w, mediaType, e)
		return
	}
	if accept.OnlyEvents || isSubscription(op) {
		if err := g.events.serve(ctx, w, r, until, op); err != nil {
			g.writeUnauthenticated(w, r.Context(), negotiate.JSON, err)
		}
		return
	}
	resp := g.engine.execute(entry.track(ctx, op), op)
	if resp != nil && executed(resp) && len(resp.Errors) == 0 {
		entry.store(w, r, encodeResponse(resp))
		return
	}
	writeFailure(w, entry.format, resp)
}

// writeFailure writes the response of an operation with errors. resp is nil for a request that was
// cancelled before it had one.
func writeFailure(w http.ResponseWriter, f format, resp *graphql.Response) {
	if resp == nil {
		writeRefusal(w, f.mediaType, &refusal{errorcode.Unavailable, "the request was cancelled"})
		return
	}
	status := http.StatusOK
	if !executed(resp) && len(resp.Errors) > 0 {
		status = refusedStatus(f.mediaType, errorcode.Status(codeOf(resp.Errors[0])))
	}
	body, coding := negotiate.Compress(encodeResponse(resp), f.coding)
	if coding != "" {
		w.Header().Set("Content-Encoding", coding)
	}
	writeBody(w, f.mediaType, status, body)
}

// refusedStatus returns the status of a well-formed request that is refused with a status. A client
// that accepts application/json only may take any status but 200 for the answer of a proxy: the
// GraphQL-over-HTTP draft requires 200 for it.
func refusedStatus(mediaType string, status int) int {
	if mediaType == negotiate.JSON {
		return http.StatusOK
	}
	return status
}

// writeUnauthenticated answers a request whose sender was refused. The status does not depend on
// the media type: a proxy would answer so, too.
func (g *graphqlHandler) writeUnauthenticated(w http.ResponseWriter, ctx context.Context, mediaType string, err error) {
	presented := g.engine.presenter.present(ctx, err)
	status := signInStatus(presented)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeErrors(w, mediaType, status, gqlerror.List{presented})
}

// checkMethod refuses a subscription of a client that takes no events, since it has no single
// answer, and a mutation by GET, which any page can make a browser send.
func checkMethod(w http.ResponseWriter, method string, kind ast.Operation, accept negotiate.Accept) *refusal {
	switch {
	case kind == ast.Subscription && !accept.Events:
		return badRequest("subscriptions run over a websocket, with the sub-protocol " + transportWS.name +
			", or as an event stream, with Accept: " + negotiate.Events)
	case kind == ast.Mutation && method == http.MethodGet:
		w.Header().Set("Allow", "POST")
		return &refusal{errorcode.MethodNotAllowed, "send mutations by POST"}
	}
	return nil
}
