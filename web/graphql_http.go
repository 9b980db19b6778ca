package web

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// serveGraphQL runs one operation, or upgrades to a websocket that runs many.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		s.serveWebSocket(w, r)
		return
	}
	s.allowCrossOrigin(w, r)
	w.Header().Add("Vary", "Accept, Accept-Encoding, Authorization")
	accept := readAccept(r.Header)
	var params *graphql.RawParams
	var err error
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		err = errMethod
	case accept.nothing():
		err = errNotAcceptable
	case r.Method == http.MethodPost:
		params, err = s.readBody(w, r)
	default:
		params, err = readURL(r.URL)
	}
	if err == nil {
		err = checkText(params)
	}
	if err != nil {
		writeRefusal(w, accept.forErrors(), asRefusal(err))
		return
	}
	s.answer(w, r, accept, params)
}

// answer runs a request in the name of whoever sent it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, accept accepted, params *graphql.RawParams) {
	ctx, until, err := s.config.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		s.writeUnauthenticated(w, r.Context(), accept.forErrors(), err)
		return
	}
	params.Headers = r.Header
	p := presentation{accept.forErrors(), preferredCoding(r.Header.Get("Accept-Encoding"), codingZstd, codingGzip)}
	condition, ctx := s.newConditional(ctx, r, p)
	if tag := condition.current(); tag != "" {
		writeNotModified(w, tag)
		return
	}
	op, errs := s.prepare(ctx, params)
	if len(errs) > 0 {
		if accept.onlyEvents {
			s.serveEventsOf(w, errs)
			return
		}
		writeErrors(w, p.mediaType, refusedStatus(p.mediaType, http.StatusBadRequest), errs)
		return
	}
	if e := checkMethod(w, r.Method, op.Operation.Operation, accept); e != nil {
		writeRefusal(w, p.mediaType, e)
		return
	}
	if accept.onlyEvents || isSubscription(op) {
		s.serveEvents(ctx, w, r, until, op)
		return
	}
	writeResponse(w, p, condition, s.execute(ctx, op))
}

// writeResponse writes the result of an operation.
func writeResponse(w http.ResponseWriter, p presentation, condition *conditional, resp *graphql.Response) {
	if resp == nil { // the request was cancelled before it had a result
		writeRefusal(w, p.mediaType, &refusal{http.StatusServiceUnavailable, codeUnavailable, "the request was cancelled"})
		return
	}
	status := http.StatusOK
	if !executed(resp) && len(resp.Errors) > 0 {
		status = refusedStatus(p.mediaType, statusOf(resp.Errors[0], http.StatusBadRequest))
	}
	body := encodeResponse(resp)
	if condition != nil && len(resp.Errors) == 0 { // what failed may succeed the next time
		tag := p.entityTag(body)
		condition.remember(tag)
		if condition.has(tag) {
			writeNotModified(w, tag)
			return
		}
		setTag(w.Header(), tag)
	}
	body, coding := compressed(body, p.coding)
	if coding != "" {
		w.Header().Set("Content-Encoding", coding)
	}
	writeBody(w, p.mediaType, status, body)
}

// refusedStatus is the status of a well-formed request that was refused. Clients
// that accept application/json only may take any other than 200 for an answer of
// some proxy, so the draft wants 200 for them.
func refusedStatus(mediaType string, status int) int {
	if mediaType == mediaJSON {
		return http.StatusOK
	}
	return status
}

// writeUnauthenticated answers a request whose sender was refused; with any media
// type by its status, as a proxy in between would.
func (s *Server) writeUnauthenticated(w http.ResponseWriter, ctx context.Context, mediaType string, err error) {
	presented := s.presentError(ctx, err)
	status := statusOf(presented, http.StatusInternalServerError)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeErrors(w, mediaType, status, gqlerror.List{presented})
}

// checkMethod refuses subscriptions of clients that take no events, since they have no
// single answer, and mutations by GET, which any page could make a browser send.
func checkMethod(w http.ResponseWriter, method string, kind ast.Operation, accept accepted) *refusal {
	switch {
	case kind == ast.Subscription && !accept.events:
		return badRequest("subscriptions run over a websocket, with the sub-protocol " + transportWS.name +
			", or as an event stream, with Accept: " + mediaEvents)
	case kind == ast.Mutation && method == http.MethodGet:
		w.Header().Set("Allow", "POST")
		return &refusal{http.StatusMethodNotAllowed, codeMethod, "send mutations by POST"}
	}
	return nil
}
